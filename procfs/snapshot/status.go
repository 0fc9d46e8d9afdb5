package snapshot

import (
	"os"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// statusRounds is after how many snapshots the status of a process is read again
// though nothing shows that it ran.
const statusRounds = 16

// keptStatus is what is kept of /proc/[pid]/status, which costs three system calls
// where stat costs one.
type keptStatus struct {
	read     bool
	uid      uint32 // NoID: it could not be read
	sigs     procfs.Signals
	mayTrace bool // the kernel shows us how it ended
	state    procfs.State
	faults   uint64
	comm     string
	tracer   int   // who debugs it, for a zombie, see [zombie.Tracer]
	rss      int64 // by how many bytes stat is wrong
}

// exact mends the RSS of stat, which lacks what each CPU has not yet added to the
// sum: up to some MiB on a machine with many of them, since Linux 6.2.
func (st *keptStatus) exact(rss procfs.Bytes) procfs.Bytes {
	if rss == 0 {
		return 0
	}
	return procfs.Bytes(max(int64(rss)+st.rss, 0))
}

// due reports whether st is to be read again. What a process does with signals
// changes only while it runs, and what waits for it while it blocks signals or
// is stopped. Nothing of a zombie changes but its tracer.
func (st *keptStatus) due(s *procfs.Stat, ran bool) bool {
	switch {
	case !st.read:
		return true
	case s.Zombie() && st.state.Zombie():
		return st.tracer != 0 // which may let go of it
	case s.State.Stopped(), !st.sigs.Blocked.Empty(), !st.sigs.SharedPending.Empty():
		return true
	default:
		return ran || s.State != st.state || s.MinorFaults != st.faults || s.Comm != st.comm
	}
}

// status is the status of the process of s, read again if it may have changed.
func (r *Reader) status(p *kept, s *procfs.Stat, ran bool) *keptStatus {
	st := &p.status
	if !st.due(s, ran) && (r.round+s.PID)%statusRounds != 0 {
		return st
	}
	status := &r.lastStatus // Parsing into the same one again allocates nothing.
	if err := r.scanner.Status(s.PID, status); err != nil {
		st.uid = procfs.NoID
		return st
	}
	*st = keptStatus{
		read: true, uid: status.UID[procfs.Effective], sigs: status.Sigs,
		state: s.State, faults: s.MinorFaults, comm: s.Comm,
	}
	if status.RSS > 0 {
		st.rss = int64(status.RSS) - int64(s.RSS.Bytes(os.Getpagesize()))
	}
	r.forecast(p, s, status)
	if s.Zombie() {
		st.mayTrace = r.fs.MayTrace(s.PID)
		st.tracer = zombie.TracerProcess(r.fs, status.TracerPID)
	}
	return st
}
