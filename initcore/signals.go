package initcore

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// siQueue is si_code of a signal with a value, see sigqueue(3).
const siQueue = -1

// noInfo is for signals that the init itself originates.
var noInfo early.Info

// signal handles a signal that the init received. It may have been forwarded
// already, see [early.Wait.Quick].
func (m *machine) signal(info early.Info, already bool, now time.Time) {
	m.now = now
	sig := unix.Signal(info.Signal)
	if sig < 1 || sig > 64 || sig == unix.SIGCHLD {
		return
	}
	if info = m.attributed(info); m.sentByInit(info) || ownInterrupt(info) {
		return
	}
	if sig == unix.SIGCONT {
		m.continued()
	}
	var (
		action history.Action
		to     []int
		passed = m.cfg.forwards(sig)
	)
	switch {
	case passed == 0, passed == sig && !history.Forwarded(int(sig)), m.strayKey(sig, originOf(info)):
		action = history.ActionDropped
	case m.ends(sig):
		action, to = m.stopRequest(info)
		if m.alone() && action == history.ActionStop {
			action = forwarded(sig, passed)
		}
	case m.phase > stopping:
		action = history.ActionDropped
	default:
		if already {
			to = []int{m.programs[0].pid}
		} else {
			to = m.forward(info, passed)
		}
		if len(to) == 0 {
			action = history.ActionDropped
		} else {
			action = forwarded(sig, passed)
		}
	}
	// The record comes last, so that it does not delay the signal.
	m.received(info, passed, action, to)
	m.suspendSession(sig, to)
	m.checkFromEngine(info, passed, to)
}

// sentByInit reports whether the init sent the signal to itself, for example the SIGPIPE
// of a broken stderr. It trusts a pid that the kernel filled in only: the signal of a
// process that writes the init's pid into siginfo_t must not be dropped.
func (m *machine) sentByInit(info early.Info) bool {
	return int(info.PID) == m.pid && originOf(info) == history.OriginProcess
}

func forwarded(sig, passed unix.Signal) history.Action {
	if sig != passed {
		return history.ActionRewritten
	}
	return history.ActionForwarded
}

// ends reports whether the signal asks the init to shut down.
func (m *machine) ends(sig unix.Signal) bool {
	if m.cfg.halts(sig) {
		return true
	}
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

// plain reports whether the loop may forward the signal before the machine handles it:
// there is one program, and no rule applies. SIGTERM is not plain because SIGCONT may
// follow it; SIGCONT and the stop signals are not because the terminal may be involved.
func (m *machine) plain(sig unix.Signal) bool {
	return m.alone() && history.Forwarded(int(sig)) && !m.ends(sig) && sig != unix.SIGCONT && !isKeyStop(sig) && m.cfg.Rewrite.Of(sig) != unix.SIGTERM
}

// target returns the pid argument of kill(2) for plain signals; 0: the machine has to
// forward them. With --group it does, because a program may leave its process group at
// any time, which [machine.send] checks. A session leader cannot leave its group, see
// setpgid(2).
func (m *machine) target() int {
	switch {
	case !m.alone() || m.phase > stopping || m.killForbidden:
		return 0
	case m.cfg.Session:
		return -m.programs[0].pid
	case m.programs[0].group:
		return 0
	default:
		return m.programs[0].pid
	}
}

// forward sends a signal that the init received to each running program, and returns
// their pids.
func (m *machine) forward(info early.Info, sig unix.Signal) (to []int) {
	for _, p := range m.programs {
		if p.pid == 0 {
			continue
		}
		m.send(p, sig, info)
		p.toldToEnd = p.toldToEnd || sig == unix.SIGTERM
		to = append(to, p.pid)
	}
	if sig == unix.SIGTERM {
		m.resumeStopped()
	}
	return to
}

// send sends a signal to a program, or to its process group, with the value in info if
// it has one. A program that has left its group, for that of another program or of the
// init, gets the signal as a single process, in addition to the members of the group.
func (m *machine) send(p *program, sig unix.Signal, info early.Info) {
	m.sent++
	var err error
	if p.group {
		err = m.sendTo(-p.pid, sig, info)
	}
	if !p.group || err != nil || m.proc.group(p.pid) != p.pid {
		err = m.sendTo(p.pid, sig, info)
	}
	if err != nil {
		m.log.Warn("cannot forward "+procfs.SignalName(int(sig)), "program", p.Name, "pid", p.pid, "error", err)
	}
}

// sendTo sends a signal to a process, or to a process group if pid is negative. It sends
// the signal without its value if the kernel cannot queue the value: Linux < 6.9 to a
// group, or when too many signals are queued.
func (m *machine) sendTo(pid int, sig unix.Signal, info early.Info) error {
	if info.Code == siQueue && m.proc.queue(pid, info, sig) == nil {
		return nil
	}
	return m.proc.kill(pid, sig)
}

// continued resumes the program after the shell has resumed the init.
func (m *machine) continued() {
	if m.alone() && m.programs[0].pid != 0 && !m.cfg.Session {
		m.terminal.resume(m.programs[0].pid)
	}
}

// received records the signal and its sender.
func (m *machine) received(info early.Info, passed unix.Signal, action history.Action, to []int) {
	for _, p := range m.programs {
		if p.pid != 0 && slices.Contains(to, p.pid) {
			p.lastSignal, p.lastInfo, p.lastSender, p.lastAt = passed, info, "", m.now
			if passed == unix.SIGSTOP || isKeyStop(passed) {
				p.stop.sent = info
			}
		}
	}
	m.newRecord(history.KindSignal)
	describeSignal(&m.rec, info, "")
	m.rec.Passed, m.rec.Action, m.rec.To = int(passed), action, to
	again := m.isRepeat(&m.rec)
	if !again && m.flooded(info) {
		return
	}
	if !again {
		m.rec.Comm = m.sender(info, originOf(info))
		m.hist.Add(&m.rec)
		m.mayRepeat(m.rec)
	}
	if action == history.ActionDelayed {
		m.delayed = m.rec
	}
	for _, p := range m.programs {
		if p.pid != 0 && slices.Contains(to, p.pid) {
			p.lastSender = m.rec.Comm
		}
	}
	if again {
		return
	}
	attrs := []any{"from", m.rec.Sender(), "action", action.String()}
	if len(to) > 0 {
		attrs = append(attrs, "to", to)
	}
	m.log.Info("received "+procfs.SignalName(int(info.Signal)), attrs...)
}

func originOf(info early.Info) history.SignalOrigin {
	return history.OriginOf(int(info.Code), int(info.PID))
}

// sender returns the command name of the process that sent a signal, or that the sender
// claims to be; "" if there is none or it is unknown.
func (m *machine) sender(info early.Info, origin history.SignalOrigin) string {
	if origin == history.OriginKernel || info.PID <= 0 {
		return ""
	}
	if name := m.facts.name(int(info.PID)); name != "" {
		return name
	}
	return m.nameOfDead(int(info.PID))
}

// nameOfDead returns the command name of a process that has just ended; "" if it is
// unknown. A subshell that sends a signal as its last command is often gone, and reaped
// by its parent, before the init reads the signal.
func (m *machine) nameOfDead(pid int) string {
	rec, now := m.rec, m.now
	name := m.others.nameOfDead(pid, now) // may record deaths
	m.rec, m.now = rec, now
	if name != "" {
		return name
	}
	exits := m.hist.LastExits(history.ExitsKept)
	for i := len(exits) - 1; i >= 0; i-- {
		if r := &exits[i]; r.PID == pid {
			if m.now.Sub(r.Time) > justBefore {
				return "" // the pid may have been reused
			}
			return r.Comm
		}
	}
	return ""
}

// describeSignal fills in the fields of a record for a signal and its sender. name is the
// command name of the sender, "" if it is unknown.
func describeSignal(r *history.Record, info early.Info, name string) {
	r.Signal, r.Code, r.PID, r.UID, r.Comm = int(info.Signal), int(info.Code), int(info.PID), info.UID, name
}

// senderText describes the sender of a signal, as the history does.
func senderText(info early.Info, name string) string {
	var r history.Record
	describeSignal(&r, info, name)
	return r.Sender()
}
