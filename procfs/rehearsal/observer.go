package rehearsal

import (
	"slices"
	"sync"
	"time"

	"yinit/procfs"
	"yinit/procfs/pidfd"
	"yinit/procfs/verdict"
)

// lookEvery is the time between two looks for new processes.
const lookEvery = 20 * time.Millisecond

// The C library and the runtimes of languages block all signals while they fork: then the
// verdict is read again.
const (
	forkTries = 3
	forkTime  = 2 * time.Millisecond
)

// exiting is PF_EXITING of the kernel's sched.h.
const exiting = 0x4

// An Observer watches the processes of a container from the PID namespace above it.
type Observer struct {
	// Accounted returns how processes ended, by their pids as in the reader's FS. It is asked
	// where the kernel does not report that by pidfd. It may be nil.
	Accounted func() map[int]procfs.WaitStatus

	targets *verdict.Reader
	first   procfs.ID // PID 1 of the container
	signal  int       // the stop signal

	mu    sync.Mutex
	seen  map[procfs.ID]*watched
	order []*watched

	stop, ended chan struct{}
}

// watched is a process that is held.
type watched struct {
	Process
	id      procfs.ID
	held    *pidfd.Process
	visible bool // the kernel shows how it ended
	dead    bool
	at      time.Time // of its end
}

// NewObserver starts to watch the container whose PID 1 is first. The pids are those of
// targets.FS. signal is the stop signal.
func NewObserver(targets *verdict.Reader, first procfs.ID, signal int) *Observer {
	o := &Observer{
		targets: targets, first: first, signal: signal, seen: map[procfs.ID]*watched{},
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	o.look()
	go o.run()
	return o
}

// run waits for ends, and looks for new processes in between.
func (o *Observer) run() {
	defer close(o.ended)
	next := time.Now().Add(lookEvery)
	for {
		select {
		case <-o.stop:
			return
		default:
		}
		o.mu.Lock()
		alive := slices.Clone(o.order)
		o.mu.Unlock()
		held := make([]*pidfd.Process, len(alive))
		for i, w := range alive {
			if !w.dead {
				held[i] = w.held
			}
		}
		ended, err := pidfd.WaitAny(held, max(time.Until(next), time.Millisecond))
		if err != nil {
			time.Sleep(lookEvery) // do not spin
		}
		now := time.Now()
		o.mu.Lock()
		for i, w := range alive {
			if ended[i] {
				o.bury(w, now)
			}
		}
		o.mu.Unlock()
		if !now.Before(next) {
			o.look()
			next = now.Add(lookEvery)
		}
	}
}

// bury notes the end of a process. The status is read at once: before Linux 6.15 nothing
// shows it once the parent has reaped the process.
func (o *Observer) bury(w *watched, now time.Time) {
	if w.dead {
		return
	}
	w.dead, w.at = true, now
	if stat, err := w.held.Stat(); err == nil && stat.Dead() && (stat.ExitCode != 0 || w.visible) {
		w.Known, w.Status = true, stat.ExitCode
	}
	stat, err := o.targets.FS.Stat(o.first.PID)
	w.Orphaned = w.id != o.first && (err != nil || stat.ID() != o.first || stat.Dead() || stat.Flags&exiting != 0)
}

// look looks for new processes of the container.
func (o *Observer) look() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.targets.Scan() != nil {
		return // the next look may succeed
	}
	for i := range o.targets.Processes {
		stat := o.targets.Processes[i]
		if o.seen[stat.ID()] == nil {
			o.meet(stat)
		}
	}
}

// meet begins to watch a process, if it belongs to the container.
func (o *Observer) meet(stat *procfs.Stat) {
	fs := o.targets.FS
	status, err := fs.Status(stat.PID)
	if err != nil || len(status.NSpid) < 2 {
		return
	}
	held, err := pidfd.Hold(fs, stat.ID())
	if err != nil {
		return // it has ended
	}
	w := &watched{id: stat.ID(), held: held, visible: fs.MayTrace(stat.PID)}
	w.PID, w.Late = status.NSpid[1], true
	o.seen[w.id] = w
	o.order = append(o.order, w)
	o.read(w, stat)
	// Only the pre-stop command comes from outside then; its processes are its descendants.
	w.Hook = w.PID != 1 && w.PPID == 0
	for _, other := range o.order {
		w.Hook = w.Hook || other.Hook && other.PID == w.PPID && !other.dead
	}
}

// read reads what the stop signal would do to a process.
func (o *Observer) read(w *watched, stat *procfs.Stat) {
	w.Comm, w.PPID = stat.Comm, o.inside(stat.PPID)
	w.Cmdline, _ = o.targets.FS.CmdlineInTime(stat.PID) // nil if it has just ended
	w.Zombie = stat.Dead()
	if t, err := o.targets.Read(stat.PID); err == nil {
		w.Outcome, w.Reason = verdict.Of(t, o.signal, verdict.Anyone())
		w.Forward, _ = t.Relayed(o.signal, w.Outcome)
	}
}

// inside returns the pid inside the container; 0 for a process that is not in it.
func (o *Observer) inside(pid int) int {
	for _, w := range o.order {
		if w.id.PID == pid && !w.dead {
			return w.PID
		}
	}
	return 0
}

// Begin notes that the stop begins now: it forgets those that have ended, and reads the
// others again.
func (o *Observer) Begin() {
	o.look()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.order = slices.DeleteFunc(o.order, func(w *watched) bool {
		stat, err := w.held.Stat()
		if err != nil {
			_ = w.held.Close() // the process is gone
			return true
		}
		w.Late, w.Hook = false, false
		o.read(w, &stat)
		for try := 0; w.Outcome == verdict.OutcomePending && try < forkTries; try++ {
			time.Sleep(forkTime)
			o.read(w, &stat)
		}
		return false
	})
	slices.SortStableFunc(o.order, func(a, b *watched) int { return a.PID - b.PID })
}

// LastLook notes at which processes the stop signal is pending.
func (o *Observer) LastLook() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.order {
		if sigs, err := o.targets.FS.Signals(w.id.PID); err == nil && !w.dead {
			w.Pending = sigs.Pending.Union(sigs.SharedPending).Has(o.signal)
		}
	}
}

// Close ends the watch after the container has ended, and returns what was seen. sent is
// when the stop signal was sent.
func (o *Observer) Close(sent time.Time) []Process {
	close(o.stop)
	<-o.ended
	now := time.Now()
	all := make([]Process, 0, len(o.order))
	accounted := map[int]procfs.WaitStatus(nil)
	if o.Accounted != nil {
		accounted = o.Accounted()
	}
	for _, w := range o.order {
		if ended, err := w.held.Wait(0); err != nil || !ended {
			_ = w.held.Close() // it is in another container
			continue
		}
		o.bury(w, now)
		if status, ok := w.held.ExitStatus(); ok {
			w.Known, w.Status = true, status
		} else if status, ok := accounted[w.id.PID]; ok {
			w.Known, w.Status = true, status
		}
		_ = w.held.Close() // the process is gone
		w.At = w.at.Sub(sent)
		if w.Late && w.At < 0 {
			continue // it came and went before the signal
		}
		all = append(all, w.Process)
	}
	return all
}
