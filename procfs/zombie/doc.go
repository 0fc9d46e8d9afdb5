// Package zombie finds processes that have ended and were not reaped. It says which
// process ought to reap each of them, why it has not, and what helps.
//
// It owns the causes and the advice. [CulpritOf] is the only rule for which process
// is the culprit, and [BlameFor] finds the cause; both are pure. [Find] reads what
// they need for all zombies of a PID namespace.
package zombie
