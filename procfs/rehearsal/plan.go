package rehearsal

import (
	"time"

	"yinit/procfs"
)

// MinGrace is what Kubernetes leaves between the stop signal and SIGKILL if the pre-stop
// hook has used up the grace period (minimumGracePeriodInSeconds of the kubelet).
const MinGrace = 2 * time.Second

// A Plan is the stop to play.
type Plan struct {
	// Command is the program and its arguments.
	Command []string
	// Init is the name of the init under which the program runs, "none" if the program
	// itself is PID 1.
	Init string
	// Signal is the stop signal.
	Signal int
	// Grace is how long PID 1 has until the engine sends SIGKILL.
	Grace time.Duration
	// Ready, PreStop and Check are commands for the shell, "" for none.
	Ready, PreStop, Check string
}

// Left returns the time between the stop signal and SIGKILL, if the pre-stop command took
// so long. As in Kubernetes the grace includes that command.
func (p *Plan) Left(preStop time.Duration) time.Duration {
	if p.PreStop == "" {
		return p.Grace
	}
	return max(p.Grace-preStop, MinGrace)
}

// A Run is a command that was run beside the stop.
type Run struct {
	Command string            // for the shell
	Took    time.Duration     // until it ended, or was cut off
	Status  procfs.WaitStatus // how it ended
	CutOff  bool              // it did not end in time, and was killed
	Over    bool              // the container ended while it ran, and it with it
}

// OK reports whether the command succeeded, or ended with the container.
func (r *Run) OK() bool { return r.Over || !r.CutOff && r.Status == 0 }

// Ended says in words how the command ended.
func (r *Run) Ended() string {
	switch {
	case r.Over:
		return "ended with the container"
	case r.CutOff:
		return "did not end within " + procfs.Span(r.Took)
	case r.Status.Signaled():
		return "was " + r.Status.String()
	}
	return r.Status.String()
}

// EndedAfter says in words how the command ended, and after which time.
func (r *Run) EndedAfter() string {
	if r.CutOff && !r.Over {
		return r.Ended() // it has the time
	}
	return r.Ended() + " after " + procfs.Span(r.Took)
}
