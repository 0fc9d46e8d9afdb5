package verdict

import "strings"

// Outcome is what a signal would do to a process if it were sent now.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown       Outcome = iota // the kernel does not report what decides
	OutcomeTerminate                    // the default action ends the process
	OutcomeCore                         // the default action ends it with a core dump
	OutcomeStop                         // the default action stops it
	OutcomeContinue                     // the process is stopped and resumes
	OutcomeHandler                      // the program's handler runs
	OutcomeIgnore                       // the program ignores it
	OutcomeDefaultIgnore                // the default action is to ignore it
	OutcomeRead                         // blocked, and a signalfd or a thread in sigwait reads it
	OutcomePending                      // it stays pending: blocked and not read, or the process is stopped
	OutcomeShielded                     // the process is PID 1 of its PID namespace, and the kernel drops it
	OutcomeNoEffect                     // the process is a zombie, or dying
	OutcomeDenied                       // the caller may not send it
)

var outcomeWords = [...]string{
	OutcomeUnknown: "unknown", OutcomeTerminate: "terminate", OutcomeCore: "core", OutcomeStop: "stop",
	OutcomeContinue: "continue", OutcomeHandler: "handler", OutcomeIgnore: "ignore",
	OutcomeDefaultIgnore: "default-ignore", OutcomeRead: "read", OutcomePending: "pending",
	OutcomeShielded: "shielded", OutcomeNoEffect: "no-effect", OutcomeDenied: "denied",
}

// String returns the outcome in a word. All output of yinit uses these words.
func (o Outcome) String() string { return outcomeWords[min(o, OutcomeDenied)] }

// Relayed returns what t does with signal n if its handler runs and it is an init
// that forwards signals: the signal that its program gets, or that it drops n because
// it was told to. Both are zero for any other outcome or process.
func (t *Target) Relayed(n int, o Outcome) (forward int, drop bool) {
	if o != OutcomeHandler || t == nil || t.Relay == nil {
		return 0, false
	}
	return t.Relay.Forwards(n), t.Relay.Drops(n)
}

// Trouble reports whether a signal with outcome o, or one that an init drops, is lost
// or delayed where a user expects an effect.
func Trouble(o Outcome, drop bool) bool {
	return drop || o == OutcomeIgnore || o == OutcomePending || o == OutcomeShielded
}

// Column returns the word for a column: that of the outcome, or "forward" or "drop"
// for a signal that an init handles, see [Target.Relayed]. It is in upper case if the
// signal means trouble, so that it stands out without colour.
func Column(o Outcome, forward int, drop bool) string {
	word := o.String()
	switch {
	case forward != 0:
		word = "forward"
	case drop:
		word = "drop"
	}
	if Trouble(o, drop) {
		word = strings.ToUpper(word)
	}
	return word
}
