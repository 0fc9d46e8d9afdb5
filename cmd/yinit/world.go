package main

import (
	"os"
	"runtime"
	"sync"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/host"
	"yinit/tui"
	"yinit/tui/text"
)

// world is the inspector's view of this machine: it fills tui.Source.
type world struct {
	fs      procfs.FS
	scanner *procfs.Scanner
	users   *host.Users
	cgroup  cgroup.Group
	past    past
	caller  procfs.Caller // who sends signals: we
	ours    bool          // see callerOf

	mu         sync.Mutex // for stats, which Details looks at, too
	stats      []procfs.Stat
	lastStatus procfs.Status
	seen       map[procfs.ID]*process
	taken      time.Time     // of the snapshot before
	cpu        time.Duration // of the control group then
	lastPID    int
	round      int
}

// process is what is kept of a process from one snapshot to the next.
type process struct {
	cpu     procfs.Ticks
	threads int
	comm    string
	cmdline []string
	round   int  // in which it was seen last
	ran     bool // since the command line was read
	status  statusKept
	signals foreseen
}

// cmdlineRounds is after how many snapshots the command line of a process that
// ran is read again: some programs write their state there.
const cmdlineRounds = 10

func newWorld(fs procfs.FS) *world {
	scanner := procfs.NewScanner(fs)
	scanner.Keep(procfs.DefaultKeep)
	w := &world{
		fs: fs, scanner: scanner, users: host.NewUsers("/etc/passwd"),
		cgroup: cgroup.Find(fs, "self", ""),
		seen:   map[procfs.ID]*process{}, past: past{fs: fs},
	}
	w.caller, w.ours = callerOf(fs)
	return w
}

// Snapshot implements tui.Source.
func (w *world) Snapshot() (tui.Snapshot, error) {
	uptime, err := uptimeOf(w.fs)
	if err != nil {
		return tui.Snapshot{}, err
	}
	stats, err := w.scan()
	if err != nil {
		return tui.Snapshot{}, err
	}
	w.users.Refresh()
	w.round++
	snap := tui.Snapshot{Time: time.Now(), Caller: w.caller, Procs: make([]tui.Process, 0, len(stats))}
	if !w.taken.IsZero() {
		snap.Since = snap.Time.Sub(w.taken)
	}
	w.taken = snap.Time
	appeared := 0
	for i := range stats {
		p, fresh := w.process(&stats[i], uptime, snap.Since)
		appeared += fresh
		snap.Procs = append(snap.Procs, p)
	}
	for id, p := range w.seen {
		if p.round != w.round {
			delete(w.seen, id)
		}
	}
	snap.Host = w.host(&snap, uptime)
	snap.Host.Missed = w.missed(appeared, snap.Since)
	return snap, nil
}

func (w *world) scan() ([]procfs.Stat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stats, err := w.scanner.Scan(w.stats[:0])
	if err == nil {
		w.stats = stats
	}
	return stats, err
}

// process makes a row. It returns, too, how many tasks of it are new.
func (w *world) process(s *procfs.Stat, uptime, since time.Duration) (tui.Process, int) {
	before := w.remember(s)
	p := tui.Process{
		ID: s.ID(), PPID: s.PPID, PGRP: s.PGRP, Session: s.Session, Threads: s.Threads, State: s.State, Comm: s.Comm,
		CPUTime: (s.UTime + s.STime).Duration(), RSS: s.RSS.Bytes(os.Getpagesize()), Age: procfs.Age(uptime, s.Start),
		Outside: s.PPID == 0 && s.PID != 1,
	}
	if s.Zombie() {
		p.RSS = 0
	}
	used := s.UTime + s.STime
	ran := used != before.cpu
	before.ran = before.ran || ran
	p.Cmdline = w.cmdline(before, s)
	if known := before.cpu; since > 0 && used >= known {
		p.CPU = (used - known).Duration().Seconds() / min(since, max(p.Age, 10*time.Millisecond)).Seconds()
	}
	fresh := max(s.Threads-before.threads, 0)
	before.cpu, before.threads = used, s.Threads

	if st := w.status(before, s, ran); st.uid != procfs.NoID {
		p.User, p.Sigs = w.users.Name(st.uid), st.sigs
		p.Target, p.Term = before.signals.target, before.signals.term
		p.RSS = st.exact(p.RSS)
		p.Status, p.Known = s.ExitCode, s.Zombie() && (st.traced || s.ExitCode != 0)
	}
	return p, fresh
}

// remember returns what is known of the process from the snapshot before.
func (w *world) remember(s *procfs.Stat) *process {
	p, ok := w.seen[s.ID()]
	if !ok {
		p = &process{}
		w.seen[s.ID()] = p
	}
	p.round = w.round
	return p
}

// cmdline reads the command line when the process is new, was replaced by exec,
// and from time to time if it runs.
func (w *world) cmdline(p *process, s *procfs.Stat) []string {
	if s.Zombie() || s.KernelThread() {
		return nil
	}
	if p.cmdline == nil || p.comm != s.Comm || p.ran && (w.round+s.PID)%cmdlineRounds == 0 {
		p.ran = false
		if words, err := w.fs.Cmdline(s.PID); err == nil {
			p.cmdline = words
		}
		p.comm = s.Comm
	}
	return p.cmdline
}

// missed estimates how many processes came and went between two snapshots, by
// the pids that the kernel gave out.
func (w *world) missed(appeared int, since time.Duration) int {
	load, err := w.fs.Loadavg()
	if err != nil {
		return 0
	}
	step := load.LastPID - w.lastPID
	w.lastPID = load.LastPID
	if since == 0 || step < 0 { // the pids have begun anew
		return 0
	}
	return max(step-appeared, 0)
}

// host fills what the header shows.
func (w *world) host(snap *tui.Snapshot, uptime time.Duration) tui.Host {
	h := tui.Host{CPUs: runtime.NumCPU()}
	h.Name, _ = os.Hostname()
	w.init(&h, snap, uptime)
	u := w.cgroup.Read()
	machine := host.ReadMachine()
	h.Pids, h.PidsMax = int(u.Pids), int(u.PidsMax)
	h.Mem, h.MemMax = u.Mem, u.MemMax
	if h.Mem == 0 {
		h.Mem = machine.Mem
	}
	if h.MemMax == 0 || machine.MemMax > 0 && h.MemMax > machine.MemMax {
		h.MemMax = machine.MemMax
	}
	h.CPUMax = u.CPUMax
	if h.CPUMax == 0 {
		h.CPUMax = float64(h.CPUs)
	}
	if snap.Since > 0 {
		if u.HasCPU {
			h.CPU = max(u.CPU-w.cpu, 0).Seconds() / snap.Since.Seconds()
		} else {
			for i := range snap.Procs {
				h.CPU += snap.Procs[i].CPU
			}
		}
	}
	w.cpu = u.CPU
	if n := w.scanner.Hidden(); n > 0 {
		h.NoAccess = text.Plural(n, "process is", "processes are") + " hidden from this user"
	}
	return h
}

// init says what PID 1 is.
func (w *world) init(h *tui.Host, snap *tui.Snapshot, uptime time.Duration) {
	for i := range snap.Procs {
		p := &snap.Procs[i]
		if p.ID.PID != 1 {
			continue
		}
		h.Uptime, h.Init = p.Age, p.Comm
		if program := w.past.program(); program != "" {
			h.Init = program
		}
		return
	}
	h.Uptime = uptime
}

// Details implements tui.Source.
func (w *world) Details(id procfs.ID) (tui.Details, error) {
	stat, err := w.fs.Stat(id.PID)
	if err != nil {
		return tui.Details{}, err
	}
	if stat.ID() != id {
		return tui.Details{}, procfs.ErrGone
	}
	var d tui.Details
	if d.Sigs, err = w.fs.Signals(id.PID); err != nil {
		return tui.Details{}, err
	}
	if d.Target, err = readTarget(w.fs, id.PID, w.caller, w.ours); err != nil {
		return tui.Details{}, err
	}
	w.mu.Lock()
	d.Target.Orphaned = procfs.Orphaned(d.Target.PGRP, w.stats)
	w.mu.Unlock()
	d.Cwd, _ = w.fs.Cwd(id.PID) // may be denied, and is left out then
	d.Exe, _ = w.fs.Exe(id.PID)
	return d, nil
}

var _ tui.Source = (*world)(nil)
