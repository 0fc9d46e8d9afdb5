package verdict

import (
	"slices"
	"strings"

	"yinit/procfs"
)

// wchanSays is what the name of the function says about a wait for signals.
func wchanSays(name string) Answer {
	switch {
	case name == "":
		return Unknown
	case strings.Contains(name, "sigtimedwait"): // do_sigtimedwait, or what a compiler made of it
		return Yes
	case strings.HasPrefix(name, "schedule"), strings.HasPrefix(name, "freezable_schedule"):
		return Unknown // The kernel names the caller of these, as a rule.
	default:
		return No
	}
}

// InVfork reports whether the thread waits until the child that it made by vfork(2),
// or by posix_spawn(3), execs or ends: in wait_for_vfork_done of the kernel's fork.c,
// which a compiler makes a part of its caller, as a rule. Of fork and clone nothing
// else sleeps there.
func (t *Task) InVfork() bool {
	return t.State == procfs.StateDisk && slices.ContainsFunc([]string{"wait_for_vfork_done", "kernel_clone", "_do_fork", "do_fork"},
		func(f string) bool { return strings.HasPrefix(t.Wchan, f) })
}

// A Freezer is what holds a process of a control group that is frozen, as
// docker pause does it.
type Freezer uint8

// The freezers. That of version 2 (Linux 5.2) lets a process die, that of version
// 1 lets nothing through, see cgroups(7).
const (
	Unfrozen Freezer = iota
	Freezer2
	Freezer1
)

// wchanFreezer is the freezer in which a thread in state s waits. do_freezer_trap
// is a part of get_signal, which does not sleep in any other place. Since Linux 6.1
// version 1 leaves some sleepers where they are.
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

// freezable reports whether a thread in this function can be woken by a signal, and
// frozen without being woken: TASK_FREEZABLE. In state D it is frozen, then.
func freezable(name string) bool {
	return slices.ContainsFunc([]string{
		"hrtimer_nanosleep", "do_nanosleep", "common_nsleep", // the kernel names a caller of these
		"futex_wait", "futex_do_wait", "ep_poll", "do_epoll_wait", "poll_schedule_timeout", "do_sys_poll", "do_poll",
		"do_select", "core_sys_select", "do_sigtimedwait",
	}, func(f string) bool { return strings.HasPrefix(name, f) })
}
