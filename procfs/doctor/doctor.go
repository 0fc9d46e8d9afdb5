// Package doctor draws conclusions from a snapshot: what a stop of the container would do
// to each process, and what is wrong or will be, with the evidence and what to do. All of
// it is pure. The pages of top, the commands and the view of a node share it.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"yinit/procfs"
	"yinit/procfs/hint"
	"yinit/procfs/snapshot"
)

// Facts are what the rules need to know. What is not known is the zero value.
type Facts struct {
	Procs  []snapshot.Process // all that live, and the zombies
	Host   snapshot.Host
	Reader int // the pid of the program that looks, which does not count

	Signal  int           // that the engine sends at a stop; 0: SIGTERM
	Timeout time.Duration // after which it sends SIGKILL; 0: [DockerTimeout]

	Policy *Policy // of yinit as PID 1; nil: unknown
	// Stops are the programs of yinit and the signals that it sends to end them; 0: the one
	// that the engine has sent. Nil: unknown.
	Stops map[procfs.ID]int

	Dead      map[procfs.ID]time.Duration // for how long, at least, each zombie has been dead
	Stuck     map[procfs.ID]time.Duration // for how long, at least, each process has been stopped or in state D
	Growth    float64                     // of the number of zombies, in a minute; 0: it does not grow steadily
	UntilFull time.Duration               // until the pids limit is reached, if its use grows as it does; 0: it does not grow, or there is no limit

	Now      time.Time // of the snapshot
	Failures []Failure // the processes that the history says have failed, the oldest first
	PidsHit  Hit       // the last time that the pids limit was hit
	OOM      Hit       // the last time that the kernel killed a process because of the memory limit
	// Strangers are the orphans that were lately reaped by a process that is not an init.
	Strangers []Stranger
	Memory    Memory // the history itself

	Checks Checks

	Place hint.Place // how a command that helps is led to the container

	kinds *sorting // see sorted
}

// A Level says how bad a finding is.
type Level uint8

// The levels.
const (
	Problem Level = iota // it is wrong now
	Risk                 // it will be wrong
	Note                 // worth knowing
)

// String returns the level in a word.
func (l Level) String() string { return [...]string{"problem", "risk", "note"}[min(l, Note)] }

// A Finding is something that is wrong, or may be. Its texts may have names that processes
// gave themselves.
type Finding struct {
	ID       string // the same in all versions: "stop-ignored"
	Level    Level
	What     string      // one clause
	Where    string      // file and line; "": it is about what runs
	Evidence string      // what was seen
	Why      string      // why it matters
	Do       string      // what helps, if possible the line to write
	Procs    []procfs.ID // that it is about, the worst first
}

// Page returns where the finding is described, below the root of the project.
func (x *Finding) Page() string { return "docs/doctor.md#" + x.ID }

// A rule finds at most one thing.
type rule func(f *Facts, s *Stop) *Finding

// rules are all of them. Findings of the same level come in this order.
var rules = [...]rule{
	cannotEnd, stopIgnored, shellFirst, pidsFull, pidsHit, oomKills, shmFull, zombiesHeld, noReaper, hardKilled,
	crashLoop, stranger, stopped, diskSleep, inherited, execPile, pidFile, wrongSignal, oomGroup,
	pidsUnlimited, openFiles, noHistory, blind, partial, unseen, unchecked,
}

// Examine returns the findings, the worst first, and the simulated stop.
func Examine(f *Facts) ([]Finding, Stop) {
	s := Simulate(f)
	var found []Finding
	for _, r := range rules {
		if x := r(f, &s); x != nil {
			x.Do = f.Place.In(x.Do)
			found = append(found, *x)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Level < found[j].Level })
	return found, s
}

// Count returns how many findings have a level.
func Count(found []Finding, l Level) (n int) {
	for i := range found {
		if found[i].Level == l {
			n++
		}
	}
	return n
}

// A sorting of the processes, made in one pass: a snapshot may have many.
type sorting struct {
	first  *snapshot.Process   // PID 1; nil: it is not there, or has ended
	second *snapshot.Process   // that with pid 2
	others []*snapshot.Process // that have to end before the container stops, by their pids
	dead   []*snapshot.Process // zombies
}

// sorted returns the processes by their kinds.
func (f *Facts) sorted() *sorting {
	if f.kinds != nil {
		return f.kinds
	}
	s := &sorting{others: make([]*snapshot.Process, 0, len(f.Procs))}
	ordered := true
	for i := range f.Procs {
		p := &f.Procs[i]
		switch {
		case p.Dead():
			s.dead = append(s.dead, p)
			continue
		case p.ID.PID == 1:
			s.first = p
			continue
		case p.ID.PID == 2:
			s.second = p
		}
		if p.ID.PID == f.Reader || p.KernelThread() {
			continue
		}
		ordered = ordered && (len(s.others) == 0 || s.others[len(s.others)-1].ID.PID < p.ID.PID)
		s.others = append(s.others, p)
	}
	if !ordered {
		slices.SortFunc(s.others, func(a, b *snapshot.Process) int { return cmp.Compare(a.ID.PID, b.ID.PID) })
	}
	f.kinds = s
	return s
}

// find returns a process that lives; nil: there is none with this pid.
func (f *Facts) find(pid int) *snapshot.Process {
	if pid == 1 {
		return f.sorted().first
	}
	for i := range f.Procs {
		if p := &f.Procs[i]; p.ID.PID == pid && !p.Dead() {
			return p
		}
	}
	return nil
}

// Machine reports whether these are the processes of a whole machine.
func (f *Facts) Machine() bool {
	p := f.sorted().second
	return p != nil && p.KernelThread()
}

// others returns the processes that have to end before the container stops, by their pids:
// not PID 1, nor the program that looks, nor a zombie.
func (f *Facts) others() []*snapshot.Process { return f.sorted().others }

// programs returns the programs of yinit, the last one first as they are stopped, and all
// other processes. If the history does not say what they are, it is the oldest child.
func (f *Facts) programs() (programs, rest []*snapshot.Process) {
	others := f.others()
	var oldest *snapshot.Process
	for _, p := range others {
		if _, ok := f.Stops[p.ID]; ok && p.PPID == 1 {
			programs = append(programs, p)
		}
		if p.PPID == 1 && (oldest == nil || p.ID.Start < oldest.ID.Start) {
			oldest = p
		}
	}
	if f.Stops == nil && oldest != nil {
		programs = append(programs, oldest)
	}
	slices.Reverse(programs)
	rest = slices.DeleteFunc(slices.Clone(others), func(p *snapshot.Process) bool {
		return p.PPID == 1 && slices.Contains(programs, p)
	})
	return programs, rest
}

// Ends reports whether the container is known to end when p does: p is a program of yinit as
// PID 1, which does not restart it or stay without it.
func (f *Facts) Ends(p *snapshot.Process) bool {
	_, ok := f.Stops[p.ID]
	return ok && p.PPID == 1 && !p.Dead() && (f.Policy == nil || !f.Policy.Stays)
}

// policy returns what yinit does at a stop, by default if it is not known.
func (f *Facts) policy(programs int) Policy {
	if f.Policy != nil {
		return *f.Policy
	}
	p := Policy{Grace: 3 * time.Second}
	if programs > 1 {
		p.KillAfter = 20 * time.Second
	}
	return p
}

// Worse reports whether there is a finding of the level, or of a worse one.
func Worse(found []Finding, than Level) bool {
	return slices.ContainsFunc(found, func(x Finding) bool { return x.Level <= than })
}

// ParseLevel parses the word of a level.
func ParseLevel(word string) (Level, error) {
	for l := Problem; l <= Note; l++ {
		if l.String() == word {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%q is not a level; write problem, risk or note", word)
}
