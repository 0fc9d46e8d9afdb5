// Package rehearsal judges a stop that was played on a program: which processes ended by
// themselves, which were killed hard, and what an engine would have seen.
//
// An [Observer] watches the processes of a container from the PID namespace above it.
// [Judge] is pure: it draws its conclusions from [Facts], so that each rule can be tested
// without a process. What was not seen stays unknown.
package rehearsal
