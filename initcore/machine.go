package initcore

import (
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// phase is how far the init has come.
type phase uint8

const (
	running          phase = iota // programs are being started, or run
	delaying                      // a SIGTERM waits for --delay
	stopping                      // the programs were told to end
	endingLeftovers               // they have ended; what they left behind is told to
	killingLeftovers              // and was killed
	over
)

// A machine is the rules of the init: which signal goes where, what the end of a
// program means, what happens in which order. It decides; the kernel behind its
// interfaces acts. Time is what its caller says it is, so that a test can play
// any order of events.
type machine struct {
	cfg       Config
	proc      processes
	leftovers leftovers
	terminal  terminal
	facts     facts
	hist      *history.Writer
	log       *slog.Logger
	pid       int    // of the init
	uid       uint32 // of the init
	self      string // its command name

	programs []*program
	next     int // the program to start next
	phase    phase
	stopSig  unix.Signal // that began the end; 0: a program's end did
	now      time.Time

	continueAt     time.Time      // end of the delay
	delayed        history.Record // of the signal that waits for it
	delayedInfo    early.Info     // and what came with that
	killAt         time.Time      // SIGKILL for the programs; zero: never
	leftoversUntil time.Time      // SIGKILL for the rest
	pollAt         time.Time      // next look whether any of the rest is left
	pollEvery      time.Duration

	status    int // to exit with, once known
	hasStatus bool
	verdict   string         // why it is that one, in words
	zombies   string         // who held zombies at the end
	sent      uint64         // signals to programs
	rec       history.Record // reused, so that a death allocates nothing
	others    *observer

	signalBudget, stopBudget budget
	unrecorded               unrecordedSignals
}

// program is the state of one of them.
type program struct {
	*Program
	pid       int // 0: it does not run
	stopped   bool
	group     bool
	begun     time.Time
	stoppedBy unix.Signal // what the init told it to end with; 0: nothing
	// The last signal that was forwarded to it; 0: none. What came with that, and
	// the command name of its sender, "" if that is unknown.
	lastSignal unix.Signal
	lastInfo   early.Info
	lastSender string
	restarts   bool      // it ran and ended, and is started again since
	restartAt  time.Time // of the restart that is planned; zero: none is
	backoff    time.Duration
	last       procfs.WaitStatus // of its last run, while a restart is planned
}

func newMachine(cfg Config) *machine {
	m := &machine{
		cfg: cfg, others: &observer{},
		signalBudget: newBudget(signalBurst, signalsPerSecond), stopBudget: newBudget(stopBurst, stopsPerSecond),
	}
	for i := range cfg.Programs {
		m.programs = append(m.programs, &program{Program: &cfg.Programs[i], group: cfg.Group || cfg.Session})
	}
	return m
}

// alone reports whether there is but one program: then signals are passed on as
// they are, and its status is the init's.
func (m *machine) alone() bool { return len(m.programs) == 1 }

// start starts the programs, up to the first one that others wait for.
func (m *machine) start(now time.Time) {
	m.now = now
	for m.phase == running && m.next < len(m.programs) {
		p := m.programs[m.next]
		m.next++
		if !m.launch(p) || p.Oneshot {
			break
		}
	}
	m.endIfDone()
}

// launch starts one program and reports whether it could.
func (m *machine) launch(p *program) bool {
	p.begun, p.restartAt, p.stoppedBy, p.lastSignal, p.stopped = m.now, time.Time{}, 0, 0, false
	pid, err := m.proc.start(p)
	if err != nil {
		m.startFailed(p, err)
		return false
	}
	p.pid = pid
	m.log.Info("started", "program", p.Name, "pid", pid)
	m.newRecord(history.KindStart)
	m.rec.PID, m.rec.PPID, m.rec.Parent, m.rec.OriginPPID = pid, m.pid, m.self, m.pid
	m.rec.Comm, m.rec.Cmdline, m.rec.UID = p.comm(), commandLine(p.Args), m.uid
	if p.User != nil {
		m.rec.UID = p.User.UID
	}
	m.hist.Add(&m.rec)
	return true
}

// startFailed handles that a program could not be forked.
func (m *machine) startFailed(p *program, err error) {
	why := "cannot start " + p.Name
	m.note(history.KindNote, why+": "+err.Error())
	if m.retries(p, err) {
		m.planRestart(p, err)
		return
	}
	m.log.Error(why, "error", err)
	m.failed(codeOf(err), why+": "+err.Error())
	m.shutdown(why)
}

// retries reports whether a restart that failed so is tried again later: there may
// be more processes, memory or descriptors by then. At its first start a program
// that cannot be started is an error, for whoever started the container to see.
func (m *machine) retries(p *program, err error) bool {
	return p.restarts && m.phase == running &&
		(errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE))
}

// failed notes the status of the first program that ended badly.
func (m *machine) failed(status int, why string) {
	if !m.hasStatus {
		m.status, m.hasStatus, m.verdict = status, true, why
	}
}

// died takes in the death, or the stop, of a child.
func (m *machine) died(d *death, now time.Time) {
	m.now = now
	p := m.find(d.PID)
	if d.Stopped != 0 {
		m.stopped(p, d.Stopped)
		return
	}
	if p == nil {
		m.orphanDied(d)
		return
	}
	reason := m.programDied(p, d)
	p.pid = 0
	m.setStatus(p, d, reason)
	m.reactToDeath(p, d, reason)
	m.endIfDone()
}

// stopped takes in that a signal stopped a program, or that it goes on.
func (m *machine) stopped(p *program, by unix.Signal) {
	if p == nil {
		return
	}
	if p.stopped = by != unix.SIGCONT; !p.stopped {
		return
	}
	// A shell that puts a running job into the foreground tells nobody: what shows
	// it is that the program has tried to use the terminal.
	if m.alone() && (by == unix.SIGTTIN || by == unix.SIGTTOU) && m.terminal.giveTerminal(p.pid) {
		return
	}
	for _, other := range m.programs {
		if other.pid != 0 && !other.stopped {
			return
		}
	}
	m.terminal.suspend() // they all are: to a shell, the job is
}

func (m *machine) find(pid int) *program {
	for _, p := range m.programs {
		if p.pid == pid && pid != 0 {
			return p
		}
	}
	return nil
}

// judge decides what the death means for the exit status.
func (m *machine) setStatus(p *program, d *death, reason string) {
	switch {
	case d.Failure != nil && m.retries(p, d.Failure): // as if this run had not been
	case d.Failure != nil:
		m.failed(d.Failure.Code(), reason)
	case p.OnExit == Restart && m.phase == running:
		p.last = d.Status // not its last word yet
	case m.alone():
		m.status, m.hasStatus, m.verdict = d.Status.Shell(), true, reason
	case d.Status == 0:
	case d.Status.Signaled() && d.Status.Signal() == int(p.stoppedBy) && p.stoppedBy != unix.SIGKILL:
		// It did what it was told.
	default:
		m.failed(d.Status.Shell(), reason)
	}
}

// consequence decides what the death of p means for the others.
func (m *machine) reactToDeath(p *program, d *death, reason string) {
	if m.phase != running && m.phase != delaying {
		return
	}
	switch {
	case d.Failure != nil && m.retries(p, d.Failure):
		m.planRestart(p, d.Failure)
	case d.Failure != nil:
		m.shutdown(p.Name + " could not be started")
	case p.Oneshot && d.Status == 0:
		m.start(m.now)
	case p.Oneshot:
		m.shutdown(reason + ", and the others wait for its success")
	case p.OnExit == Restart:
		m.planRestart(p, nil)
	case p.OnExit == Ignore:
	case !m.alone():
		m.shutdown(reason)
	}
}

// The delay before a restart, and the time after which it begins anew.
const (
	firstDelay  = time.Second
	longest     = time.Minute
	longEnough  = time.Minute
	delayGrowth = 2
)

// planRestart plans to start p again, after it ended or because of an error of the
// last try.
func (m *machine) planRestart(p *program, err error) {
	first := p.RestartDelay
	if first == 0 {
		first = firstDelay
	}
	if p.backoff == 0 || m.now.Sub(p.begun) >= longEnough {
		p.backoff = first
	}
	p.restarts, p.restartAt = true, m.now.Add(p.backoff)
	if err != nil {
		m.log.Warn("cannot restart "+p.Name+", will try again", "error", err, "in", p.backoff)
	} else {
		m.log.Warn("restarting "+p.Name, "status", p.last.String(), "in", p.backoff)
	}
	p.backoff = min(p.backoff*delayGrowth, max(longest, first))
}

// endIfDone moves on to the end when no program runs any more and none is to come.
func (m *machine) endIfDone() {
	if m.phase < endingLeftovers && m.done() {
		m.endLeftovers()
	}
}

// done reports whether no program runs any more and none is to come.
func (m *machine) done() bool {
	for _, p := range m.programs {
		if p.pid != 0 || !p.restartAt.IsZero() {
			return false
		}
	}
	return m.phase != running || !m.cfg.Pause && m.next == len(m.programs)
}

// exitStatus is what the init ends with.
func (m *machine) exitStatus() int {
	if !m.hasStatus && m.stopSig != 0 && m.next < len(m.programs) {
		m.status = 128 + int(m.stopSig) // the signal prevented a start
	}
	if m.cfg.Expect.Has(m.status & 0xff) {
		return 0
	}
	return m.status
}

// tick does what is due by now.
func (m *machine) tick(now time.Time) {
	m.now = now
	if !m.unrecorded.recordAt.IsZero() && !now.Before(m.unrecorded.recordAt) {
		m.recordFlood()
	}
	if m.phase == delaying && !now.Before(m.continueAt) {
		m.delayIsOver()
	}
	if m.phase == stopping && !m.killAt.IsZero() && !now.Before(m.killAt) {
		m.killAll()
	}
	if m.phase == running {
		for _, p := range m.programs {
			if !p.restartAt.IsZero() && !now.Before(p.restartAt) {
				m.launch(p)
			}
		}
	}
	if m.phase == endingLeftovers || m.phase == killingLeftovers {
		m.poll()
	}
}

// deadline is when tick has something to do; zero: only after another event.
func (m *machine) deadline() time.Time {
	var first time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	sooner(m.unrecorded.recordAt)
	switch m.phase {
	case running:
		for _, p := range m.programs {
			sooner(p.restartAt)
		}
	case delaying:
		sooner(m.continueAt)
	case stopping:
		sooner(m.killAt)
	case endingLeftovers, killingLeftovers:
		sooner(m.pollAt)
		sooner(m.leftoversUntil)
	}
	return first
}

// commandLine joins the words of a command, as much of it as a record holds.
func commandLine(args []string) string {
	line := ""
	for i, word := range args {
		if i > 0 {
			line += " "
		}
		if line += word; len(line) > history.MaxText {
			return line[:history.MaxText]
		}
	}
	return line
}

// id is the identity of a dead process, as far as it is known.
func (d *death) id() procfs.ID {
	if d.Stat.PID != d.PID {
		return procfs.ID{PID: d.PID}
	}
	return d.Stat.ID()
}
