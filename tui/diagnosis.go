package tui

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
)

// diagnose asks the doctor about the snapshot.
func (w world) diagnose() world {
	f := doctor.Facts{
		Procs: w.snap.Procs, Host: w.snap.Host, Reader: w.snap.Caller.PID, Policy: w.policy, Stops: w.programs(),
		Dead: since(w.deadAt, w.snap.Time), Stuck: since(w.stuckAt, w.snap.Time),
	}
	o := w.outlook()
	f.Growth, f.UntilFull = o.perMinute, o.in
	f.Now, f.Failures, f.PidsHit = w.snap.Time, w.failures(), w.pidsHit()
	w.findings, w.stop = doctor.Examine(&f)
	w.facts = f
	return w
}

// since returns how long ago each time was.
func since(at map[procfs.ID]time.Time, now time.Time) map[procfs.ID]time.Duration {
	all := make(map[procfs.ID]time.Duration, len(at))
	for id, t := range at {
		all[id] = max(0, now.Sub(t))
	}
	return all
}

// Programs returns the pids of the programs of the init that wrote the records, and their stop
// signals; nil: the records do not tell. A record of a start has no start time, so it is that
// of the child of the init with this pid unless the exit of one is recorded after it.
func Programs(records []history.Record) map[int]int {
	if len(records) == 0 {
		return nil
	}
	signals, told := map[int]int{}, false
	run := records[len(records)-1].Run
	for i := range records {
		r := &records[i]
		switch {
		case r.Run != run:
		case r.Kind == history.KindStart && r.PPID == 1:
			signals[r.PID], told = r.StopSignal, true
		case r.Kind == history.KindExit:
			delete(signals, r.PID)
		}
	}
	if !told {
		return nil
	}
	return signals
}

// programs returns the programs of the init and their stop signals, as its history tells;
// nil: it does not.
func (w *world) programs() map[procfs.ID]int {
	signals := Programs(w.events)
	if signals == nil {
		return nil
	}
	all := make(map[procfs.ID]int, len(signals))
	for i := range w.snap.Procs {
		p := &w.snap.Procs[i]
		if n, ok := signals[p.ID.PID]; ok && p.PPID == 1 {
			all[p.ID] = n
		}
	}
	return all
}

// keepStuck notes since when processes have been stopped or in uninterruptible sleep.
func (w world) keepStuck(old *world) world {
	var stuck map[procfs.ID]time.Time
	for i := range w.snap.Procs {
		p := &w.snap.Procs[i]
		if !p.State.Stopped() && p.State != procfs.StateDisk {
			continue
		}
		first, ok := old.stuckAt[p.ID]
		if !ok {
			first = w.snap.Time
		}
		if stuck == nil {
			stuck = map[procfs.ID]time.Time{}
		}
		stuck[p.ID] = first
	}
	w.stuckAt = stuck
	return w
}
