package tui

import (
	"maps"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
	"yinit/tui/text"
)

// Saved is all that top shows, to be written into a file and shown again.
type Saved struct {
	Snapshot snapshot.Snapshot
	History  History        // all records that are kept
	Blame    *zombie.Report // nil: not read
	// Details has the details of the processes that could be read.
	Details map[procfs.ID]snapshot.Details
	Dead    map[procfs.ID]time.Time // when each zombie was first seen
	Stuck   map[procfs.ID]time.Time // since when processes have been stopped or in uninterruptible sleep
	Trend   []Moment                // of the last minutes, oldest first
}

// A Moment is what the trends show of one snapshot.
type Moment struct {
	Time    time.Time
	Zombies int
	Pids    int
	Mem     procfs.Bytes
}

// A Saver writes snapshots.
type Saver interface {
	// Save writes what is shown, and what else it can read about it, and returns the path
	// of the file.
	Save(Saved) (path string, err error)
}

// A savedMsg is the result of Save.
type savedMsg struct {
	path string
	err  error
}

// Capture returns what top would save of a snapshot and a history.
func Capture(s snapshot.Snapshot, h History) Saved {
	w := world{}.addHistory(h).addSnapshot(s)
	return w.saved()
}

// saved returns what is shown.
func (w *world) saved() Saved {
	s := Saved{
		Snapshot: w.snap, Dead: maps.Clone(w.deadAt), Stuck: w.stuckAt, Blame: w.blame,
		History: History{Records: w.events[:len(w.events):len(w.events)], Next: w.next, Lost: w.lost, Since: w.since, Policy: w.policy, Checks: w.checks, Memory: w.memory},
	}
	for i := range w.trend {
		t := &w.trend[i]
		s.Trend = append(s.Trend, Moment{t.time, t.zombies, t.pids, procfs.Bytes(t.mem)})
	}
	return s
}

// load returns the world of a file.
func (w world) load(s *Saved) world {
	w.replay = true
	for _, m := range s.Trend {
		w.trend = append(w.trend, sample{m.Time, m.Zombies, m.Pids, float64(m.Mem)})
	}
	w.deadAt = maps.Clone(s.Dead)
	w.stuckAt = s.Stuck
	w.blame = s.Blame
	return w.addHistory(s.History).addSnapshot(s.Snapshot)
}

// save writes a snapshot of what is shown.
func (m Model) save() (Model, tea.Cmd) {
	switch {
	case m.opts.Replay != nil:
		return m.setStatus(normal, "this is a replay; the snapshot is the file itself"), nil
	case m.opts.Saver == nil || !m.world.read:
		return m.setStatus(warn, "there is nothing to write yet"), nil
	case m.saving:
		return m.setStatus(normal, "still writing the snapshot"), nil
	}
	m.saving = true
	saver, saved := m.opts.Saver, m.world.saved()
	return m.setStatus(normal, "writing a snapshot"), func() tea.Msg {
		path, err := saver.Save(saved)
		return savedMsg{path, err}
	}
}

// tellSaved says where the snapshot is, and how to get it out of a container.
func (m Model) tellSaved(msg savedMsg) Model {
	m.saving = false
	if msg.err != nil {
		return m.setStatus(bad, m.world.text(msg.err.Error()))
	}
	path := m.world.text(msg.path)
	forms := []string{"wrote " + path + "; yinit top --replay shows it", "wrote " + path}
	if out := m.world.copyOut(path); out != "" {
		forms = []string{forms[0] + "; to get it out of the container: " + out, "wrote it; get it out: " + out, "wrote it; copy: " + out, out, forms[1]}
	}
	words, _ := text.FirstFit(forms, m.world.width-1)
	return m.setStatus(strong, words)
}

// copyOut returns the command that copies a file to the host; "": this is the host. docker cp
// does not reach what is mounted on /dev.
func (w *world) copyOut(path string) string {
	name := w.containerName()
	switch {
	case w.machine():
		return ""
	case strings.HasPrefix(path, "/dev/"):
		return "docker exec " + name + " cat " + path + " > FILE"
	}
	return "docker cp " + name + ":" + path + " ."
}
