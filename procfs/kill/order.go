package kill

import (
	"fmt"
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// The signals whose numbers are the same on every architecture, see signal(7).
const (
	sigKill = 9
	sigTerm = 15
)

// Scope says for which processes a pid stands.
type Scope uint8

// The scopes.
const (
	One     Scope = iota // the process alone
	Group                // its process group
	Tree                 // the process and its descendants
	Session              // its session
)

// String returns the scope in words: "process group".
func (s Scope) String() string {
	switch s {
	case Group:
		return "process group"
	case Tree:
		return "tree"
	case Session:
		return "session"
	default:
		return "process"
	}
}

// An Order says what to do.
type Order struct {
	Signal   int           // to send
	Scope    Scope         // for which processes the pids stand
	Wait     time.Duration // how long to watch after the signal, and after SIGKILL
	Escalate bool          // send SIGKILL to those that have not ended by then
	Force    bool          // PID 1 and this process may get the signal, too
}

// A purpose is what a signal is sent for.
type purpose uint8

const (
	toEnd     purpose = iota // the process ends
	toStop                   // it stops
	toResume                 // it is not stopped
	toDeliver                // its handler runs, or it reads the signal
)

// purpose returns what the signal is sent for to a process with this prediction.
func (o *Order) purpose(p verdict.Prediction) purpose {
	switch procfs.SignalName(o.Signal) {
	case "SIGCONT":
		return toResume
	case "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU":
		return toStop
	}
	if o.Escalate || verdict.EndsByName(o.Signal) || p.Ends() {
		return toEnd
	}
	return toDeliver
}

// Ends reports whether the signal is sent to end the member.
func (m *Member) Ends() bool { return m.purpose == toEnd }

// Validate returns an error if the order contradicts itself.
func (o *Order) Validate() error {
	if o.Escalate && (o.purpose(verdict.Prediction{}) == toStop || o.purpose(verdict.Prediction{}) == toResume) {
		return fmt.Errorf("%s is not sent to end a process, so SIGKILL cannot follow it", procfs.SignalName(o.Signal))
	}
	return nil
}
