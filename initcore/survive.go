package initcore

import (
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// A panic is an internal error. It must neither end the container nor prevent it from
// ending. This file repeats in the simplest way what the machine failed to do, without
// log, history or terminal: signals are still forwarded to the programs, deaths are
// handled, and the exit status is that of the programs.

// handleSignal lets the machine handle a signal, which may have been forwarded already.
func (l *loop) handleSignal(info early.Info, passed bool) {
	sent := l.sent
	defer l.recoverWith(func() {
		if l.sent == sent && !passed { // otherwise only a later step failed
			l.forwardAnyway(unix.Signal(info.Signal))
		}
	})
	l.signal(info, passed, l.clock())
}

// handleDeath lets the machine handle a death.
func (l *loop) handleDeath(d *death) {
	p := l.find(d.PID)
	defer l.recoverWith(func() { l.countDeathAnyway(p, d) })
	l.died(d, l.clock())
}

// handleDeadline lets the machine do what is due now.
func (l *loop) handleDeadline(now time.Time) {
	before := l.phase
	defer l.recoverWith(func() { l.tickAnyway(before) })
	l.tick(now)
}

// startPrograms lets the machine start the programs.
func (l *loop) startPrograms() {
	defer l.recoverWith(func() {
		if l.next < len(l.programs) || !l.anyRuns() {
			l.failed(125, "internal error")
			l.endAnyway()
		}
	})
	l.start(l.clock())
}

// recoverWith must be deferred. It recovers from a panic, calls instead to replace the
// call that panicked, and ends the init if all programs have ended.
func (l *loop) recoverWith(instead func()) {
	r := recover()
	if r == nil {
		return
	}
	stack := debug.Stack()
	l.ignorePanic(func() { l.log.Error("internal error, please report it", "panic", r, "stack", string(stack)) })
	l.ignorePanic(instead)
	l.ignorePanic(l.endIfDone)
	if l.phase < endingLeftovers && l.done() {
		l.phase = over
	}
}

// ignorePanic calls f and recovers from a panic in it.
func (l *loop) ignorePanic(f func()) {
	defer func() { _ = recover() }()
	f()
}

// forwardAnyway replaces [machine.signal].
func (m *machine) forwardAnyway(sig unix.Signal) {
	if sig < 1 || sig > 64 {
		return
	}
	to := m.cfg.Rewrite.Of(sig)
	if to == 0 || to == sig && !history.Forwarded(int(sig)) {
		return
	}
	if m.ends(sig) {
		m.endAnyway()
		return
	}
	for _, p := range m.programs {
		if p.pid != 0 {
			_ = m.proc.kill(p.pid, to)
		}
	}
}

// endAnyway replaces [machine.stopAll].
func (m *machine) endAnyway() {
	if m.phase < stopping {
		m.phase = stopping
	}
	for i := len(m.programs) - 1; i >= 0; i-- {
		p := m.programs[i]
		p.restartAt = time.Time{}
		if sig := m.cfg.Rewrite.Of(p.stopSignal()); p.pid != 0 && sig != 0 {
			p.stoppedBy, p.stopsLater = sig, false
			if m.cfg.KillAfter > 0 && p.killAt.IsZero() {
				p.killAt = m.now.Add(m.cfg.KillAfter)
			}
			_ = m.proc.kill(p.pid, sig)
			if m.proc.stopped(p.pid) {
				_ = m.proc.kill(p.pid, unix.SIGCONT)
			}
		}
	}
}

// countDeathAnyway replaces [machine.died].
func (m *machine) countDeathAnyway(p *program, d *death) {
	if p == nil || d.Stopped != 0 {
		return
	}
	if p.pid == d.PID {
		p.pid, d.program = 0, p
		m.setStatus(d, p.Name+" "+d.Status.String())
	}
	if m.phase >= stopping || p.OnExit == Ignore || !p.restartAt.IsZero() {
		return
	}
	if m.next < len(m.programs) {
		m.failed(125, "internal error: not all programs were started")
	}
	m.endAnyway()
}

// tickAnyway replaces [machine.tick]. before is the phase in which tick was called.
func (m *machine) tickAnyway(before phase) {
	switch before {
	case delaying:
		m.endAnyway()
	case stopping:
		for _, p := range m.programs {
			if p.pid != 0 && !p.killAt.IsZero() && !m.now.Before(p.killAt) {
				p.stoppedBy, p.killAt = unix.SIGKILL, m.now.Add(killAgain)
				_ = m.proc.kill(p.pid, unix.SIGKILL)
			}
		}
	case endingLeftovers, killingLeftovers:
		m.pollAt = m.now.Add(lastPoll)
		if !m.now.Before(m.leftoversUntil) {
			m.phase = over
		}
	}
}
