package explain

import (
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// waits has for what a thread waits, by the beginning of the name of the kernel function in
// which it sleeps. The names change from one kernel to the next.
var waits = [...][2]string{
	{"futex", "a lock"},
	{"ep_poll", "events"},
	{"do_epoll", "events"},
	{"poll_schedule", "events"},
	{"do_poll", "events"},
	{"do_sys_poll", "events"},
	{"do_select", "events"},
	{"core_sys_select", "events"},
	{"pipe_read", "data in a pipe"},
	{"anon_pipe_read", "data in a pipe"},
	{"pipe_write", "room in a pipe"},
	{"anon_pipe_write", "room in a pipe"},
	{"do_wait", "a child"},
	{"kernel_wait", "a child"},
	{"hrtimer_nanosleep", "a timer"},
	{"do_nanosleep", "a timer"},
	{"common_nsleep", "a timer"},
	{"inet_csk_accept", "a connection"},
	{"unix_accept", "a connection"},
	{"skb_wait_for_more", "data from a socket"},
	{"sk_wait_data", "data from a socket"},
	{"unix_stream", "data from a socket"},
	{"n_tty_read", "input from the terminal"},
	{"wait_woken", "data from a socket or terminal"},
	{"do_sigtimedwait", "signals"},
	{"sigsuspend", "signals"},
	{"signalfd", "signals"},
	{"eventfd", "an eventfd"},
	{"io_cqring", "io_uring"},
	{"nfs", "an NFS server"},
	{"rpc_wait", "an NFS server"},
	{"flock", "a file lock"},
	{"locks_", "a file lock"},
	{"fcntl_setlk", "a file lock"},
	{"rwsem_down", "a lock in the kernel"},
	{"ptrace_stop", "its debugger"},
	{"do_signal_stop", "SIGCONT"},
	{"io_schedule", "a disk"},
	{"folio_wait", "a disk"},
	{"request_wait", "a FUSE server"},
	{"fuse", "a FUSE server"},
}

// Waits says what a thread waits for, with the kernel function that shows it: "a child
// (do_wait)"; "" if that is unknown.
func Waits(t *snapshot.Thread) string {
	if t.Wchan == "" {
		if t.State == procfs.StateSleeping || t.State == procfs.StateDisk {
			return ""
		}
		return t.State.Word()
	}
	for _, known := range waits {
		if strings.HasPrefix(t.Wchan, known[0]) || strings.HasPrefix(strings.TrimLeft(t.Wchan, "_"), known[0]) {
			return known[1] + " (" + t.Wchan + ")"
		}
	}
	return t.Wchan
}
