package initcore

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// loop waits for events and lets the machine decide. It is the only place where the
// init waits.
type loop struct {
	*machine
	feed  *early.Feed
	read  func([]early.Info) int // Read of the feed
	epoll int
	clock func() time.Time
	nap   func(time.Duration)

	unfinished      bool // a step has left signals, deaths or stops to the next one
	planned         []chore
	slept           early.Wait
	signals         [8]early.Info // see [early.Feed.Read]
	death           death
	deathsSinceTidy int // deaths since tidyUp was last called
	heap            heapAge
	idleUntil       time.Time // see limitIdleWakeups
}

func newLoop(m *machine, feed *early.Feed) (*loop, error) {
	l := &loop{machine: m, feed: feed, read: feed.Read, clock: time.Now, nap: nap, heap: newHeapAge()}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l.epoll, l.others.epoll = fd, fd
	for sig := 1; sig <= 64; sig++ {
		if m.plain(unix.Signal(sig)) {
			l.slept.Quick[sig] = uint8(m.cfg.Rewrite.Of(unix.Signal(sig)))
		}
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(feed.FD())}
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, feed.FD(), &event); err != nil {
		return nil, err
	}
	return l, nil
}

// run handles events until the machine is over. It handles events before it first
// waits: signals that arrived before the descriptor was opened do not wake the loop.
func (l *loop) run() {
	l.step()
	for l.phase != over {
		l.wait()
		l.step()
	}
	// A program may have sent signals just before its death, and they may have been
	// delivered after it was reaped. They reach no program, but they are recorded.
	end := l.clock().Add(lastTime)
	for l.readSignals(); l.unfinished && l.clock().Before(end); {
		l.unfinished = false
		l.readSignals()
		l.reapAll()
	}
	l.ignorePanic(l.recordCounts)
}

// step handles what has happened. However much that is, it soon ends: in a flood of
// signals or deaths each step handles some of both, and what is due.
func (l *loop) step() {
	l.unfinished = false
	busy := l.readSignals()
	busy = l.reapAll() || busy
	now := l.clock()
	busy = l.others.observe(now, l.unfinished) || busy
	l.ignorePanic(l.tellHidden)
	if due := l.deadline(); !due.IsZero() && !now.Before(due) {
		l.handleDeadline(now)
		busy = busy || !l.deadline().Equal(due)
	}
	busy = l.lookAtFile(now) || busy
	l.limitIdleWakeups(l.doChores(now) || busy)
	l.planTidying(now)
}

// wait blocks until an event occurs or the next deadline is reached.
func (l *loop) wait() {
	timeout := -1
	if due := l.due(); !due.IsZero() {
		// Rounded up: otherwise the loop could wake up too early, and then again.
		left := due.Sub(l.clock()) + time.Millisecond - 1
		timeout = int(min(max(left, 0), time.Hour) / time.Millisecond)
	}
	if l.unfinished {
		timeout = 0
	}
	l.slept.Calm, l.slept.LastPID = -1, 0
	if l.deadline().IsZero() && len(l.planned) == 0 && l.file.lookAt.IsZero() {
		l.slept.Calm, l.slept.LastPID = l.others.calm()
	}
	// An error counts as a wake-up; limitIdleWakeups limits their rate.
	l.feed.Sleep(&l.slept, l.epoll, timeout, l.target())
}

// readSignals handles the signals that have arrived, and reports whether there were any.
func (l *loop) readSignals() (some bool) {
	some = len(l.slept.Infos) > 0
	for i, info := range l.slept.Infos {
		l.handleSignal(info, l.slept.Passed(i))
	}
	l.slept.Infos = nil
	end := l.clock().Add(readTime)
	for range maxReads {
		n := l.read(l.signals[:])
		for _, info := range l.signals[:n] {
			l.handleSignal(info, false)
		}
		some = some || n > 0
		if n < len(l.signals) {
			return some
		}
		if l.clock().After(end) {
			break
		}
	}
	l.unfinished = true
	return some
}

// readTime is how long a step reads signals, if so many are queued. The kernel may take a
// millisecond for each, and a busy machine may give the init one in twenty.
const readTime = 2 * time.Millisecond

// The most that one step handles.
const (
	maxReads  = 32 // times 8 signals
	maxDeaths = 256
	maxStops  = 100 // of a child that is stopped and continued all the time
)

// lastTime is how long the init goes on handling signals and deaths after the end, if so
// many are left. The kernel may take more than a millisecond for one of 100,000 queued
// signals, and whoever ends the container does not wait for long.
const lastTime = 100 * time.Millisecond

// reapAll handles the deaths, and reports whether there were any. One SIGCHLD may
// stand for many deaths. Losing a SIGCHLD is harmless, since every wake-up calls
// reapAll.
func (l *loop) reapAll() (some bool) {
	began, deaths, stops := l.clock(), 0, 0
	defer func() { l.letOthersEnd(deaths, l.clock().Sub(began)) }()
	for {
		if err := l.proc.reap(&l.death); err != nil || l.death.PID == 0 {
			if err != nil && !errors.Is(err, unix.ECHILD) {
				l.log.Debug("waitid", "error", err)
			}
			return some
		}
		if l.death.Stopped == 0 {
			l.others.noteDeath(l.death.id(), !some)
		}
		some = true
		l.handleDeath(&l.death)
		if l.death.Stopped == 0 {
			l.others.noteReaped(l.death.startedAbout())
			deaths++
		} else {
			stops++
		}
		if l.deathsSinceTidy++; l.deathsSinceTidy >= tidyEvery {
			l.tidyUp()
		}
		if deaths == maxDeaths || stops == maxStops || deaths%8 == 0 && l.clock().Sub(began) > reapTime {
			l.unfinished = true
			return some
		}
	}
}

// letOthersEnd naps if the children that end are hard to find. To find one, waitid(2) steps
// over all living children that are older, and meanwhile no process can end. If thousands
// end at once, it pays to let them: then the first child is a dead one. A single death, such
// as that of the program, is no burst: what the init does about it takes time, too.
func (l *loop) letOthersEnd(deaths int, took time.Duration) {
	if deaths > 1 && l.phase != over && took > time.Duration(deaths)*slowReap {
		l.nap(min(reapShare*took, mostNap))
	}
}

const (
	// reapTime is how long a step reaps children, if that many have ended.
	reapTime = 2 * time.Millisecond
	// slowReap is how long it takes to reap a child if there are many others that live.
	slowReap = 60 * time.Microsecond
	// reapShare and mostNap are how long the nap is, compared with the time of the reaping.
	reapShare = 4
	mostNap   = 10 * time.Millisecond
)

// The limit on wake-ups without an event.
const (
	idleAllowed = 3
	idleNap     = 100 * time.Millisecond
)

// limitIdleWakeups keeps the loop from spinning if a system call fails in an unforeseen
// way: after idleAllowed wake-ups without an event it permits at most ten a second.
func (l *loop) limitIdleWakeups(busy bool) {
	if busy {
		return
	}
	now := l.clock()
	if least := now.Add(-idleAllowed * idleNap); l.idleUntil.Before(least) {
		l.idleUntil = least
	}
	l.idleUntil = l.idleUntil.Add(idleNap)
	if left := l.idleUntil.Sub(now); left > 0 {
		l.nap(min(left, idleNap))
	}
}

// nap sleeps without the runtime's timers, which need a working epoll. A signal cuts
// it short.
func nap(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&ts, nil)
}

// waitFor waits up to the given time for the channel to be closed, and reports whether
// it was closed.
func waitFor(done <-chan struct{}, while time.Duration) bool {
	for begun := time.Now(); ; nap(time.Millisecond) {
		select {
		case <-done:
			return true
		default:
		}
		if time.Since(begun) >= while {
			return false
		}
	}
}
