package snapshot

import (
	"syscall"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A lean scan is for one look at the containers of a machine. Nearly all processes there are
// plain: they sleep or run, and their parent is in the same PID namespace. Of such a process it
// reads the status only, which has its pids in all namespaces, and not the stat: the row lacks
// the start time, the age, the CPU time, the process group and the session.
type lean struct {
	r     *Reader
	depth map[int]int // in how many PID namespaces a process is, by its pid
	rows  []Process
}

// manyRows is how many rows a lean snapshot has room for at first.
const manyRows = 4096

// scanLean is scan with [Options.Lean]. It returns the rows of plain processes; the stats have
// the others.
func (r *Reader) scanLean() ([]Process, error) {
	l := lean{r: r, depth: map[int]int{}, rows: make([]Process, 0, manyRows)}
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
	r.groups = nil
	return l.rows, nil
}

// take reads the status of a process, and makes its row if that is enough. The PID namespace
// of a child is that of its parent if both are equally deep: setns(2) leads only downwards,
// and whoever comes that way has a parent that is not as deep.
func (l *lean) take(pid int) bool {
	st := &l.r.lastStatus
	if l.r.scanner.Status(pid, st) != nil {
		return false // The stat has the reason.
	}
	depth := len(st.NSpid)
	l.depth[pid] = depth
	switch {
	case depth <= 1, st.NSpid[depth-1] == 1: // It is on the host, or PID 1.
		return false
	case l.depth[st.PPID] != depth: // It came from outside, or its parent has a higher pid.
		return false
	case st.State != procfs.StateSleeping && st.State != procfs.StateRunning: // Since when, or how did it end?
		return false
	case !st.Sigs.Known, st.Sigs.Blocked.Has(int(syscall.SIGTERM)): // It may be made at the moment: how old is it?
		return false
	}
	l.rows = append(l.rows, l.row(st))
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

// Fill reads what a lean snapshot lacks of a process. p has its pid on the machine. It does
// nothing if the process has ended.
func (r *Reader) Fill(p *Process) {
	if p.ID.Start != 0 {
		return
	}
	stat, err := r.fs.Stat(p.ID.PID)
	if err != nil || stat.Comm != p.Comm {
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
