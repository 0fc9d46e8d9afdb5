package procfs

import (
	"errors"
	"fmt"
	"slices"
)

// Target is what has to be known of a process to say what a signal would do to
// it, see [Verdict]. What is not known is zero.
type Target struct {
	ID      ID
	Comm    string
	State   State // of the main thread
	Kernel  bool  // a thread of the kernel
	PGRP    int
	Session int
	UID     [4]uint32 // as in [Status.UID]
	NSpid   []int     // as in [Status.NSpid]
	Tracer  int       // who traces one of the threads, 0: nobody

	Sigs Signals // of the process: Blocked by all living threads
	// Tasks are the living threads, the main one first. If it has ended it is
	// not among them, and MainBlocked is what it blocked.
	Tasks       []Task
	MainBlocked SignalSet
	Partial     bool // there are more threads

	SignalFDs SignalSet // what it can read from descriptors of signalfd(2)
	FDsRead   bool      // SignalFDs is known

	Orphaned  Answer // its process group is, see [Orphaned]
	CoreOff   Answer // core dumps are switched off
	Freezer   Freezer
	Language  Language
	Relay     *Relay // nil: it is not yinit as PID 1
	UserNS    Kinship
	Permitted Answer // what kill(2) said to signal 0
}

// A Task is a living thread of a [Target].
type Task struct {
	TID     int
	State   State
	Blocked SignalSet
	Wchan   string    // where in the kernel it waits, see [FS.Wchan]
	Sigwait Answer    // it waits in sigwait(3), sigwaitinfo(2) or sigtimedwait(2)
	Awaited SignalSet // for these, if AwaitedRead
	// AwaitedRead says that Awaited is known. It is in the memory of the process,
	// which takes the right to trace it.
	AwaitedRead bool
}

// Dead reports whether the process has ended, see [Stat.Zombie].
func (t *Target) Dead() bool {
	return t.State == StateDead || t.State.Zombie() && len(t.Tasks) == 0 && !t.Partial
}

// InVfork reports whether the main thread is, see [Task.InVfork].
func (t *Target) InVfork() bool { return len(t.Tasks) > 0 && t.Tasks[0].InVfork() }

// state is that of the main thread, or of another one if it has ended.
func (t *Target) state() State {
	if len(t.Tasks) > 0 {
		return t.Tasks[0].State
	}
	return t.State
}

// stopped reports whether SIGCONT would make it go on.
func (t *Target) stopped() bool { return t.state() == StateStopped }

// isInit reports whether it is PID 1 of its PID namespace.
func (t *Target) isInit() bool {
	if n := len(t.NSpid); n > 0 {
		return t.NSpid[n-1] == 1
	}
	return t.ID.PID == 1 // Kernels before 4.1, and gVisor, have no NSpid.
}

// Told reports whether nothing was kept from the reader that could decide.
func (t *Target) Told() bool {
	for i := range t.Tasks {
		if w := &t.Tasks[i]; t.Sigs.Known && !t.Kernel && (w.Sigwait == Untold || w.Sigwait == Yes && !w.AwaitedRead) {
			return false
		}
	}
	return t.FDsRead || t.Sigs.Blocked.Empty() || t.Dead()
}

// Target reads all about pid that the verdicts need, but for what takes others:
// Orphaned and Permitted. It reads every thread, and every descriptor of a
// process that blocks something. The errors are those of [FS.Stat].
func (f FS) Target(pid int, caller Caller) (*Target, error) {
	stat, err := f.Stat(pid)
	if err != nil {
		return nil, err
	}
	t, err := f.target(&stat, caller)
	if err != nil {
		return nil, err
	}
	if again, err := f.Stat(pid); err != nil || again.ID() != stat.ID() {
		return nil, f.wrap(place{pid: pid}, ErrGone) // What was read may be another's.
	}
	return t, nil
}

func (f FS) target(stat *Stat, caller Caller) (*Target, error) {
	pid := stat.PID
	status, err := f.Status(pid)
	if err != nil {
		return nil, err
	}
	t := NewTarget(stat, &status)
	if stat.Zombie() || stat.State == StateDead {
		t.UserNS = f.userNS(pid, caller)
		return t, nil
	}
	if err := f.tasks(t); err != nil {
		return nil, err
	}
	if !t.Sigs.Blocked.Empty() && len(t.Tasks) > 0 {
		t.SignalFDs, err = f.signalFDs(pid, t.Tasks[0].TID)
		t.FDsRead = err == nil
	}
	t.CoreOff = f.coreOff(pid)
	t.Language = f.language(pid, stat, t.Sigs)
	t.UserNS = f.userNS(pid, caller)
	return t, nil
}

// NewTarget is what stat and status tell, and no more: of the threads they tell
// of the main one only.
func NewTarget(stat *Stat, status *Status) *Target {
	t := &Target{
		ID: stat.ID(), Comm: stat.Comm, State: stat.State, Kernel: stat.KernelThread(),
		PGRP: stat.PGRP, Session: stat.Session, UID: status.UID, NSpid: slices.Clone(status.NSpid), Tracer: status.TracerPID,
		Sigs: status.Sigs, MainBlocked: status.Sigs.Blocked, Partial: stat.Threads > 1,
	}
	if !t.State.Zombie() && t.State != StateDead {
		t.Tasks = []Task{newTask(stat.PID, stat.State, status.Sigs.Blocked)}
	}
	return t
}

// newTask is a thread. One that runs, or was stopped, is in no sigwait: that
// sleeps, and gives the signals back when it is woken.
func newTask(tid int, state State, blocked SignalSet) Task {
	t := Task{TID: tid, State: state, Blocked: blocked}
	if state != StateSleeping && state != StateIdle {
		t.Sigwait = No
	}
	return t
}

// tasks reads the threads of t.
func (f FS) tasks(t *Target) error {
	threads, err := f.Threads(t.ID.PID)
	if err != nil {
		return err
	}
	var sum signalsOfThreads
	var s Status
	var buf []byte
	t.Tasks, t.Partial = nil, false
	for _, tid := range threads {
		buf, err = f.status(place{pid: t.ID.PID, tid: tid, name: "status"}, &s, buf)
		switch {
		case errors.Is(err, ErrGone):
			continue
		case err != nil:
			return err
		case s.State.Zombie() || s.State == StateDead:
			continue
		}
		sum.add(s.Sigs)
		t.Tracer = max(t.Tracer, s.TracerPID)
		task := newTask(tid, s.State, s.Sigs.Blocked)
		if s.Sigs.Known && !t.Kernel {
			f.wait(t, &task)
		}
		t.Tasks = append(t.Tasks, task)
		if tid == t.ID.PID { // It may have changed meanwhile.
			t.State, t.MainBlocked = s.State, s.Sigs.Blocked
		}
	}
	if sum.threads == 0 {
		return fmt.Errorf("%s: %w", f.path(place{pid: t.ID.PID}), ErrGone)
	}
	t.Sigs = sum.sum
	return nil
}

// Waits finds out whether the main thread of a target from [NewTarget] is in
// sigwait(3), and for which signals. It is what most verdicts lack then.
func (f FS) Waits(t *Target) {
	if len(t.Tasks) > 0 && t.Sigs.Known && !t.Kernel {
		f.wait(t, &t.Tasks[0])
	}
}

// wait finds out whether the thread is in sigwait(3), and for which signals.
// Where neither file may be read that stays unknown.
func (f FS) wait(t *Target, task *Task) {
	name, err := f.Wchan(t.ID.PID, task.TID)
	if err != nil {
		name = "" // as if it were denied: some kernels have no such file
	}
	task.Wchan = name
	t.Freezer = max(t.Freezer, wchanFreezer(name, task.State))
	if task.Sigwait != Untold {
		return
	}
	if task.Sigwait = wchanSays(name); task.Sigwait == No {
		return
	}
	call, err := f.Syscall(t.ID.PID, task.TID)
	if err != nil {
		return
	}
	task.Sigwait = answer(call.waitsForSignal())
	if task.Sigwait != Yes {
		return
	}
	// The kernel has taken what is awaited from the blocked set. If it is still
	// in there, then the program has written over its set meanwhile.
	set, err := f.signalsAt(t.ID.PID, task.TID, call.Args[0])
	if err == nil && (set & task.Blocked).Empty() {
		task.Awaited, task.AwaitedRead = set, true
	}
}
