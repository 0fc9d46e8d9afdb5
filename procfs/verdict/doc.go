// Package verdict predicts what a signal would do to a process if it were sent now,
// and says why.
//
// It owns the rules, the words for outcomes and reasons, and the reading of what
// the rules need. [Of] is pure: it applies a table of rules to a [Target], the
// process that would get the signal, and a [Caller], the process that would send
// it. A [Reader] reads both. What the kernel does not report stays [Unknown]; if it
// matters, the outcome is [OutcomeUnknown]. The package never guesses.
package verdict
