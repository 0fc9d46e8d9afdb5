package snapshot

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/asuser"
	"yinit/procfs/cgroup"
	"yinit/procfs/host"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// Options are what a [Reader] cannot read from /proc.
type Options struct {
	// Relay is as in [verdict.Reader].
	Relay func(pid int) verdict.Relay
	// Program returns the program and version of PID 1; "": use its comm. It may be
	// nil.
	Program func() string
	// Bare leaves out the command lines and what SIGTERM would do, for who needs few of them,
	// see [Reader.Cmdline] and [Reader.Foresee].
	Bare bool
	// Lean is for a single snapshot, of which few processes are of interest. It keeps no files
	// open, and has less of the others, see [Reader.Fill]: the start time of some is 0.
	Lean bool
	// Of is the container to read; nil: that of this process.
	Of *Container
}

// A Container is what a [Reader] reads of a container, beside its processes.
type Container struct {
	Group cgroup.Group  // its control group
	Users *host.Users   // its users
	Name  func() string // its host name
}

// own returns the container of this process.
func own(fs procfs.FS) *Container {
	return &Container{
		Group: cgroup.Find(fs, "self", ""), Users: host.NewUsers("/etc/passwd"),
		Name: func() string {
			name, _ := os.Hostname() // "" if the kernel does not tell
			return name
		},
	}
}

// A Reader takes snapshots. Only one goroutine at a time may call Snapshot; others may
// call Details, Resources and Find meanwhile.
type Reader struct {
	// Targets reads what decides the verdicts on signals that this process would send.
	Targets *verdict.Reader
	// Cgroup is the control group whose usage and limits are read.
	Cgroup cgroup.Group
	// Members returns the processes of the control group of a process, but not those of groups
	// below it. It returns nil if they are not known. A lean snapshot asks for those of the first
	// processes of containers. The field may be nil.
	Members func(pid int) []int

	fs      procfs.FS
	opt     Options
	scanner *procfs.Scanner
	users   *host.Users

	patience procfs.Patience
	holders  holderLook

	mu         sync.Mutex      // protects stats, which Details and Find read, too
	stats      []*procfs.Stat  // of the scanner, see [procfs.Scanner.ScanShared]
	groups     *verdict.Groups // of stats; nil: not needed yet
	lastStatus procfs.Status
	others     map[int]*procfs.Status // what a lean scan has read of those that are not plain
	inner      []int32                // see [Reader.Inner]
	seen       map[procfs.ID]*kept
	wchans     map[string]string                  // see internWchan
	signals    map[procfs.Signals]*procfs.Signals // see shareSignals
	taken      time.Time                          // time of the previous snapshot
	cpu        time.Duration                      // CPU time of the control group at the previous snapshot
	lastPID    int                                // the last allocated pid at the previous snapshot
	counter    int                                // descriptor of the file with the last pid; -1: there is none
	lastWords  []string                           // the command line that was read last, see [Reader.shareCmdline]
	round      int32                              // number of the snapshot
}

// kept is what is kept about a process from one snapshot to the next.
type kept struct {
	cpu      procfs.Ticks
	comm     string
	cmdline  []string
	status   keptStatus
	term     forecast
	switches uint64 // [procfs.Status.Switches] at the time of term
	relayOf  string // the name of the process when its relay was asked for, see complete
	// container and place are as in [Process], if placed.
	container string
	threads   int32
	round     int32 // the snapshot in which it was last seen
	renamed   int32 // the snapshot in which it first had that name
	askRelay  int32 // the snapshot in which it is to be asked for again
	ran       bool  // it has run since the command line was read
	placed    bool
	place     Place
}

// spareRows is how many rows the caller may append to those of a snapshot without copying all.
const spareRows = 64

// cmdlineRounds is the number of snapshots after which the command line of a process
// that ran is read again, because some programs write their state there.
const cmdlineRounds = 10

// NewReader returns a Reader of fs.
func NewReader(fs procfs.FS, opt Options) *Reader {
	scanner, mine := procfs.NewScanner(fs), own(fs.Base())
	if !opt.Lean {
		scanner.Keep(keepable(mine.Group.Read(), host.ReadMachine()))
	}
	if opt.Of == nil {
		opt.Of = mine
	}
	counter, err := fs.OpenLastPID()
	if err != nil {
		counter = -1 // missed processes are not counted
	}
	return &Reader{
		counter: counter,
		fs:      fs, opt: opt, Targets: verdict.NewReader(fs, opt.Relay), scanner: scanner,
		users: opt.Of.Users, Cgroup: opt.Of.Group,
		seen: map[procfs.ID]*kept{}, wchans: map[string]string{}, signals: map[procfs.Signals]*procfs.Signals{},
	}
}

// keepable returns the number of files of processes that may be kept open: as many as fit
// into a share of the memory that is left to the control group, or to the machine. The
// descriptors also have a limit of their own, see [procfs.Scanner.Keep].
func keepable(group cgroup.Usage, machine host.Machine) int {
	const share, least, most = 16, 100, 20_000
	if machine.MemMax == 0 {
		return procfs.DefaultKeep
	}
	free := int64(machine.MemMax) - int64(machine.Mem)
	if group.MemMax > 0 {
		free = min(free, int64(group.MemMax)-int64(group.Mem))
	}
	return int(min(max(free/share/procfs.KeptBytes, least), most))
}

// Close closes the descriptors that are kept open.
func (r *Reader) Close() {
	r.scanner.Close()
	if r.counter >= 0 {
		_ = syscall.Close(r.counter)
		r.counter = -1
	}
}

// Snapshot reads all processes and the state of the container.
func (r *Reader) Snapshot() (Snapshot, error) {
	uptime, err := r.fs.Uptime()
	if err != nil {
		return Snapshot{}, r.fs.WhatHelps(err)
	}
	r.users.Refresh()
	var plain []Process
	var stats []*procfs.Stat
	if r.opt.Lean {
		plain, err = r.scanLean(uptime)
		stats = r.stats
	} else {
		stats, err = r.scan()
	}
	if err != nil {
		return Snapshot{}, err
	}
	r.round++
	snap := Snapshot{Time: time.Now(), Caller: r.Targets.Caller, Procs: slices.Grow(plain, len(stats)+spareRows)}
	if !r.taken.IsZero() {
		snap.Since = snap.Time.Sub(r.taken)
	}
	r.taken = snap.Time
	appeared := 0
	for i := range stats {
		p, fresh := r.process(stats[i], r.scanner.Same(i), uptime, snap.Since)
		appeared += fresh
		snap.Procs = append(snap.Procs, p)
	}
	for id, p := range r.seen {
		if p.round != r.round {
			delete(r.seen, id)
		}
	}
	snap.Host = r.host(&snap, uptime)
	snap.Host.Missed = r.missed(appeared, snap.Since)
	return snap, nil
}

func (r *Reader) scan() ([]*procfs.Stat, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stats, err := r.scanner.ScanShared(r.stats[:0])
	if err == nil {
		r.stats = stats
	}
	r.groups = nil
	return stats, err
}

// process makes a row. It also returns the number of new threads of the process. same is as in
// [procfs.Scanner.Same].
func (r *Reader) process(s *procfs.Stat, same bool, uptime, since time.Duration) (Process, int) {
	before := r.remember(s)
	p := Process{
		ID: s.ID(), PPID: s.PPID, PGRP: s.PGRP, Session: s.Session, Threads: s.Threads, State: s.State, Comm: s.Comm,
		CPUTime: (s.UTime + s.STime).Duration(), RSS: s.RSS.Bytes(os.Getpagesize()), Age: procfs.Age(uptime, s.Start),
		Outside: s.PPID == 0 && s.PID != 1,
	}
	if p.Outside && !s.State.Ended() && !s.KernelThread() {
		r.locate(before, s.PID)
	}
	p.Place, p.Container = before.place, before.container
	if s.Zombie() {
		p.RSS = 0
	}
	used := s.UTime + s.STime
	ran := used != before.cpu
	before.ran = before.ran || ran
	p.Cmdline = r.cmdline(before, s)
	if known := before.cpu; since > 0 && used >= known {
		p.CPU = (used - known).Duration().Seconds() / min(since, max(p.Age, 10*time.Millisecond)).Seconds()
	}
	fresh := max(s.Threads-int(before.threads), 0)
	before.cpu, before.threads = used, int32(s.Threads)

	if st := r.status(before, s, ran, same); st.uid != procfs.NoID {
		uid := r.users.Inside(st.uid)
		p.User, p.UID, p.Sigs = r.users.Name(uid), uid, *st.sigs
		p.Target, p.Term = before.term.target, before.term.outcome
		p.RSS = st.exact(p.RSS)
		p.Status, p.Known = s.ExitCode, s.Zombie() && (st.mayTrace || s.ExitCode != 0)
	}
	if s.State.Ended() {
		p.Culprit = zombie.CulpritOf(s, int(before.status.tracer))
	}
	return p, fresh
}

// locate finds out, once, to which container a process belongs whose parent is outside
// the PID namespace.
func (r *Reader) locate(p *kept, pid int) {
	if p.placed {
		return
	}
	p.placed = true
	key := r.fs.ContainerKey(pid)
	same, known := key.Same(r.fs.ContainerKey(1))
	switch {
	case same || !known:
	case r.fs.SameContainer(pid):
		p.place = PlaceOurs
	default:
		p.place, p.container = PlaceOther, key.ID()
	}
}

// remember returns what is kept about the process from the previous snapshot.
func (r *Reader) remember(s *procfs.Stat) *kept {
	p, ok := r.seen[s.ID()]
	if !ok {
		p = &kept{}
		r.seen[s.ID()] = p
	}
	p.round = r.round
	return p
}

// cmdline reads the command line if the process is new or has called exec, and from
// time to time if it runs.
func (r *Reader) cmdline(p *kept, s *procfs.Stat) []string {
	if s.Zombie() || s.KernelThread() || r.opt.Bare {
		return nil
	}
	if p.cmdline == nil || p.comm != s.Comm || p.ran && (int(r.round)+s.PID)%cmdlineRounds == 0 {
		p.ran = false
		if words, ok := r.readCmdline(s.ID(), s.State, s.Threads); ok {
			p.cmdline = r.shareCmdline(words)
		}
		p.comm = s.Comm
	}
	return p.cmdline
}

// shareCmdline returns words, or the command line that was read before it if that is equal:
// the workers of a server often have the same one.
func (r *Reader) shareCmdline(words []string) []string {
	if !slices.Equal(words, r.lastWords) {
		r.lastWords = words
	}
	return r.lastWords
}

// readCmdline reads the command line, for which the kernel takes the lock of the process's
// memory. A process in uninterruptible sleep often holds it, and so may a thread that the
// state does not show; they get limited time. Others cannot hold it for long, and a read in
// another goroutine would cost more than all the rest of a look at them.
func (r *Reader) readCmdline(id procfs.ID, state procfs.State, threads int) (words []string, ok bool) {
	if state != procfs.StateDisk && threads <= 1 {
		words, err := r.fs.Cmdline(id.PID)
		return words, err == nil
	}
	var err error
	inTime := r.patience.Do(id, func() func() {
		line, failed := r.fs.Cmdline(id.PID)
		return func() { words, err = line, failed }
	})
	return words, inTime && err == nil
}

// Cmdline reads the command line of a process of the last snapshot; nil: it has none, or is in
// uninterruptible sleep and does not answer.
func (r *Reader) Cmdline(p *Process) []string {
	if p.Dead() || p.KernelThread() {
		return nil
	}
	words, _ := r.readCmdline(p.ID, p.State, p.Threads)
	return words
}

// Find returns the process pid of the last snapshot, and whether there is one.
func (r *Reader) Find(pid int) (procfs.Stat, bool) {
	if s := r.find(pid); s != nil {
		return *s, true
	}
	if r.opt.Lean {
		return r.findLean(pid)
	}
	return procfs.Stat{}, false
}

// find returns the stat of the process pid of the last snapshot; nil: there is none, or that was
// not read.
func (r *Reader) find(pid int) *procfs.Stat {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.stats, func(s *procfs.Stat) bool { return s.PID == pid })
	if i < 0 {
		return nil
	}
	return r.stats[i]
}

// readLinks reads the working directory and the executable. It leaves out what it may not
// read, and reports whether there is such.
func (d *Details) readLinks(proc procfs.FS, pid int) (denied bool) {
	var cwd, exe error
	d.Cwd, cwd = proc.Cwd(pid)
	d.Exe, exe = proc.Exe(pid)
	return errors.Is(cwd, fs.ErrPermission) || errors.Is(exe, fs.ErrPermission)
}

// Details reads the details of one process. The error matches [procfs.ErrGone] if the
// process has been reaped.
func (r *Reader) Details(id procfs.ID) (Details, error) {
	stat, err := r.fs.Stat(id.PID)
	if err != nil {
		return Details{}, err
	}
	if stat.ID() != id {
		return Details{}, procfs.ErrGone
	}
	var d Details
	if d.Sigs, err = r.fs.Signals(id.PID); err != nil {
		return Details{}, err
	}
	if d.Target, err = r.Targets.Read(id.PID); err != nil {
		return Details{}, err
	}
	r.mu.Lock()
	if r.groups == nil {
		r.groups = verdict.NewGroups(r.stats)
	}
	d.Target.Orphaned = r.groups.Orphaned(d.Target.PGRP)
	r.mu.Unlock()
	if d.readLinks(r.fs, id.PID) && os.Geteuid() == 0 {
		_ = asuser.Owner(r.fs, id.PID, func() { d.readLinks(r.fs, id.PID) })
	}
	return d, nil
}
