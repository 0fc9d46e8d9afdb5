package initcore

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
)

// startFailed handles an error of fork(2), or of the preparation for it.
func (m *machine) startFailed(p *program, err error) {
	why := "cannot start " + p.Name
	m.noteWarning(why + ": " + err.Error())
	if m.retries(p, err) {
		m.planRestart(p, err)
		return
	}
	m.log.Error(why, "error", err)
	m.failed(codeOf(err), why+": "+err.Error())
	m.shutdown(why)
}

// retries reports whether a restart that failed with err is tried again later, when
// processes, memory or descriptors may be available again. At the first start such an
// error ends the init, so that the user who starts the container sees it.
func (m *machine) retries(p *program, err error) bool {
	return p.restarts && m.phase == running &&
		(errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE))
}

// The pause before a restart doubles from firstPause to longestPause. A run of at least
// steadyRun resets it.
const (
	firstPause   = time.Second
	longestPause = time.Minute
	steadyRun    = time.Minute
)

// planRestart schedules the next start of p. err is the error of the last attempt, or
// nil if p ran and ended.
func (m *machine) planRestart(p *program, err error) {
	if err == nil {
		m.countEnd(p)
	}
	first := p.RestartDelay
	if first == 0 {
		first = firstPause
	}
	if p.pause == 0 || m.now.Sub(p.begun) >= steadyRun {
		p.pause, p.tries = first, 0
	}
	if p.RestartLimit > 0 && p.tries >= p.RestartLimit {
		m.giveUp(p, err)
		return
	}
	p.tries++
	p.restarts, p.restartAt = true, m.now.Add(p.pause)
	what := "restarting " + p.Name
	if p.loop != "" {
		what += ": " + p.loop
	}
	if err != nil {
		m.log.Warn("cannot restart "+p.Name+", will try again", "error", err, "in", p.pause)
	} else {
		m.log.Warn(what, "status", p.last.String(), "in", p.pause)
	}
	p.pause = min(2*p.pause, max(longestPause, first))
}

// giveUp ends the init with the program's code: it has been restarted as often as it may.
func (m *machine) giveUp(p *program, err error) {
	why := fmt.Sprintf("%s was restarted %d times in a row, which is its restart_limit", p.Name, p.tries)
	how := p.last.String()
	if err != nil {
		how = err.Error()
	}
	m.log.Warn("not restarting "+p.Name+": "+why, "last", how)
	switch {
	case err != nil:
		m.failed(codeOf(err), why+": "+how)
	case p.last != 0:
		m.failed(p.last.Shell(), p.Name+" "+how+"; "+why)
	}
	m.shutdown(why)
}

// cancelRestarts cancels the planned restarts, because the shutdown begins. The last run
// of such a program was a failure, unless the stop was asked for.
func (m *machine) cancelRestarts() {
	for _, p := range m.programs {
		if p.restartAt.IsZero() {
			continue
		}
		p.restartAt = time.Time{}
		if p.last != 0 && m.stopSig == 0 {
			m.failed(p.last.Shell(), p.Name+" "+p.last.String())
		}
	}
}

// countEnd notes that p has ended, and whether it is in a crash loop.
func (m *machine) countEnd(p *program) {
	p.ends = append(p.ends, history.Run{Began: p.begun, Ended: m.now, Status: p.last.Shell()})
	p.ends = p.ends[max(len(p.ends)-mostEnds-1, 0):]
	p.loop = loopText(p.ends, m.now)
}

// loops returns the sentences for the report about the crash loops that go on: that of the
// run, and those of its programs.
func (m *machine) loops() (all []string) {
	if m.loop != "" {
		all = append(all, m.loop)
	}
	for _, p := range m.programs {
		if loop := loopText(p.ends, m.now); loop != "" {
			all = append(all, p.Name+": "+loop)
		}
	}
	return all
}
