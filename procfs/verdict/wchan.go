package verdict

import (
	"slices"
	"strings"

	"yinit/procfs"
)

// wchanSays reports whether a thread that sleeps in this kernel function waits for
// signals.
func wchanSays(name string) Answer {
	switch {
	case name == "":
		return Unknown
	case strings.Contains(name, "sigtimedwait"): // do_sigtimedwait, or a name that the compiler derived from it
		return Yes
	case strings.HasPrefix(name, "schedule"), strings.HasPrefix(name, "freezable_schedule"):
		return Unknown // Usually the kernel names the caller of these.
	default:
		return No
	}
}

// InVfork reports whether the thread waits for a child that it created with vfork(2)
// or posix_spawn(3) to exec or exit. It then sleeps in wait_for_vfork_done of the
// kernel's fork.c, which the compiler usually inlines into its caller. fork and clone
// do not sleep anywhere else in that caller.
func (t *Task) InVfork() bool {
	return t.State == procfs.StateDisk && slices.ContainsFunc([]string{"wait_for_vfork_done", "kernel_clone", "_do_fork", "do_fork"},
		func(f string) bool { return strings.HasPrefix(t.Wchan, f) })
}

// Freezer is the kind of freezer that holds a process of a frozen control group.
// docker pause freezes the group of a container.
type Freezer uint8

// The freezers, see cgroups(7).
const (
	Unfrozen Freezer = iota // none
	Freezer2                // cgroup version 2, Linux 5.2: a fatal signal still ends the process
	Freezer1                // cgroup version 1: no signal takes effect
)

// wchanFreezer returns the freezer in which a thread in state s waits.
// do_freezer_trap may be inlined into get_signal, which does not sleep anywhere
// else. Since Linux 6.1 version 1 freezes some sleeping threads where they sleep.
func wchanFreezer(name string, s procfs.State) Freezer {
	switch {
	case name == "__refrigerator", s == procfs.StateDisk && freezable(name):
		return Freezer1
	case s == procfs.StateSleeping && (name == "get_signal" || strings.HasPrefix(name, "do_freezer_trap")):
		return Freezer2
	default:
		return Unfrozen
	}
}

// freezable reports whether a thread that sleeps in this function is interruptible
// and can be frozen without waking it (TASK_FREEZABLE). If such a thread is in state
// D, it is frozen.
func freezable(name string) bool {
	return slices.ContainsFunc([]string{
		"hrtimer_nanosleep", "do_nanosleep", "common_nsleep", // the kernel names a caller of these
		"futex_wait", "futex_do_wait", "ep_poll", "do_epoll_wait", "poll_schedule_timeout", "do_sys_poll", "do_poll",
		"do_select", "core_sys_select", "do_sigtimedwait",
	}, func(f string) bool { return strings.HasPrefix(name, f) })
}
