package snapshot

import (
	"errors"
	"io/fs"
	"os"
	"sort"
	"time"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

const (
	mostFiles   = 4096 // open files of a process that are read
	mostThreads = 64   // threads of a process that are read
)

// Unread says why something was not read. The zero value says that it was.
type Unread uint8

// The reasons.
const (
	ReadAll     Unread = iota
	Denied             // the kernel refused it: the process belongs to another user, or has more rights
	Blocked            // the read did not end in time: the process holds the lock of its memory
	Unsupported        // this kernel, or this /proc, does not have it
)

// reasonOf returns why err came.
func reasonOf(err error) Unread {
	switch {
	case err == nil:
		return ReadAll
	case errors.Is(err, fs.ErrPermission):
		return Denied
	default:
		return Unsupported
	}
}

// Resources is what a process has, read on demand: it takes many files, and some time.
type Resources struct {
	Environ       []string // its environment when it was started, NAME=value
	EnvironUnread Unread

	Files       Files
	FilesUnread Unread
	Holders     Holders // who else has its pipes and terminals

	Limits        []procfs.ResourceLimit // nil: unknown
	Queued, Queue uint64                 // signals queued for its user, and how many may be; Queue 0: unknown
	Cgroups       []procfs.CgroupPath    // nil: unknown
	Namespaces    Namespaces
	own           []procfs.Namespace // of the process

	Threads      []Thread // of a process with many, the first ones
	ThreadsTotal int

	// Advice says what to do in order to read what was denied; "": nothing was.
	Advice string
}

// Files are the open files of a process.
type Files struct {
	Open      []procfs.OpenFile // of a process with many, the first ones
	Access    map[int]procfs.FileAccess
	Total     int
	Listening map[uint64]string // the addresses of listening sockets, by inode
}

// Namespaces compares the namespaces of a process with those of PID 1.
type Namespaces struct {
	Own    []string // the kinds in which they differ
	Same   []string // the kinds in which they do not
	Unread Unread   // of the process, or of PID 1
}

// A Thread is a thread of a process.
type Thread struct {
	TID   int
	Name  string
	State procfs.State
	CPU   time.Duration
	Wchan string // the kernel function in which it sleeps, see [procfs.FS.Wchan]; "": unknown
}

// Resources reads what a process has. Root that may not read it tries again with the
// identity of the owner, see package asuser. The error matches [procfs.ErrGone] if the
// process has been reaped.
func (r *Reader) Resources(id procfs.ID) (Resources, error) {
	stat, err := r.fs.Stat(id.PID)
	if err != nil {
		return Resources{}, err
	}
	if stat.ID() != id {
		return Resources{}, procfs.ErrGone
	}
	var all Resources
	all.Limits, _ = r.fs.ResourceLimits(id.PID)
	all.Queued, all.Queue, _ = r.fs.QueuedSignals(id.PID)
	all.Cgroups, _ = r.fs.CgroupPaths(id.PID)
	if stat.Dead() {
		return all, nil
	}
	all.Environ, all.EnvironUnread = r.environ(&stat)
	first, err := r.fs.Namespaces(1) // not as the owner of the process
	firstUnread := reasonOf(err)
	all.readOwn(r.fs, id.PID)
	if all.denied() && os.Geteuid() == 0 {
		_ = asuser.Owner(r.fs, id.PID, func() { all.readOwn(r.fs, id.PID) }) // What the owner may not read either stays denied.
	}
	all.Namespaces.compare(all.own, first, firstUnread)
	if all.denied() {
		all.Advice = asuser.Advice(r.fs, id.PID, "its user")
	}
	all.Holders = r.holders.of(r, id, &all.Files)
	if again, err := r.fs.Stat(id.PID); err != nil || again.ID() != id {
		return Resources{}, procfs.ErrGone // It may be another process with the same pid.
	}
	return all, nil
}

func (a *Resources) denied() bool {
	return a.EnvironUnread == Denied || a.FilesUnread == Denied || a.Namespaces.Unread == Denied
}

// readOwn reads what requires the right to inspect the process.
func (a *Resources) readOwn(proc procfs.FS, pid int) {
	a.Files, a.FilesUnread = readFiles(proc, pid)
	var err error
	a.own, err = proc.Namespaces(pid)
	a.Namespaces.Unread = reasonOf(err)
	a.Threads, a.ThreadsTotal = threads(proc, pid)
}

// environ reads the environment, for which the kernel takes the lock of the process's
// memory.
func (r *Reader) environ(stat *procfs.Stat) ([]string, Unread) {
	if stat.KernelThread() {
		return nil, ReadAll
	}
	var env []string
	var err error
	if !r.patience.Do(stat.ID(), func() func() {
		words, failed := r.fs.Environ(stat.PID)
		if errors.Is(failed, fs.ErrPermission) && os.Geteuid() == 0 {
			_ = asuser.Owner(r.fs, stat.PID, func() { words, failed = r.fs.Environ(stat.PID) })
		}
		return func() { env, err = words, failed }
	}) {
		return nil, Blocked
	}
	return env, reasonOf(err)
}

func readFiles(proc procfs.FS, pid int) (f Files, why Unread) {
	var err error
	if f.Open, f.Total, err = proc.OpenFiles(pid, mostFiles); err != nil {
		return Files{}, reasonOf(err)
	}
	sort.Slice(f.Open, func(i, j int) bool { return f.Open[i].FD < f.Open[j].FD })
	f.Access = map[int]procfs.FileAccess{}
	sockets := false
	for i := range f.Open {
		file := &f.Open[i]
		sockets = sockets || file.Kind == procfs.FileSocket
		if file.Kind == procfs.FilePipe && len(f.Access) < mostLinks {
			if a, err := proc.FileAccess(pid, file.FD); err == nil {
				f.Access[file.FD] = a
			}
		}
	}
	if sockets {
		f.Listening = proc.Listeners(pid)
	}
	return f, ReadAll
}

// compare sets the kinds in which the namespaces of a process differ from those of PID 1.
func (n *Namespaces) compare(own, first []procfs.Namespace, firstUnread Unread) {
	if n.Unread == ReadAll {
		n.Unread = firstUnread
	}
	if n.Unread != ReadAll {
		return
	}
	for _, ns := range own {
		for _, other := range first {
			switch {
			case other.Kind != ns.Kind:
			case other.ID == ns.ID:
				n.Same = append(n.Same, ns.Kind)
			default:
				n.Own = append(n.Own, ns.Kind)
			}
		}
	}
}

// threads reads the threads of a process.
func threads(proc procfs.FS, pid int) (all []Thread, total int) {
	tids, err := proc.Threads(pid)
	if err != nil {
		return nil, 0
	}
	for _, tid := range tids[:min(len(tids), mostThreads)] {
		stat, err := proc.ThreadStat(pid, tid)
		if err != nil {
			continue // It has ended.
		}
		t := Thread{TID: tid, Name: stat.Comm, State: stat.State, CPU: (stat.UTime + stat.STime).Duration()}
		if stat.State != procfs.StateRunning {
			t.Wchan, _ = proc.Wchan(pid, tid) // It is left out if permission is denied.
		}
		all = append(all, t)
	}
	return all, len(tids)
}
