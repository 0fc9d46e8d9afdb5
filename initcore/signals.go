package initcore

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// siQueue is si_code of a signal with a value, see sigqueue(3).
const siQueue = -1

// signal takes in a signal that the init received, and that may have been passed
// on to the target already.
func (m *machine) signal(info early.Info, already bool, now time.Time) {
	m.now = now
	sig := unix.Signal(info.Signal)
	if sig < 1 || sig > 64 || sig == unix.SIGCHLD || int(info.PID) == m.pid {
		return // our own: SIGPIPE of a broken stderr, for one
	}
	if sig == unix.SIGCONT {
		m.continued()
	}
	var (
		action history.Action
		to     []int
		passed = m.cfg.Rewrite.Of(sig)
	)
	switch {
	case passed == 0, passed == sig && !procfs.Relayed(int(sig)):
		action = history.ActionDropped
	case m.ends(sig):
		action, to = m.stopRequest(sig)
		if m.alone() && action == history.ActionStop {
			action = forwarded(sig, passed)
		}
	case m.phase > stopping:
		action = history.ActionDropped
	default:
		if already {
			to = []int{m.programs[0].pid}
		} else {
			to = m.pass(info, passed)
		}
		if len(to) == 0 {
			action = history.ActionDropped
		} else {
			action = forwarded(sig, passed)
		}
	}
	// Only now: the signal was in a hurry, the record is not.
	m.received(info, passed, action, to)
}

func forwarded(sig, passed unix.Signal) history.Action {
	if sig != passed {
		return history.ActionRewritten
	}
	return history.ActionForwarded
}

// ends reports whether the signal asks for the end of everything.
func (m *machine) ends(sig unix.Signal) bool {
	switch sig {
	case unix.SIGTERM:
		return true
	case unix.SIGINT:
		return m.cfg.Pause || !m.alone()
	case unix.SIGQUIT:
		return !m.cfg.Pause && !m.alone()
	default:
		return false
	}
}

// plain reports whether a lone program gets the signal without further ado, so
// that it may be passed on before it is recorded. SIGTERM brings SIGCONT, and
// SIGCONT may concern the terminal.
func (m *machine) plain(sig unix.Signal) bool {
	return m.alone() && procfs.Relayed(int(sig)) && !m.ends(sig) && sig != unix.SIGCONT && sig != unix.SIGCHLD && m.cfg.Rewrite.Of(sig) != unix.SIGTERM
}

// target is who gets plain signals at once, as kill(2) names it; 0: nobody.
func (m *machine) target() int {
	switch {
	case !m.alone() || m.phase > stopping:
		return 0
	case m.programs[0].group:
		return -m.programs[0].pid
	default:
		return m.programs[0].pid
	}
}

// pass gives the signal to each program, and returns which got it.
func (m *machine) pass(info early.Info, sig unix.Signal) (to []int) {
	for _, p := range m.programs {
		if p.pid == 0 {
			continue
		}
		if info.Code == siQueue && !p.group && m.proc.queue(p.pid, info, sig) == nil {
			m.sent++
			to = append(to, p.pid)
			continue
		}
		m.send(p, sig)
		if sig == unix.SIGTERM {
			m.send(p, unix.SIGCONT) // a stopped program could not act on it
		}
		to = append(to, p.pid)
	}
	return to
}

// send sends a signal to a program, or to its process group.
func (m *machine) send(p *program, sig unix.Signal) {
	target := p.pid
	if p.group {
		target = -p.pid
	}
	m.sent++
	err := m.proc.kill(target, sig)
	if err != nil && p.group {
		err = m.proc.kill(p.pid, sig) // it may have left its group
	}
	if err != nil {
		m.log.Warn("cannot pass on "+procfs.SignalName(int(sig)), "program", p.Name, "pid", p.pid, "error", err)
	}
}

// continued resumes the program after the shell has resumed the init.
func (m *machine) continued() {
	if m.alone() && m.programs[0].pid != 0 {
		m.tty.resume(m.programs[0].pid)
	}
}

// A sender could wipe out the history with signals: so many of one kind in a row
// are recorded, and in floodTime as many again.
const (
	floodMost = 200
	floodTime = time.Second
)

// flood is one signal that one sender sends again and again.
type flood struct {
	pid, signal int32
	since       time.Time
	n, more     int
}

// flooded reports whether the signal is one of so many that it is only counted.
func (m *machine) flooded(info early.Info) bool {
	f := &m.flood
	if f.pid == info.PID && f.signal == info.Signal && m.now.Sub(f.since) < floodTime {
		if f.n++; f.n > floodMost {
			f.more++
			return true
		}
		return false
	}
	m.tellFlood()
	*f = flood{pid: info.PID, signal: info.Signal, since: m.now, n: 1}
	return false
}

// tellFlood says how many signals were only counted.
func (m *machine) tellFlood() {
	if m.flood.more > 0 {
		text := fmt.Sprintf("%s from pid %d came %d times more", procfs.SignalName(int(m.flood.signal)), m.flood.pid, m.flood.more)
		m.note(history.KindNote, text)
		m.log.Info(text)
		m.flood.more = 0
	}
}

// received records the signal and its sender.
func (m *machine) received(info early.Info, passed unix.Signal, action history.Action, to []int) {
	if m.flooded(info) {
		return
	}
	origin := originOf(info)
	m.begin(history.KindSignal)
	m.rec.PID, m.rec.UID, m.rec.Comm = int(info.PID), info.UID, m.sender(info, origin)
	if origin == history.OriginKernel {
		m.rec.PID, m.rec.UID = 0, 0 // other things are at their place in siginfo_t
	}
	m.rec.Signal, m.rec.Code, m.rec.Passed, m.rec.Action, m.rec.To = int(info.Signal), int(info.Code), int(passed), action, to
	m.hist.Add(&m.rec)
	if action == history.ActionDelayed {
		m.delayed = m.rec
	}
	for _, p := range m.programs {
		if p.pid != 0 && slices.Contains(to, p.pid) {
			p.lastSignal, p.lastSender = passed, m.rec.Sender()
		}
	}
	m.log.Info("received "+procfs.SignalName(int(info.Signal)), "from", m.rec.Sender(), "action", action.String(), "to", to)
}

func originOf(info early.Info) history.SignalOrigin {
	return history.OriginOf(int(info.Code), int(info.PID))
}

// sender is the command name of the process that sent a signal, or that the sender
// claims to be; "" if there is none or it is unknown.
func (m *machine) sender(info early.Info, origin history.SignalOrigin) string {
	if origin == history.OriginKernel || info.PID <= 0 {
		return ""
	}
	return m.who.name(int(info.PID))
}
