package verdict

// Outcome is what a signal would do to a process if it were sent now.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown       Outcome = iota // the kernel does not tell
	OutcomeTerminate                    // the default action ends it
	OutcomeCore                         // the same, with a core dump
	OutcomeStop                         // the default action stops it
	OutcomeContinue                     // it is stopped and resumes
	OutcomeHandler                      // the program's handler runs
	OutcomeIgnore                       // the program ignores it
	OutcomeDefaultIgnore                // the default action is to ignore it
	OutcomeRead                         // blocked, and a thread reads it
	OutcomePending                      // it waits: blocked and not read, or the process is stopped
	OutcomeShielded                     // the process is PID 1 of its PID namespace
	OutcomeNoEffect                     // the process has ended
	OutcomeDenied                       // the caller may not
)

var outcomeWords = [...]string{
	OutcomeUnknown: "unknown", OutcomeTerminate: "terminate", OutcomeCore: "core", OutcomeStop: "stop",
	OutcomeContinue: "continue", OutcomeHandler: "handler", OutcomeIgnore: "ignore",
	OutcomeDefaultIgnore: "default-ignore", OutcomeRead: "read", OutcomePending: "pending",
	OutcomeShielded: "shielded", OutcomeNoEffect: "no-effect", OutcomeDenied: "denied",
}

// String is the outcome in a word. All that yinit shows and prints uses it.
func (o Outcome) String() string { return outcomeWords[min(o, OutcomeDenied)] }
