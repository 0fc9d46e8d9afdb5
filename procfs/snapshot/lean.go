package snapshot

import (
	"math"
	"os"
	"slices"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A lean scan is for one look at the containers of a machine. Nearly all processes there are
// plain: they sleep or run, and their parent is in the same PID namespace. Of such a process it
// reads one file. That is the stat, where the kernel tells the pid inside without a file, and else
// the status, which has the pids in all namespaces.
type lean struct {
	r      *Reader
	uptime time.Duration
	pids   []int  // of all processes, lowest first
	seen   []seen // by the index of the pid
	parent int    // the one asked for last, and its index
	at     int
	rows   []Process
	inner  []int32                    // of the rows, see [Reader.Inner]
	spaces []*procfs.OpenPIDNamespace // of containers
	most   int                        // of these
	blind  bool                       // the kernel does not tell the pids inside
	stat   procfs.Stat
}

// seen is what a lean scan knows of a process before it makes the row.
type seen struct {
	depth int16 // in how many PID namespaces it is; 0: that was not read, or not yet
	space int32 // 1 and more: it is in the control group of PID 1 of the container with this namespace
}

// scanLean is scan with [Options.Lean]. It returns the rows of plain processes; the stats have
// the others.
func (r *Reader) scanLean(uptime time.Duration) ([]Process, error) {
	l := lean{r: r, uptime: uptime, parent: -1}
	l.blind, l.most = r.Members == nil || !r.Targets.Ours, halfOfFiles()
	defer l.close()
	r.others = map[int]*procfs.Status{}
	r.mu.Lock()
	defer r.mu.Unlock()
	stats, err := r.scanner.ScanBut(l.take, nil)
	if err != nil {
		return nil, err
	}
	r.stats = r.stats[:0]
	for i := range stats {
		r.stats = append(r.stats, &stats[i])
	}
	r.groups, r.inner = nil, l.inner
	return l.rows, nil
}

// halfOfFiles returns half of how many files this process may have open.
func halfOfFiles() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0
	}
	return int(min(r.Cur, math.MaxInt32) / 2)
}

func (l *lean) close() {
	for _, s := range l.spaces {
		_ = s.Close() // Nothing was written.
	}
}

// take reads a file of a process, and makes its row if that is enough.
func (l *lean) take(pids []int, i int) bool {
	if l.pids == nil {
		l.pids, l.seen = pids, make([]seen, len(pids))
		l.rows, l.inner = make([]Process, 0, len(pids)+spareRows), make([]int32, 0, len(pids))
	}
	pid := pids[i]
	if n := l.seen[i].space; n > 0 && l.takeMate(i, l.spaces[n-1]) {
		return true
	}
	st := &l.r.lastStatus
	if l.r.scanner.Status(pid, st) != nil {
		return false // The stat has the reason.
	}
	depth := len(st.NSpid)
	l.seen[i].depth = int16(depth)
	if depth == 2 && st.NSpid[1] == 1 {
		l.meet(pid)
	}
	if !l.plain(st) {
		l.r.others[pid] = clone(st)
		return false
	}
	l.add(l.row(st), 0)
	return true
}

// add adds a row. inner is as in [Reader.Inner].
func (l *lean) add(p Process, inner int) {
	l.rows, l.inner = append(l.rows, p), append(l.inner, int32(inner))
}

// depthOf returns in how many PID namespaces a process is; 0: that is not known.
func (l *lean) depthOf(pid int) int {
	if pid != l.parent {
		i, ok := slices.BinarySearch(l.pids, pid)
		if !ok {
			return 0
		}
		l.parent, l.at = pid, i
	}
	return int(l.seen[l.at].depth)
}

// clone returns a copy that shares no memory.
func clone(st *procfs.Status) *procfs.Status {
	copied := *st
	copied.NSpid, copied.Groups = slices.Clone(st.NSpid), slices.Clone(st.Groups)
	return &copied
}

// plain reports whether a process is plain by its status. The PID namespace of a child is that of
// its parent if both are equally deep: setns(2) leads only downwards, and whoever comes that way
// has a parent that is not as deep.
func (l *lean) plain(st *procfs.Status) bool {
	depth := len(st.NSpid)
	switch {
	case depth <= 1, st.NSpid[depth-1] == 1: // It is on the host, or PID 1.
		return false
	case l.depthOf(st.PPID) != depth: // It came from outside, or its parent has a higher pid.
		return false
	case !ordinary(st.State): // Since when, or how did it end?
		return false
	case !st.Sigs.Known, st.Sigs.Blocked.Has(int(syscall.SIGTERM)): // It may be made at the moment: how old is it?
		return false
	}
	return true
}

// row makes the row of a plain process.
func (l *lean) row(st *procfs.Status) Process {
	uid := l.r.users.Inside(st.UID[procfs.Effective])
	stat := procfs.Stat{PID: st.PID, Comm: st.Name, State: st.State, PPID: st.PPID, Threads: st.Threads}
	return Process{
		ID: procfs.ID{PID: st.PID}, PPID: st.PPID, Threads: st.Threads, State: st.State, Comm: st.Name, RSS: st.RSS,
		User: l.r.users.Name(uid), UID: uid, Sigs: st.Sigs,
		Target: verdict.NewTarget(&stat, st), Term: verdict.OutcomeUnknown,
	}
}

// meet finds the processes that are in the control group of PID 1 of a container. An engine gives
// each container a group of its own, so none of these is in a container within this one, but it
// may be in a PID namespace within that of PID 1, as a browser makes for its tabs.
func (l *lean) meet(pid int) {
	if l.blind || len(l.spaces) >= l.most {
		return
	}
	space, err := l.r.fs.OpenPIDNamespace(pid)
	if err != nil { // This user may not look into it, or it has ended.
		return
	}
	l.spaces = append(l.spaces, space)
	if inside, err := space.PID(pid); err != nil || inside != 1 {
		l.blind = err == syscall.ENOTTY
		return
	}
	for _, mate := range l.r.Members(pid) {
		if i, ok := slices.BinarySearch(l.pids, mate); ok {
			l.seen[i].space = int32(len(l.spaces))
		}
	}
}

// takeMate is take for a process in the control group of PID 1. It leaves out a process that
// docker exec started: its parent is outside the PID namespace, and so not as deep.
func (l *lean) takeMate(i int, space *procfs.OpenPIDNamespace) bool {
	s, pid := &l.stat, l.pids[i]
	if l.r.scanner.Stat(pid, s) != nil || l.depthOf(s.PPID) != 2 || !ordinary(s.State) {
		return false
	}
	inside, err := space.PID(pid)
	if err != nil { // It is in another PID namespace, or has ended.
		return false
	}
	l.seen[i].depth = 2
	l.add(Process{
		ID: s.ID(), PPID: s.PPID, PGRP: s.PGRP, Session: s.Session, Threads: s.Threads, State: s.State, Comm: s.Comm,
		CPUTime: (s.UTime + s.STime).Duration(), RSS: s.RSS.Bytes(os.Getpagesize()), Age: procfs.Age(l.uptime, s.Start),
		Term: verdict.OutcomeUnknown,
	}, inside)
	return true
}

// ordinary reports whether a process in this state is neither dead, nor stopped, nor stuck.
func ordinary(s procfs.State) bool {
	return s == procfs.StateSleeping || s == procfs.StateRunning
}

// Inner returns the pid that the process i of the last lean snapshot has in the PID namespace of
// its container. It returns 0 if the target of the process has that.
func (r *Reader) Inner(i int) int {
	if i >= len(r.inner) {
		return 0
	}
	return int(r.inner[i])
}

// Fill reads what a lean snapshot lacks of a process. p has its pid on the machine. It does
// nothing if the process has ended.
func (r *Reader) Fill(p *Process) {
	if !r.opt.Lean || p.ID.Start != 0 && p.Target != nil {
		return
	}
	stat, err := r.fs.Stat(p.ID.PID)
	if err != nil || stat.Comm != p.Comm || p.ID.Start != 0 && stat.Start != p.ID.Start {
		return
	}
	uptime, err := r.fs.Uptime()
	if err != nil {
		return
	}
	full, _ := r.process(&stat, false, uptime, 0)
	if full.Target == nil {
		return
	}
	p.ID, p.PGRP, p.Session, p.Threads, p.State = full.ID, full.PGRP, full.Session, full.Threads, full.State
	p.Age, p.CPUTime, p.Sigs, p.Target, p.Term = full.Age, full.CPUTime, full.Sigs, full.Target, full.Term
	p.User, p.UID = full.User, full.UID
}

// Outcomes is [verdict.Reader.ReadOutcomes] for a process of the last snapshot. It does not read
// again what a lean snapshot has read.
func (r *Reader) Outcomes(pid int) (*verdict.Target, error) {
	if stat := r.find(pid); stat != nil {
		if status := r.readBefore(stat); status != nil {
			return r.Targets.ReadOutcomesFrom(stat, status)
		}
	}
	return r.Targets.ReadOutcomes(pid)
}

// findLean is [Reader.Find] with [Options.Lean].
func (r *Reader) findLean(pid int) (procfs.Stat, bool) {
	status, err := r.fs.Status(pid)
	if err != nil || status.Tgid != pid { // The number is that of a thread.
		return procfs.Stat{}, false
	}
	stat, err := r.fs.Stat(pid)
	return stat, err == nil
}
