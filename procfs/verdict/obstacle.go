package verdict

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

// An Obstacle is what keeps a process running although it was sent a signal that should
// end it. The zero value is none, or none that the kernel reports.
type Obstacle struct {
	// Does is a predicate for the process: "ignores SIGTERM". It is empty if the process
	// may still act on the signal.
	Does string
	// Which is a clause that follows the name of the signal: "which it ignores".
	Which string
	// Child is the process for which a shell waits before it runs its trap; PID 0: none.
	Child procfs.ID
}

// Sent is a signal that was sent to a process, and the state of the process since.
type Sent struct {
	Signal   int
	Target   *Target
	Outcome  Outcome // of the signal if it were sent again
	Obstacle Obstacle
	Trap     bool // it is a shell with a trap for the signal, and may be about to run it
}

// ReadSent finds out what keeps the process pid running after signal n was sent to it,
// at the given time since boot. It reads no file outside /proc. The errors are those of
// [procfs.FS.Stat]. If the caller is root and may not read all, it reads as the owner,
// see package asuser.
func ReadSent(fs procfs.FS, pid, n int, at time.Duration) (Sent, error) {
	t, err := readDelivery(fs, pid)
	if err == nil && !t.Complete() && os.Geteuid() == 0 {
		_ = asuser.Owner(fs, pid, func() {
			if closer, err := readDelivery(fs, pid); err == nil && closer.ID == t.ID {
				t = closer
			}
		})
	}
	if err != nil {
		return Sent{}, err
	}
	s := Sent{Signal: n, Target: t}
	s.Outcome, _ = Of(t, n, Anyone())
	s.Obstacle = s.obstacle()
	if shell, _ := isShell(t.Comm); shell && s.Outcome == OutcomeHandler {
		s.Trap = true
		if child, waits := shellWaits(fs, t, at); waits {
			name := strconv.Itoa(child.PID) + " (" + child.Comm + ")"
			s.Obstacle = Obstacle{
				Does:  "waits for its child " + name + ", and runs its trap for " + procfs.SignalName(n) + " only when that has ended",
				Which: "for which its trap waits until its child " + name + " has ended",
				Child: child.ID(),
			}
		}
	}
	return s, nil
}

// readDelivery reads what decides whether a signal is delivered.
func readDelivery(fs procfs.FS, pid int) (*Target, error) {
	stat, err := fs.Stat(pid)
	if err != nil {
		return nil, err
	}
	if stat.Dead() {
		return nil, gone(fs, pid)
	}
	t, err := ReadThreads(fs, &stat)
	if err != nil {
		return nil, err
	}
	if !t.Sigs.Blocked.Empty() {
		t.SignalFDs, err = fs.SignalFDs(pid, t.Tasks[0].TID)
		t.FDsRead = err == nil
	}
	return t, nil
}

// Why says what keeps the process running, as a clause; "" if that is not known: "it
// ignores SIGTERM".
func (s *Sent) Why() string {
	name := procfs.SignalName(s.Signal)
	switch {
	case s.Obstacle.Does != "":
		return "it " + s.Obstacle.Does
	case s.Outcome == OutcomeHandler:
		return "it has a handler for " + name + ", and has not ended"
	case s.Outcome == OutcomeRead:
		return "it reads " + name + ", and has not ended"
	}
	if does, ok := strings.CutPrefix(s.Obstacle.Which, "which "); ok {
		return name + " " + does
	}
	return ""
}

// obstacle returns the obstacle that follows from the outcome.
func (s *Sent) obstacle() Obstacle {
	name := procfs.SignalName(s.Signal)
	switch s.Outcome {
	case OutcomeIgnore:
		return Obstacle{Does: "ignores " + name, Which: "which it ignores"}
	case OutcomeShielded:
		return Obstacle{Does: "has no handler for " + name + ", and is PID 1 of its PID namespace: the kernel drops it", Which: "which the kernel drops: it is PID 1 of its PID namespace, and has no handler"}
	case OutcomeDefaultIgnore:
		return Obstacle{Does: "has no handler for " + name + ", which does nothing by default", Which: "which does nothing by default, and for which it has no handler"}
	case OutcomePending:
		return s.pending(name)
	case OutcomeHandler, OutcomeRead:
		return Obstacle{Which: "which it handles"}
	case OutcomeTerminate, OutcomeCore:
		if s.Target.LiveState() == procfs.StateDisk {
			return Obstacle{Which: "which does not end it while it is in uninterruptible sleep"}
		}
	}
	return Obstacle{}
}

// pending is obstacle for a signal that stays pending.
func (s *Sent) pending(name string) Obstacle {
	switch t := s.Target; {
	case t.LiveState() == procfs.StateTraced:
		return Obstacle{Does: "is held by a debugger, so that " + name + " waits", Which: "which waits because a debugger holds it"}
	case t.stopped():
		return Obstacle{Does: "is stopped, so that " + name + " waits", Which: "which waits because it is stopped"}
	case t.Freezer != Unfrozen:
		return Obstacle{Does: "is frozen, so that " + name + " waits", Which: "which waits because its cgroup is frozen"}
	default:
		return Obstacle{Does: "blocks " + name + ", and nothing reads it", Which: "which it blocks"}
	}
}

// Answers returns the first of the signals on which the process would act, by a handler
// if any of them has one; 0: none.
func (s *Sent) Answers(signals ...int) int {
	for _, wanted := range [][]Outcome{{OutcomeHandler, OutcomeRead}, {OutcomeTerminate, OutcomeCore}} {
		for _, n := range signals {
			if o, _ := Of(s.Target, n, Anyone()); n != s.Signal && slices.Contains(wanted, o) {
				return n
			}
		}
	}
	return 0
}

// isShell reports whether comm is the command name of a shell that runs a trap only when the
// command in the foreground has ended, as POSIX requires. tells says that the shell waits in
// another system call while it executes the wait command, which a trap interrupts at once.
func isShell(comm string) (shell, tells bool) {
	switch comm {
	case "sh", "dash", "ash", "busybox":
		return true, true
	case "bash", "ksh", "mksh", "zsh":
		return true, false
	}
	return false, false
}

// shellWaits reports whether t is a shell that has a trap for a signal sent at the given
// time, and has been waiting for a command since before. The command is then the child.
func shellWaits(fs procfs.FS, t *Target, at time.Duration) (child procfs.Stat, waits bool) {
	_, tells := isShell(t.Comm)
	if len(t.Tasks) != 1 || t.State != procfs.StateSleeping || !strings.Contains(t.Tasks[0].Wchan, "do_wait") {
		return procfs.Stat{}, false
	}
	if exe, err := fs.Exe(t.ID.PID); err != nil || strings.HasSuffix(exe, "bash") {
		tells = false // it may be called sh
	}
	pids, err := fs.Children(t.ID.PID, t.ID.PID)
	if err != nil {
		return procfs.Stat{}, false // a kernel without CONFIG_PROC_CHILDREN
	}
	for _, pid := range pids {
		s, err := fs.Stat(pid)
		if err != nil || s.Dead() || s.PPID != t.ID.PID || s.PGRP != t.PGRP {
			continue
		}
		if (s.Start + 1).Duration() > at { // the kernel rounds down: it may be of the trap itself
			continue
		}
		if inForeground(fs, t, &s, tells) {
			return s, true
		}
	}
	return procfs.Stat{}, false
}

// inForeground reports whether the child of a shell is a command in the foreground. A
// shell without job control ignores SIGINT and SIGQUIT for those in the background. Some
// programs install handlers all the same, and Node restores the default of all signals.
func inForeground(fs procfs.FS, shell *Target, s *procfs.Stat, tells bool) bool {
	status, err := fs.Status(s.PID)
	if err != nil || !status.Sigs.Known {
		return false
	}
	if shell.Sigs.Ignored.Has(sigInt) {
		return false // both kinds inherit that
	}
	if status.Sigs.Ignored.Has(sigInt) || status.Sigs.Ignored.Has(sigQuit) {
		return false
	}
	isDefault := status.Sigs.Disposition(sigInt) == procfs.Default || status.Sigs.Disposition(sigQuit) == procfs.Default
	return tells || isDefault && s.Comm != "node" && s.Comm != "MainThread"
}
