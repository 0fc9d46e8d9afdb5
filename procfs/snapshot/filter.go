package snapshot

import (
	"slices"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot/filter"
)

// Match reports whether the filter selects the process.
func (p *Process) Match(f filter.Filter) bool { return f.Match(subject{p}) }

// Subject returns the process as a filter sees it.
func (p *Process) Subject() filter.Subject { return subject{p} }

// subject is a process as a filter sees it.
type subject struct{ *Process }

func (p subject) Contains(lower string) bool {
	if procfs.ContainsFold(p.Comm, lower) {
		return true
	}
	if strings.Contains(lower, " ") { // It may extend over several arguments.
		return procfs.ContainsFold(strings.Join(p.Cmdline, " "), lower)
	}
	return slices.ContainsFunc(p.Cmdline, func(s string) bool { return procfs.ContainsFold(s, lower) })
}

func (p subject) Word(key filter.Key) (string, bool) {
	switch key {
	case filter.State:
		return p.State.String(), true
	case filter.User:
		return p.User, p.User != ""
	}
	return "", false
}

func (p subject) Number(key filter.Key) (float64, bool) {
	switch key {
	case filter.PID:
		return float64(p.ID.PID), true
	case filter.PPID:
		return float64(p.PPID), true
	case filter.User:
		return float64(p.UID), p.User != ""
	case filter.Threads:
		return float64(p.Threads), true
	case filter.Age:
		return float64(p.Age), true
	case filter.CPUTime:
		return float64(p.CPUTime), true
	case filter.CPU:
		return 100 * p.CPU, !p.Dead()
	case filter.Mem:
		return float64(p.RSS), !p.Dead()
	case filter.Exit:
		return float64(p.Status.Shell()), p.Known
	}
	return 0, false
}

func (p subject) Signals(key filter.Key) (procfs.SignalSet, bool) {
	if key == filter.Signal {
		return procfs.NewSignalSet(p.Status.Signal()), p.Known
	}
	alive := p.Sigs.Known && !p.Dead()
	switch key {
	case filter.Ignores:
		return p.Sigs.Ignored, alive
	case filter.Blocks:
		return p.Sigs.Blocked, alive
	case filter.Catches:
		return p.Sigs.Caught, alive
	case filter.Pending:
		return p.Sigs.Pending | p.Sigs.SharedPending, alive
	}
	return 0, false
}
