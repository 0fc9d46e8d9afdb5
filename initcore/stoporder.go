package initcore

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
)

// stopProgram sends a program its stop signal, and reports whether it did: --rewrite may
// drop it.
func (m *machine) stopProgram(p *program, info early.Info) bool {
	sig := m.cfg.Rewrite.Of(p.stopSignal())
	if sig == 0 {
		return false
	}
	p.stoppedBy, p.stopsLater, p.toldToEnd = sig, false, true
	m.send(p, sig, info)
	if m.cfg.KillAfter > 0 && p.killAt.IsZero() {
		p.killAt = m.now.Add(m.cfg.KillAfter)
	}
	m.checkStop(p, p.stopSignal(), sig)
	return true
}

// awaits returns the name of a program that has to end before p gets its stop signal; "":
// none.
func (m *machine) awaits(p *program) string {
	for _, other := range m.programs {
		if other.pid != 0 && slices.Contains(p.StopAfter, other.Name) {
			return other.Name
		}
	}
	return ""
}

// stopWaiting sends their stop signal to the programs that had to wait for another one,
// which has ended now.
func (m *machine) stopWaiting(ended *program) {
	some := false
	for i := len(m.programs) - 1; i >= 0; i-- {
		p := m.programs[i]
		if p.pid == 0 || !p.stopsLater || m.phase != stopping || m.awaits(p) != "" {
			continue
		}
		p.stopsLater = false
		if m.stopProgram(p, noInfo) {
			some = true
			text := procfs.SignalName(int(p.stoppedBy)) + " to " + p.Name + ": " + ended.Name + " has ended"
			m.log.Info(text, "pid", p.pid)
			m.note(history.KindStop, text)
		}
	}
	if some {
		m.resumeStopped()
	}
}

// checkStopAfter returns an error if a program is to wait for one that does not exist, or
// for itself by way of others.
func (c *Config) checkStopAfter() error {
	index := map[string]int{}
	for i := range c.Programs {
		index[c.Programs[i].Name] = i
	}
	for i := range c.Programs {
		for _, name := range c.Programs[i].StopAfter {
			if _, ok := index[name]; !ok {
				return &ProgramError{i, "stop_after", fmt.Sprintf("no program is named %q; the programs are %s", name, c.names())}
			}
		}
	}
	for i := range c.Programs {
		if circle := c.circle(index, i, nil); circle != nil {
			return &ProgramError{i, "stop_after", "a circle: " + strings.Join(circle, " stops after ") + "; remove one of them"}
		}
	}
	return nil
}

// circle returns the names of the programs for which program i waits, each for the next,
// if the last one is the first; nil if there is no such circle. before are those on the
// way to i.
func (c *Config) circle(index map[string]int, i int, before []string) []string {
	name := c.Programs[i].Name
	if len(before) > 0 && before[0] == name {
		return append(before, name)
	}
	if slices.Contains(before, name) {
		return nil // a circle of others, which is found where it begins
	}
	way := append(slices.Clip(before), name)
	for _, next := range c.Programs[i].StopAfter {
		if found := c.circle(index, index[next], way); found != nil {
			return found
		}
	}
	return nil
}

func (c *Config) names() string {
	var names []string
	for i := range c.Programs {
		names = append(names, c.Programs[i].Name)
	}
	return strings.Join(names, ", ")
}

// endedAsAsked reports whether --stop-ok applies: a stop signal had come, and the program
// ended by it or with 128 plus its number, as shells do.
func (m *machine) endedAsAsked(p *program, s procfs.WaitStatus) bool {
	n := s.Signal()
	if !s.Signaled() {
		n = s.Shell() - 128
	}
	sig := unix.Signal(n)
	if !m.cfg.StopOK || n <= 0 || sig == unix.SIGKILL {
		return false
	}
	if m.stopSig != 0 {
		return sig == m.stopSig || sig == p.stoppedBy || sig == p.lastSignal && isStop(unix.Signal(p.lastInfo.Signal))
	}
	return isStop(unix.Signal(p.lastInfo.Signal)) && (sig == p.lastSignal || sig == unix.Signal(p.lastInfo.Signal))
}

// isStop reports whether the signal usually asks a program to end.
func isStop(sig unix.Signal) bool {
	return sig == unix.SIGTERM || sig == unix.SIGINT || sig == unix.SIGQUIT
}
