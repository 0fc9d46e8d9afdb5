package initcore

import (
	"time"

	"golang.org/x/sys/unix"
)

// A stopped process cannot act on a stop signal, so SIGCONT follows it. Only a process
// that is stopped gets it: others may have a handler for SIGCONT, and users who count
// its signals would see one that nobody sent.

// lookAgain are the times after a stop signal at which the init looks again for stopped
// processes. A process may have stopped after the first look: the kernel delivers a
// SIGTSTP that is already pending together with the SIGTERM, and stops the process before
// the first instruction of its handler. The number of looks is limited, so that a process
// that stops itself again and again costs nothing.
var lookAgain = [...]time.Duration{20 * time.Millisecond, 200 * time.Millisecond, time.Second, 5 * time.Second}

// resumption is the state of the search for stopped processes after a stop signal.
type resumption struct {
	begun time.Time // when the stop signal was sent
	looks int       // looks since then
	at    time.Time // when the next look is due; zero: never
}

// resumeStopped continues the processes that were sent a stop signal just now if they
// are stopped, and plans to look again.
func (m *machine) resumeStopped() {
	m.resumption = resumption{begun: m.now, at: m.now.Add(lookAgain[0])}
	m.continueStopped()
}

// resumeAgain looks again, if that is due.
func (m *machine) resumeAgain() {
	r := &m.resumption
	if r.at.IsZero() || m.now.Before(r.at) {
		return
	}
	r.at = time.Time{}
	if r.looks++; r.looks < len(lookAgain) {
		r.at = r.begun.Add(lookAgain[r.looks])
	}
	m.continueStopped()
}

func (m *machine) continueStopped() {
	if m.phase == endingLeftovers {
		m.leftovers.continueStopped()
		return
	}
	for _, p := range m.programs {
		if p.pid == 0 || !p.toldToEnd {
			continue
		}
		if p.group {
			m.proc.continueGroup(p.pid)
		}
		// Between this look and SIGCONT the program may be continued by another process. It
		// then gets a SIGCONT that has no effect, unless it has a handler.
		if (p.stopped || m.proc.stopped(p.pid)) && (!p.group || m.proc.group(p.pid) != p.pid) {
			m.send(p, unix.SIGCONT, noInfo)
		}
	}
}
