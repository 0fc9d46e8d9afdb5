package rehearsal

import (
	"fmt"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// Name returns a process in words: "7 (nginx)".
func (p *Process) Name() string { return fmt.Sprintf("%d (%s)", p.PID, procfs.Printable(p.Comm)) }

// How says how the process ended, and who killed it.
func (j *Judged) How() string {
	how := procfs.Ended(j.Known, j.Status)
	switch {
	case j.Zombie:
		return how + " before the stop; a zombie since"
	case j.Doubt:
		return how + ": by itself, or killed with PID 1"
	case j.By == ByEngine && j.PID == 1:
		return how + " at the end of the grace"
	case j.By == ByEngine:
		return how + " together with PID 1"
	case j.By == ByInit:
		return how + " by PID 1"
	case j.By == ByKernel:
		return how + ": left behind by PID 1"
	}
	return how
}

// Verdict returns what the stop signal would do to a process, in a word.
func Verdict(p *Process) string {
	if p.Forward != 0 {
		return "forward"
	}
	return p.Outcome.String()
}

// Enough says in a word whether a grace is enough.
func Enough(a verdict.Answer) string {
	return [...]string{"unknown", "not enough", "enough"}[min(a, verdict.Yes)]
}
