// Package kill sends a signal to processes, and finds out what becomes of them: which
// processes a pid stands for, with those that join them meanwhile; what the signal would do
// to each; what it did; and what keeps those running that should have ended.
//
// It holds each process by pidfd, so that no signal reaches another process to which the
// kernel has given the same pid. Names that processes gave themselves are not escaped here:
// use [procfs.Printable].
package kill
