// Package verdict says what a signal would do to a process if it were sent now,
// and why.
//
// [Of] is pure: a table of rules over a [Target], which holds what decides, and a
// [Caller], who would send the signal. A [Reader] reads both. What the kernel does
// not tell stays [Unknown], and then the outcome is [OutcomeUnknown]: nothing here
// guesses.
package verdict
