package initcore

import (
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// phase is the state of the init.
type phase uint8

const (
	running          phase = iota // programs are being started, or run
	delaying                      // a SIGTERM waits for --delay
	stopping                      // the programs have been sent their stop signals
	endingLeftovers               // the programs have ended; the leftover processes have been sent SIGTERM
	killingLeftovers              // the leftover processes have been sent SIGKILL
	over                          // the init exits
)

// A machine holds the rules of the init: where each signal goes, what happens when a
// program ends, and the order of the shutdown. It acts through its interfaces only.
// Its callers pass the time in, so that a test can replay any order of events.
type machine struct {
	cfg       Config
	proc      processes
	leftovers leftovers
	terminal  terminal
	facts     facts
	looks     looks
	evidence  evidence
	file      fileLook // of the file of the history
	hist      *history.Writer
	log       *slog.Logger
	pid       int    // of the init
	uid       uint32 // of the init
	self      string // its command name

	programs []*program
	next     int // the program to start next
	phase    phase
	stopSig  unix.Signal // the signal that asked for the shutdown; 0: none
	stopAt   time.Time   // when the shutdown began, or the signal that asked for it came
	now      time.Time   // time of the event that is being handled

	continueAt     time.Time      // when the delay is over
	delayed        history.Record // record of the delayed signal
	delayedInfo    early.Info     // its siginfo_t
	leftoversUntil time.Time      // when the phase of the leftover processes is over
	pollAt         time.Time      // when poll next checks for leftover processes
	pollEvery      time.Duration
	resumption     resumption
	checks         stopChecks

	status    int // exit status, if hasStatus
	hasStatus bool
	verdict   string         // the reason for the exit status, as a sentence
	loop      string         // that the run is one of a crash loop, as a sentence; ""
	zombies   string         // which processes held zombies at shutdown, for the report
	sent      uint64         // number of signals sent to programs
	rec       history.Record // reused, so that a death allocates nothing
	others    *observer
	inherited early.Inherited // what the programs inherit from the init's parent

	killForbidden bool // signals are sent through pidfds

	signalBudget, stopBudget, pauseBudget history.Budget
	unrecorded                            unrecordedSignals
	repeats                               repeats

	limits    limits    // nil in tests
	successes []success // what tellHidden has to look at
	victims   victims
}

// program is the state of one program.
type program struct {
	*Program
	pid        int               // 0: the program is not running
	followed   bool              // its process is an orphan that it has left, see [Config.FollowFork]
	stopped    bool              // a signal has stopped it
	stop       stopState         // how a signal stopped it
	stopsLater bool              // it gets its stop signal when another program has ended
	toldToEnd  bool              // it was sent its stop signal, or SIGTERM
	killAt     time.Time         // when it is sent SIGKILL; zero: never
	checked    uint64            // the stop signals whose effect was checked; bit n-1 is signal n
	answer     stopAnswer        // the result of the last check
	group      bool              // signals go to its process group
	begun      time.Time         // when it was last started
	late       string            // why the init killed it; "": it did not
	stoppedBy  unix.Signal       // the stop signal or SIGKILL that the init sent; 0: none
	lastSignal unix.Signal       // the last signal that was forwarded; 0: none
	lastInfo   early.Info        // siginfo_t of the signal that was received for it
	lastSender string            // command name of the sender; "": unknown
	lastAt     time.Time         // when it was received
	restarts   bool              // a restart has been planned at least once
	restartAt  time.Time         // when the planned restart is due; zero: none is planned
	pause      time.Duration     // before the next restart; 0: no restart yet
	tries      int               // restarts since a run of at least steadyRun
	last       procfs.WaitStatus // of the last run, if a restart is planned
	ends       []history.Run     // its last ends, if it is restarted
	loop       string            // that they are a crash loop, as a sentence; ""
}

func newMachine(cfg Config) *machine {
	m := &machine{
		cfg: cfg, others: &observer{},
		signalBudget: history.NewBudget(signalBurst, signalsPerSecond), stopBudget: history.NewBudget(stopBurst, stopsPerSecond),
		pauseBudget: history.NewSlowBudget(pauseBurst, pauseEvery),
	}
	for i := range cfg.Programs {
		m.programs = append(m.programs, &program{Program: &cfg.Programs[i], group: cfg.Group || cfg.Session})
	}
	return m
}

// alone reports whether there is only one program. Then signals are forwarded as they
// are, and the program's status is the init's.
func (m *machine) alone() bool { return len(m.programs) == 1 }

// start starts the programs, up to and including the next oneshot: later programs wait
// for the oneshot to end.
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
	p.begun, p.restartAt, p.stoppedBy, p.lastSignal, p.late = m.now, time.Time{}, 0, 0, ""
	p.stopped, p.toldToEnd = false, false
	p.killAt, p.checked, p.answer, p.stopsLater, p.followed = time.Time{}, 0, stopAnswer{}, false, false
	p.stop.sent = noInfo
	pid, err := m.proc.start(p)
	if err != nil {
		m.startFailed(p, err)
		return false
	}
	p.pid = pid
	m.others.noteStart(pid)
	m.log.Info("started", "program", p.Name, "pid", pid)
	m.newRecord(history.KindStart)
	m.rec.PID, m.rec.PPID, m.rec.Parent, m.rec.OriginPPID = pid, m.pid, m.self, m.pid
	m.rec.Comm, m.rec.Cmdline, m.rec.UID = p.comm(), commandLine(p.Args), m.uid
	if p.Name != filepath.Base(p.Args[0]) { // the file gives it a name of its own
		m.rec.Text = "program " + p.Name
	}
	m.rec.StopSignal = int(m.cfg.Rewrite.Of(p.stopSignal()))
	if p.User != nil {
		m.rec.UID = p.User.UID
	}
	m.hist.Add(&m.rec)
	return true
}

// failed sets the exit status, unless an earlier failure has set it.
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

// endIfDone stops the leftover processes if no program runs or will be started.
func (m *machine) endIfDone() {
	if m.phase < endingLeftovers && m.done() {
		m.endLeftovers()
	}
}

// done reports whether no program runs or will be started.
func (m *machine) done() bool {
	for _, p := range m.programs {
		if p.pid != 0 || !p.restartAt.IsZero() {
			return false
		}
	}
	return m.phase != running || !m.cfg.Pause && m.next == len(m.programs)
}

// exitStatus returns the exit status of the init.
func (m *machine) exitStatus() int {
	if !m.hasStatus && m.stopSig != 0 && m.next < len(m.programs) {
		if m.cfg.StopOK {
			return 0
		}
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
	m.recordDue(now)
	m.resumeAgain()
	m.doChecks()
	if m.phase == delaying && !now.Before(m.continueAt) {
		m.delayIsOver()
	}
	if m.phase == stopping {
		m.killLate()
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

// deadline returns the time at which tick next has something to do; zero: it has
// nothing to do until another event occurs.
func (m *machine) deadline() time.Time {
	var first time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	sooner(earlier(m.unrecorded.recordAt, m.repeats.recordAt))
	sooner(m.resumption.at)
	sooner(m.nextCheck())
	switch m.phase {
	case running:
		for _, p := range m.programs {
			sooner(p.restartAt)
		}
	case delaying:
		sooner(m.continueAt)
	case stopping:
		for _, p := range m.programs {
			if p.pid != 0 {
				sooner(p.killAt)
			}
		}
	case endingLeftovers, killingLeftovers:
		sooner(m.pollAt)
		sooner(m.leftoversUntil)
	}
	return first
}

// commandLine joins the words of a command, cut to the length that a record holds.
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
