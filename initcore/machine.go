package initcore

import (
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
	stopping                      // the programs got their stop signals
	endingLeftovers               // they have ended; the leftover processes got SIGTERM
	killingLeftovers              // and SIGKILL
	over                          // the init ends
)

// A machine holds the rules of the init: which signal goes where, what the end of a
// program means, what happens in which order. It decides, and acts through its
// interfaces only. Its callers pass the time in, so that a test can play any order
// of events.
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
	stopSig  unix.Signal // that asked for the shutdown; 0: none has
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
	zombies   string         // who held zombies at the end, for the report
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
	restarts   bool              // it ran and ended, and is started again since
	restartAt  time.Time         // of the restart that is planned; zero: none is
	pause      time.Duration     // before the next restart; 0: the first one
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

// alone reports whether there is only one program. Then signals are forwarded as they
// are, and the program's status is the init's.
func (m *machine) alone() bool { return len(m.programs) == 1 }

// start starts the programs, up to the first oneshot: the next ones wait for that.
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

// failed sets the exit status, which is that of the first program that failed.
func (m *machine) failed(status int, why string) {
	if !m.hasStatus {
		m.status, m.hasStatus, m.verdict = status, true, why
	}
}

func (m *machine) find(pid int) *program {
	for _, p := range m.programs {
		if p.pid == pid && pid != 0 {
			return p
		}
	}
	return nil
}

// endIfDone stops the leftover processes once no program runs and none will.
func (m *machine) endIfDone() {
	if m.phase < endingLeftovers && m.done() {
		m.endLeftovers()
	}
}

// done reports whether no program runs and none will.
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
