package initcore

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/fatal"
)

// whyFatal says why a signal ended a program; "" if there is no evidence. sender names
// the sender of the signal, if it is known.
func (m *machine) whyFatal(d *death, sender string) string {
	p, sig := d.program, unix.Signal(d.Status.Signal())
	f := m.factsOf(d)
	f.Sender = sender
	if fatal.DumpsCore(int(sig)) {
		paths := d.paths
		if f.Comm != p.comm() {
			paths = nil // it has executed another program
		}
		f.Host = m.evidence.host(int(sig), p.Program, paths)
	}
	switch {
	case sender != "":
	case sig == unix.SIGKILL:
		f.Killers = m.killersOf(d)
		f.NoStop, f.StopAsked = m.stopBefore(p)
	case sig == unix.SIGPIPE:
		f.Readers = m.readersOf(d)
	case sig == unix.SIGHUP:
		f.HungUp = m.evidence.hungUp()
	}
	return f.Why()
}

// whyOrphan says why a signal ended an orphan, from what is known without asking.
func (m *machine) whyOrphan(d *death) string {
	if !d.Status.Signaled() {
		return "" // without an allocation: there may be thousands a second
	}
	f := m.factsOf(d)
	return f.Why()
}

func (m *machine) factsOf(d *death) fatal.Facts {
	comm := d.Stat.Comm
	if comm == "" && d.program != nil {
		comm = d.program.comm()
	}
	return fatal.Facts{Status: d.Status, PID: d.PID, Comm: comm, CPU: d.CPU, Zombie: d.Zombie}
}

// stopBefore reports whether the program was asked to end before it was killed.
func (m *machine) stopBefore(p *program) (none bool, asked string) {
	ago := func(what string, t time.Time) string {
		return what + " " + procfs.Span(m.now.Sub(t)) + " before"
	}
	switch {
	case m.stopSig != 0:
		return false, ago(procfs.SignalName(int(m.stopSig))+" had come", m.stopAt)
	case !m.stopAt.IsZero():
		return false, ago("the shutdown had begun", m.stopAt)
	case p.lastSignal == unix.SIGINT || p.lastSignal == unix.SIGQUIT:
		return false, ago(procfs.SignalName(int(p.lastSignal))+" had come", p.lastAt)
	}
	return true, ""
}

// justBefore is how long before an end another process may have ended and still have to
// do with it.
const justBefore = time.Second

// killersOf returns the processes that may have sent SIGKILL to a program: those that
// are still in /proc, the program itself if it is timeout(1), and those that the history
// has.
func (m *machine) killersOf(d *death) []fatal.Peer {
	if fatal.SendsSignals(d.Stat.Comm) {
		return []fatal.Peer{{PID: d.PID, Command: commandLine(d.program.Args)}}
	}
	list := m.evidence.killers(d.PID)
	for _, r := range m.hist.LastExits(history.ExitsKept) {
		known := slices.ContainsFunc(list, func(p fatal.Peer) bool { return p.PID == r.PID })
		if !known && m.now.Sub(r.Time) <= justBefore && fatal.SendsSignals(r.Comm) && fatal.MayName(strings.Fields(r.Cmdline), d.PID) {
			list = append(list, fatal.Peer{PID: r.PID, Command: r.Name()})
		}
	}
	return list
}

// readersOf returns the processes that may have read from a program by a pipe, as the
// members of a pipeline do, and that ended just before it.
func (m *machine) readersOf(d *death) (list []fatal.Peer) {
	exits := m.hist.LastExits(history.ExitsKept)
	for i := len(exits) - 1; i >= 0; i-- {
		r := &exits[i]
		if before := m.now.Sub(r.Time); before <= justBefore && r.Group != 0 && r.Group == d.Stat.PGRP {
			list = append(list, fatal.Peer{PID: r.PID, Command: r.Name(), Ended: procfs.Ended(r.Known, r.Status), Before: before})
		}
	}
	if len(list) > 0 {
		return list
	}
	all := m.leftovers.everyProcess()
	for i := range all {
		if s := &all[i]; s.Zombie() && s.PGRP == d.Stat.PGRP && s.PGRP != 0 {
			list = append(list, fatal.Peer{PID: s.PID, Command: s.Comm, Ended: "has ended"})
		}
	}
	return list
}

// The rate at which readZombie reads orphans, so that a burst of deaths is not slowed
// down.
const (
	zombieBurst      = 20
	zombiesPerSecond = 5
)

// readZombie reads what explains the signal that ended the child.
func (k *kernel) readZombie(d *death) {
	if k.noProc || !d.Status.Signaled() {
		return
	}
	if _, ours := k.starts[d.PID]; ours || k.zombies.Take(time.Now()) {
		d.Zombie = fatal.ReadZombie(k.fs, d.PID, d.Status.Signal())
	}
}

// evidenceLimit is how long the loop waits for a file system that holds evidence.
const evidenceLimit = 250 * time.Millisecond

// host implements evidence.
func (k *kernel) host(sig int, p *Program, paths []string) fatal.Host {
	var h fatal.Host
	dir := k.dirOf(p)
	if !k.helper.call(evidenceLimit, func() {
		executable := ""
		for _, path := range paths {
			if exists(within(dir, path)) {
				executable = within(dir, path)
				break
			}
		}
		h = fatal.ReadHost(k.fs, sig, executable, []string{dir, "/tmp", "/"})
	}) {
		return fatal.Host{} // h is still being written
	}
	return h
}

// recentPIDs is how many of the last pids allocated killers looks at.
const recentPIDs = 64

// killers implements evidence. kill(1) and its like have only just been started when
// they send a signal, so they have one of the last pids.
func (k *kernel) killers(pid int) (list []fatal.Peer) {
	load, err := k.fs.Loadavg()
	if err != nil || k.noProc {
		return nil
	}
	for other := load.LastPID; other > max(load.LastPID-recentPIDs, 1); other-- {
		if comm, err := k.fs.Comm(other); err == nil && other != pid && fatal.SendsSignals(comm) {
			list = append(list, fatal.Peer{PID: other, Command: comm})
		}
	}
	if len(list) == 0 {
		return nil
	}
	lines := make([][]string, len(list))
	if k.helper.call(evidenceLimit, func() {
		for i, p := range list {
			lines[i], _ = k.fs.Cmdline(p.PID) // a zombie has none
		}
	}) {
		kept := list[:0]
		for i, p := range list {
			if len(lines[i]) > 0 {
				p.Command = strings.Join(lines[i], " ")
			}
			if fatal.MayName(lines[i], pid) {
				kept = append(kept, p)
			}
		}
		return kept
	}
	return list
}

// hungUp implements evidence.
func (k *kernel) hungUp() bool {
	if k.console.fd < 0 {
		return false
	}
	poll := []unix.PollFd{{Fd: int32(k.console.fd)}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&unix.POLLHUP != 0
}
