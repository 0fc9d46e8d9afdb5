package tui

import (
	"slices"
	"time"

	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/hint"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

const (
	markFor    = 2    // refreshes for which a new row is marked and an ended one is kept
	keepEvents = 8192 // how many records of the history are kept; more than the init's ring has
)

// world is the data that was read last. All parts of the screen show it.
type world struct {
	canvas

	replay bool // the data is from a file
	read   bool // there has been a snapshot
	snap   snapshot.Snapshot
	procs  []snapshot.Process // the processes of the snapshot, then the ended ones that are kept
	living int                // how many of procs are in the snapshot
	left   []uint8            // how many more refreshes each of procs is marked or kept
	byPID  map[int]int        // index in procs; a living process wins over an ended one
	status headerCounts       // sums over the processes of the snapshot
	widest widest             // what decides the width of columns

	trend   trend                   // of the last minutes
	deadAt  map[procfs.ID]time.Time // when each zombie ended, or was first seen, by us or by the init
	held    map[int]int             // number of zombies that a process has not reaped, by its pid
	heldLog []heldSample            // held in the last minute, oldest first
	noticed map[procfs.ID]time.Time // when the init noticed zombies, see history.KindZombie

	events []history.Record
	exits  map[int]history.Record // the last exit record of each pid
	next   uint64                 // argument for the next call of Source.History
	lost   uint64                 // records that were overwritten unread
	since  string                 // see History.Since

	historyFailed string // why the history could not be read; "": it could

	blame       *zombie.Report                // who does not reap which zombie, when a page last wanted it; nil: not read yet
	blamed      map[procfs.ID]*zombie.Culprit // the one in blame to which each zombie belongs
	blameFailed string                        // why it could not be read; "": it could

	closer map[procfs.ID]*verdict.Target // more than the snapshot has of some processes, when a page last wanted it

	hitAt    time.Time               // when pids.events last counted one more; zero: not while top looked
	policy   *doctor.Policy          // see History.Policy
	checks   *doctor.Checks          // see History.Checks; nil: not read yet
	memory   doctor.Memory           // see History.Memory
	stuckAt  map[procfs.ID]time.Time // since when processes have been stopped or in uninterruptible sleep
	facts    doctor.Facts            // what findings and stop follow from
	findings []doctor.Finding        // what is wrong, the worst first
	stop     doctor.Stop             // what a stop would do

	node       *node.Node // the containers of the machine, when a page last wanted them; nil: not read yet
	nodeFailed string     // why they could not be read; "": they could
	hints      hint.Place // how a command that the user types is led there
	where      string     // the container that all pages but that of the containers show; "": the machine, or our own

	sent []sentSignal       // the signals that this top has sent, oldest first; never modified, only replaced
	tags map[procfs.ID]bool // the processes that the user has tagged; never modified, only replaced
}

// headerCounts are sums over the processes of a snapshot.
type headerCounts struct{ threads, zombies, entered int }

// addSnapshot returns the world after a snapshot.
func (w world) addSnapshot(s snapshot.Snapshot) world {
	old := w
	w.snap, w.read = s, true
	w.living = len(s.Procs)
	w.procs = s.Procs // with room for the ended ones, unless it has been shown before
	if len(s.Procs) > 0 && len(old.snap.Procs) > 0 && &s.Procs[0] == &old.snap.Procs[0] {
		w.procs = slices.Clip(s.Procs)
	}
	w.byPID = make(map[int]int, len(s.Procs))
	w.left = make([]uint8, len(s.Procs), len(s.Procs)+16)
	w.status, w.widest = headerCounts{}, widest{}
	deadAt := make(map[procfs.ID]time.Time)
	held := make(map[int]int)
	for i := range s.Procs {
		p := &s.Procs[i]
		w.byPID[p.ID.PID] = i
		w.status.threads += p.Threads
		w.widest.pid, w.widest.user = max(w.widest.pid, p.ID.PID), max(w.widest.user, len(p.User))
		if old.read {
			w.left[i] = old.marksLeft(p.ID)
		}
		if p.Entered() {
			w.status.entered++
		}
		if p.Dead() {
			w.status.zombies++
			deadAt[p.ID] = old.firstDead(p.ID, s.Time)
			held[p.Culprit]++
		}
	}
	w.deadAt, w.held = deadAt, held
	w.heldLog = w.logHeld()
	if old.read && s.Host.PidsHits > old.snap.Host.PidsHits {
		w.hitAt = s.Time
	}
	w.trend = old.trend.add(&w.snap, w.status.zombies)
	w.stuckAt = facts.Stuck(&s, old.stuckAt)
	return w.keepDead(&old).keepTags().diagnose()
}

// marksLeft returns for how many more refreshes to mark the process as new. w is the
// world before the refresh.
func (w *world) marksLeft(id procfs.ID) uint8 {
	i, ok := w.find(id)
	if !ok {
		return markFor
	}
	if i >= w.living { // It was missing in one snapshot and is back.
		return 0
	}
	return max(w.left[i], 1) - 1
}

func (w *world) firstDead(id procfs.ID, now time.Time) time.Time {
	first := now
	if t, ok := w.deadAt[id]; ok {
		first = t
	}
	if t, ok := w.noticed[id]; ok && t.Before(first) {
		first = t
	}
	return first
}

// keepDead adds the processes of the old world that have ended.
func (w world) keepDead(old *world) world {
	for i := range old.procs {
		p := &old.procs[i]
		if _, ok := w.find(p.ID); ok {
			continue
		}
		left := uint8(markFor)
		if i >= old.living {
			left = old.left[i] - 1
		}
		if left == 0 {
			continue
		}
		if _, taken := w.byPID[p.ID.PID]; !taken {
			w.byPID[p.ID.PID] = len(w.procs)
		}
		w.procs = append(w.procs, *p)
		w.left = append(w.left, left)
	}
	return w
}

// find returns the index of the process in procs. It does not find an ended process
// whose pid belongs to another process now.
func (w *world) find(id procfs.ID) (int, bool) {
	i, ok := w.byPID[id.PID]
	return i, ok && w.procs[i].ID == id
}

// parent returns the process that p.PPID names.
func (w *world) parent(p *snapshot.Process) (*snapshot.Process, bool) {
	i, ok := w.byPID[p.PPID]
	if !ok || p.PPID == p.ID.PID {
		return nil, false
	}
	return &w.procs[i], true
}

// ended reports whether the process with this index has ended and is still shown.
func (w *world) ended(i int) bool { return i >= w.living }

// fresh reports whether the process with this index is new, so that its row is
// marked.
func (w *world) fresh(i int) bool { return i < w.living && w.left[i] > 0 }

// addHistory returns the world after a batch of records.
func (w world) addHistory(h History) world {
	w.since = h.Since
	w.lost += h.Lost
	w.next = max(w.next, h.Next)
	if h.Policy != nil {
		w.policy = h.Policy
	}
	if h.Checks != nil {
		w.checks, w.memory = h.Checks, h.Memory
	}
	if len(h.Records) == 0 {
		return w
	}
	w.events = append(w.events, h.Records...)
	exits, from := w.exits, len(w.events)-len(h.Records)
	if over := len(w.events) - keepEvents; over > 0 {
		w.events = slices.Clone(w.events[over:])
		exits, from = nil, 0
	}
	noticed := w.noticed
	if exits == nil {
		exits, noticed = make(map[int]history.Record), make(map[procfs.ID]time.Time)
	}
	for _, r := range w.events[from:] {
		switch {
		case r.Kind == history.KindExit:
			exits[r.PID] = r
			delete(noticed, r.ID())
		case r.Kind == history.KindZombie && r.Start != 0:
			noticed[r.ID()] = r.Time.Add(-r.ZombieFor)
		}
	}
	w.exits, w.noticed = exits, noticed
	return w
}

// exit returns the exit record of p, if there is one.
func (w *world) exit(p *snapshot.Process) (history.Record, bool) {
	r, ok := w.exits[p.ID.PID]
	if !ok || r.Start != 0 && r.Start != p.ID.Start {
		return history.Record{}, false
	}
	if r.Start == 0 {
		// The record has no start time. It belongs to p if p started before it.
		born := w.snap.Time.Add(-w.snap.Since - p.Age)
		return r, r.Time.After(born)
	}
	return r, true
}
