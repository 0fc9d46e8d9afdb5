// Package watch records the exits of processes that are not children of the caller:
// which process ended, how it ended, and which process reaped it.
//
// A [Watcher] holds a pidfd for each process. The pidfd becomes readable when the
// process ends, and hangs up when the process is reaped (Linux 6.9). After that the
// kernel reports through it how the process ended (PIDFD_GET_INFO, Linux 6.15). The
// watcher finds new processes by their pids: the kernel allocates pids in ascending
// order, and /proc/loadavg shows the last one, see [procfs.FS.OpenLastPID]. So a scan
// that finds nothing new costs one system call, and any other costs one for each new
// pid. A pid that no longer belongs to a process has started and ended unseen, and is
// counted, unless process accounting is on and has its record, see accounting.go.
//
// PID 1 runs the watcher on its only thread, so the watcher must not block on other
// processes. Reading a command line may block, so another goroutine does that, see
// cmdlines.go. The number of watched processes is limited, see bound.go.
//
// The init runs a watcher and, if PID 1 is not yinit, so does the inspector
// ([StartOwn]). A watcher has its own epoll instance, so its owner polls a single
// descriptor, and a failure in the watcher does not affect the owner.
package watch
