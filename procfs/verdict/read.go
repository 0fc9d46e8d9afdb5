package verdict

import (
	"errors"
	"fmt"

	"yinit/procfs"
)

// Read reads all that [Of] needs to know about pid, except Orphaned, Permitted and
// Relay, which do not come from the files of pid; a [Reader] adds them. It reads
// every thread, and every descriptor if the process blocks a signal. The errors are
// those of [procfs.FS.Stat].
func Read(fs procfs.FS, pid int, caller Caller) (*Target, error) {
	return read(fs, pid, func(t *Target) {
		t.readReasons(fs)
		t.UserNS = userNS(fs, pid, caller)
	})
}

// read reads what the outcomes depend on, then calls more, which may read more files of
// pid. All of them are files of the same process.
func read(fs procfs.FS, pid int, more func(*Target)) (*Target, error) {
	stat, err := fs.Stat(pid)
	if err != nil {
		return nil, err
	}
	status, err := fs.Status(pid)
	if err != nil {
		return nil, err
	}
	return readFrom(fs, &stat, &status, more)
}

// readFrom is read for a process whose stat and status the caller has already read.
func readFrom(fs procfs.FS, stat *procfs.Stat, status *procfs.Status, more func(*Target)) (*Target, error) {
	t, err := readOutcomes(fs, stat, status)
	if err != nil {
		return nil, err
	}
	more(t)
	if again, err := fs.Stat(stat.PID); err != nil || again.ID() != stat.ID() {
		return nil, gone(fs, stat.PID) // It may be another process with the same pid.
	}
	return t, nil
}

func gone(fs procfs.FS, pid int) error {
	return fmt.Errorf("%s/%d: %w", fs.Root(), pid, procfs.ErrGone)
}

func readOutcomes(fs procfs.FS, stat *procfs.Stat, status *procfs.Status) (*Target, error) {
	if stat.Dead() {
		return NewTarget(stat, status), nil
	}
	t, err := readThreads(fs, stat, status)
	if err != nil {
		return nil, err
	}
	if !t.Sigs.Blocked.Empty() && len(t.Tasks) > 0 {
		t.SignalFDs, err = fs.SignalFDs(stat.PID, t.Tasks[0].TID)
		t.FDsRead = err == nil
	}
	return t, nil
}

// readReasons reads what changes no outcome, but the reasons for it.
func (t *Target) readReasons(fs procfs.FS) {
	if t.Dead() {
		return
	}
	t.CoreOff = coreOff(fs, t.ID.PID)
	t.Language = language(fs, t)
}

// ReadThreads reads the signal state of the process of stat and of each of its
// threads, and omits the rest of what [Read] reads. The error matches
// [procfs.ErrGone] if no thread is alive.
func ReadThreads(fs procfs.FS, stat *procfs.Stat) (*Target, error) {
	status, err := fs.Status(stat.PID)
	if err != nil {
		return nil, err
	}
	return readThreads(fs, stat, &status)
}

func readThreads(fs procfs.FS, stat *procfs.Stat, status *procfs.Status) (*Target, error) {
	t := NewTarget(stat, status)
	t.Tasks, t.Partial = nil, false
	if status.Threads == 1 && !status.State.Ended() { // The file of its only thread says the same.
		t.add(fs, stat.PID, status)
	} else if err := t.addThreads(fs, status); err != nil {
		return nil, err
	}
	if len(t.Tasks) == 0 {
		return nil, gone(fs, stat.PID)
	}
	t.Dying = t.dying(status.CoreDumping)
	return t, nil
}

// addThreads adds all living threads. The status of the process is that of its main thread.
func (t *Target) addThreads(fs procfs.FS, main *procfs.Status) error {
	threads, err := fs.Threads(t.ID.PID)
	if err != nil {
		return err
	}
	var s procfs.Status
	for _, tid := range threads {
		if tid == t.ID.PID && !main.State.Ended() { // If it has, another thread may take its place by exec.
			t.add(fs, tid, main)
			continue
		}
		err := fs.ThreadStatus(t.ID.PID, tid, &s)
		switch {
		case errors.Is(err, procfs.ErrGone):
		case err != nil:
			return err
		case !s.State.Ended():
			t.add(fs, tid, &s)
		}
	}
	return nil
}

// add adds a living thread.
func (t *Target) add(fs procfs.FS, tid int, s *procfs.Status) {
	if len(t.Tasks) == 0 {
		t.Sigs = s.Sigs
	} else {
		t.Sigs = t.Sigs.WithThread(s.Sigs)
	}
	t.Tracer = max(t.Tracer, s.TracerPID)
	task := newTask(tid, s.State, s.Sigs.Blocked)
	task.Killed = s.Sigs.Pending.Has(sigKill)
	if s.RSS == 0 && !t.Kernel { // A thread in do_exit has no memory left.
		stat, err := fs.ThreadStat(t.ID.PID, tid)
		task.Exiting = err == nil && exiting(&stat)
	}
	if s.Sigs.Known && !t.Kernel {
		t.readWait(fs, &task)
	}
	t.Tasks = append(t.Tasks, task)
	if tid == t.ID.PID { // It may have changed since stat was read.
		t.State, t.MainBlocked = s.State, s.Sigs.Blocked
	}
}

// ReadWait finds out whether the main thread of a target from [NewTarget] is in
// sigwait(3), and for which signals. Most verdicts on such a target lack nothing else.
func (t *Target) ReadWait(fs procfs.FS) {
	if len(t.Tasks) > 0 && t.Sigs.Known && !t.Kernel {
		t.readWait(fs, &t.Tasks[0])
	}
}

// readWait finds out whether the thread is in sigwait(3), and for which signals. It
// stays unknown if neither wchan nor syscall may be read.
func (t *Target) readWait(fs procfs.FS, task *Task) {
	name, err := fs.Wchan(t.ID.PID, task.TID)
	if err != nil {
		name = "" // as if access was denied: some kernels do not have the file
	}
	task.Wchan = name
	t.Freezer = max(t.Freezer, wchanFreezer(name, task.State))
	if task.Sigwait != Unknown {
		return
	}
	if task.Sigwait = wchanSays(name); task.Sigwait == No {
		return
	}
	call, err := fs.Syscall(t.ID.PID, task.TID)
	if err != nil {
		return
	}
	task.Sigwait = answer(call.WaitsForSignal())
	if task.Sigwait != Yes {
		return
	}
	// While a thread waits, the kernel removes the awaited signals from its blocked
	// set. If one is in both, the program has overwritten the awaited set.
	set, err := fs.SignalSetAt(t.ID.PID, task.TID, call.Args[0])
	if err == nil && (set & task.Blocked).Empty() {
		task.Awaited, task.AwaitedRead = set, true
	}
}

// coreOff reports whether core dumps are off for pid. It is [Unknown] if the limit
// or the pattern cannot be read.
func coreOff(fs procfs.FS, pid int) Answer {
	limit, err := fs.CoreLimit(pid)
	switch {
	case err != nil:
		return Unknown
	case limit != 0:
		return No
	}
	piped, err := fs.CorePiped()
	if err != nil {
		return Unknown
	}
	return answer(!piped)
}
