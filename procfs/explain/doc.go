// Package explain says in words what a process is, what is wrong with it, and what
// SIGTERM would do to it: a sentence for a screen, or an [Explanation] with the evidence.
//
// It owns the words. What they say comes from packages snapshot, verdict and zombie. Names
// that processes gave themselves are not escaped here: use [procfs.Printable].
package explain
