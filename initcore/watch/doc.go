// Package watch sees the deaths of processes that are not our children: what
// started, how it ended and who reaped it.
//
// A [Watcher] holds a pidfd for each process. The kernel then tells when the
// process ends (the descriptor becomes readable), when somebody reaps it (it hangs
// up), and after that how it ended, whoever asked first (PIDFD_GET_INFO, Linux
// 6.15). New processes are found by their numbers: the kernel gives them out in
// turn, and /proc/loadavg has the last one. So a tick that finds nothing new costs
// one system call, and one that does costs one for each number; what has no
// process any more by then came and went unseen, and is counted.
//
// PID 1 runs this on its only thread, so nothing here may wait for another process.
// What could, the reading of command lines, is done beside it, see cmdlines.go. The
// number of processes that are watched is bounded, see bound.go.
//
// The init and, where PID 1 is something else, the inspector ([StartOwn]) run it. It has an
// epoll descriptor of its own, so it is one descriptor to its owner, and a failure
// in it is none of the owner's.
package watch
