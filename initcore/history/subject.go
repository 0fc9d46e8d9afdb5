package history

import (
	"yinit/procfs"
	"yinit/procfs/snapshot/filter"
)

// subject is a record as a filter sees it.
type subject struct{ *Record }

func (r subject) Contains(lower string) bool {
	for _, s := range [...]string{r.Comm, r.Cmdline, r.Parent, r.Text} {
		if procfs.ContainsFold(s, lower) {
			return true
		}
	}
	return false
}

func (r subject) Word(key filter.Key) (string, bool) {
	switch key {
	case filter.Kind:
		return r.Kind.String(), true
	case filter.User:
		return r.User, r.User != "" && r.hasUser()
	}
	return "", false
}

// hasUser reports whether UID is that of a process.
func (r subject) hasUser() bool { return r.PID > 0 && r.UID != procfs.NoID && r.Comm != "" }

func (r subject) Number(key filter.Key) (float64, bool) {
	switch key {
	case filter.PID:
		return float64(r.PID), r.PID > 0
	case filter.PPID:
		return float64(r.PPID), r.PID > 0 && r.Kind != KindSignal
	case filter.User:
		return float64(r.UID), r.hasUser()
	case filter.Exit:
		return float64(r.Status.Shell()), r.Known
	}
	return r.used(key)
}

// used returns what the process had used when it ended.
func (r subject) used(key filter.Key) (float64, bool) {
	lived := r.Kind == KindExit && (r.Runtime > 0 || r.Accounted)
	switch key {
	case filter.Age:
		return float64(r.Runtime), lived
	case filter.CPUTime:
		return float64(r.CPU), lived
	case filter.CPU:
		return 100 * r.CPU.Seconds() / max(r.Runtime, 1).Seconds(), lived && r.Runtime > 0
	case filter.Mem:
		return float64(r.MaxRSS), r.MaxRSS > 0
	}
	return 0, false
}

func (r subject) Signals(key filter.Key) (procfs.SignalSet, bool) {
	switch {
	case key != filter.Signal:
		return 0, false
	case r.Kind == KindSignal:
		return procfs.NewSignalSet(r.Signal, r.Passed), true
	default:
		return procfs.NewSignalSet(r.Status.Signal()), r.Known
	}
}
