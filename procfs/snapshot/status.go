package snapshot

import (
	"os"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// statusRounds is the number of snapshots after which the status of a process is read
// again although it does not appear to have run, and sameRounds if the kernel says that it has
// not.
const (
	statusRounds = 16
	sameRounds   = 64
)

// keptStatus is what is kept from /proc/[pid]/status, which takes three system calls
// to read, while stat takes one.
type keptStatus struct {
	sigs     *procfs.Signals // shared by processes with the same; nil: the status has not been read
	faults   uint64
	comm     string
	rss      int64  // correction in bytes for the RSS of stat
	uid      uint32 // effective user; NoID: the status could not be read
	tracer   int32  // process that traces it, for a zombie, see [zombie.Tracer]
	state    procfs.State
	mayTrace bool // the kernel shows how it ended
}

// exact corrects the RSS of stat. Since Linux 6.2 that lacks what each CPU has not yet
// added to the sum, which is up to some MiB on a machine with many CPUs.
func (st *keptStatus) exact(rss procfs.Bytes) procfs.Bytes {
	if rss == 0 {
		return 0
	}
	return procfs.Bytes(max(int64(rss)+st.rss, 0))
}

// due reports whether st has to be read again. The dispositions and the mask of a
// process change only while it runs. Its pending signals also change while it blocks
// signals or is stopped. Of a zombie only the tracer changes.
func (st *keptStatus) due(s *procfs.Stat, ran bool) bool {
	switch {
	case st.sigs == nil:
		return true
	case s.Zombie() && st.state.Zombie():
		return st.tracer != 0 // The tracer may detach.
	case s.State.Stopped(), !st.sigs.Blocked.Empty(), !st.sigs.SharedPending.Empty():
		return true
	default:
		return ran || s.State != st.state || s.MinorFaults != st.faults || s.Comm != st.comm
	}
}

// status returns the status of the process of s, and reads it again if it may have
// changed. same says that the process has not run since it was last read.
func (r *Reader) status(p *kept, s *procfs.Stat, ran, same bool) *keptStatus {
	st, rounds := &p.status, statusRounds
	if same {
		rounds = sameRounds
	}
	if !st.due(s, ran) && (int(r.round)+s.PID)%rounds != 0 {
		return st
	}
	status := r.readStatus(s)
	if status == nil {
		st.uid = procfs.NoID
		return st
	}
	*st = keptStatus{
		uid: status.UID[procfs.Effective], sigs: r.shareSignals(&status.Sigs),
		state: s.State, faults: s.MinorFaults, comm: s.Comm,
	}
	if status.RSS > 0 {
		st.rss = int64(status.RSS) - int64(s.RSS.Bytes(os.Getpagesize()))
	}
	r.forecast(p, s, status)
	if s.Zombie() {
		st.mayTrace = r.fs.MayTrace(s.PID)
		st.tracer = int32(zombie.TracerProcess(r.fs, status.TracerPID))
	}
	return st
}

// readStatus returns the status of the process of s; nil: it cannot be read. It is valid until the
// next call.
func (r *Reader) readStatus(s *procfs.Stat) *procfs.Status {
	if known := r.readBefore(s); known != nil {
		return known
	}
	status := &r.lastStatus // Parsing into the same value again allocates nothing.
	if err := r.scanner.Status(s.PID, status); err != nil {
		return nil
	}
	return status
}

// readBefore returns the status that a lean scan has read of the process of s; nil: it has not.
func (r *Reader) readBefore(s *procfs.Stat) *procfs.Status {
	known := r.others[s.PID]
	if known == nil || known.Name != s.Comm || known.PPID != s.PPID {
		return nil
	}
	return known
}

// mostSignals limits the signal states that a Reader shares. Most processes have one of a few.
const mostSignals = 256

// shareSignals returns a copy of sigs that nobody modifies.
func (r *Reader) shareSignals(sigs *procfs.Signals) *procfs.Signals {
	if known, ok := r.signals[*sigs]; ok {
		return known
	}
	if len(r.signals) >= mostSignals {
		clear(r.signals) // Some programs change their masks all the time.
	}
	copied := *sigs
	r.signals[copied] = &copied
	return &copied
}
