package verdict

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
	OutcomeNoEffect                     // the process is a zombie
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
