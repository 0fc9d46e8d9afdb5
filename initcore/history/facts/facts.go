// Package facts puts together what the doctor needs to know: a snapshot, the history of an
// init, and what earlier snapshots have shown. It is pure. The page Doctor of top and the
// commands share it, so that they judge by the same facts.
package facts

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
)

// Past is what is known beside a snapshot. What is not known is the zero value.
type Past struct {
	Records []history.Record        // of the init, oldest first
	Policy  *doctor.Policy          // of yinit as PID 1
	Dead    map[procfs.ID]time.Time // when each zombie ended, or was first seen
	Stuck   map[procfs.ID]time.Time // since when processes have been stopped or in state D, see [Stuck]
	HitAt   time.Time               // when pids.events was seen to count one more

	Checks doctor.Checks // see package checkup
	Memory doctor.Memory // see [MemoryOf]

	Growth    float64       // as in [doctor.Facts]
	UntilFull time.Duration // as in [doctor.Facts]
}

// Of returns the facts of a snapshot.
func Of(s *snapshot.Snapshot, p Past) doctor.Facts {
	return doctor.Facts{
		Procs: s.Procs, Host: s.Host, Reader: s.Caller.PID,
		Policy: p.Policy, Stops: stops(s, p.Records),
		Dead: ago(p.Dead, s.Time), Stuck: ago(p.Stuck, s.Time),
		Growth: p.Growth, UntilFull: p.UntilFull,
		Now: s.Time, Failures: failures(p.Records, s.Time), PidsHit: pidsHit(p.Records, p.HitAt, s.Time.Location()),
		OOM: oomHit(p.Records, s.Time.Location()), Strangers: strangers(p.Records, s.Time),
		Checks: p.Checks, Memory: p.Memory,
	}
}

// ago returns how long before now each time was.
func ago(at map[procfs.ID]time.Time, now time.Time) map[procfs.ID]time.Duration {
	all := make(map[procfs.ID]time.Duration, len(at))
	for id, t := range at {
		all[id] = max(0, now.Sub(t))
	}
	return all
}

// Stuck returns since when processes have been stopped or in uninterruptible sleep, as far
// as snapshots show it. before is the result for the snapshot before.
func Stuck(s *snapshot.Snapshot, before map[procfs.ID]time.Time) map[procfs.ID]time.Time {
	var stuck map[procfs.ID]time.Time
	for i := range s.Procs {
		p := &s.Procs[i]
		if !p.State.Stopped() && p.State != procfs.StateDisk {
			continue
		}
		first, ok := before[p.ID]
		if !ok {
			first = s.Time
		}
		if stuck == nil {
			stuck = map[procfs.ID]time.Time{}
		}
		stuck[p.ID] = first
	}
	return stuck
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

// stops returns the programs of the init and their stop signals, as its history tells; nil:
// it does not.
func stops(s *snapshot.Snapshot, records []history.Record) map[procfs.ID]int {
	signals := Programs(records)
	if signals == nil {
		return nil
	}
	all := make(map[procfs.ID]int, len(signals))
	for i := range s.Procs {
		p := &s.Procs[i]
		if n, ok := signals[p.ID.PID]; ok && p.PPID == 1 {
			all[p.ID] = n
		}
	}
	return all
}

// Dead returns when the zombies of a report ended, or since when they are known to be dead.
func Dead(r *zombie.Report, now time.Time) map[procfs.ID]time.Time {
	all := map[procfs.ID]time.Time{}
	for _, c := range r.Culprits {
		for i := range c.Zombies {
			all[c.Zombies[i].Stat.ID()] = now.Add(-c.Zombies[i].Dead)
		}
	}
	return all
}

// Longer returns since when processes have been stuck: since the times in since, or for as long
// as lasting says if that is longer. It changes since.
func Longer(since map[procfs.ID]time.Time, lasting map[procfs.ID]time.Duration, now time.Time) map[procfs.ID]time.Time {
	for id, d := range lasting {
		if at := now.Add(-d); !at.After(since[id]) {
			since[id] = at
		}
	}
	return since
}
