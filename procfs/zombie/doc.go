// Package zombie finds processes that have ended and were not reaped, and says who
// ought to reap them, and why they do not.
//
// [CulpritOf] is the one rule for who that is; [BlameFor] says why, and is pure, too.
// [Find] reads what these need of all zombies of a PID namespace.
package zombie
