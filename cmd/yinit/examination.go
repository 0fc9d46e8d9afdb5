package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/checkup"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
)

// An examination is what one command sees of a container.
type examination struct {
	snap    snapshot.Snapshot
	facts   doctor.Facts
	found   []doctor.Finding // what is wrong, the worst first
	stop    doctor.Stop
	foreign bool             // the control group is that of this command, and not of PID 1
	zombies *zombie.Report   // nil: they could not be read
	records []history.Record // of the init; none if any user may have made them up
	since   string           // which init keeps them and since when, or why there is none
}

// examine looks at the processes of a container twice, and asks the doctor.
func examine(t *node.Target) (*examination, error) {
	w := newSource(t)
	w.once = true
	defer w.Close()
	return w.examine()
}

// examine is the function of this name. The source can be asked for more afterwards.
func (w *source) examine() (*examination, error) {
	fs := w.historyReader.fs
	first, err := w.Snapshot()
	if err != nil {
		return nil, err
	}
	stuck := facts.Stuck(&first, nil)
	time.Sleep(lookTime)
	l := &examination{}
	if l.snap, err = w.Snapshot(); err != nil {
		return nil, err
	}
	lookCloser(w, &l.snap)
	if fs.Own() { // the threads of this command end with it
		l.snap.Host.Pids -= min(l.snap.Host.Pids, int(ownThreads()))
	}
	p := facts.Past{Policy: stopPolicy(fs), Checks: checkup.Read(fs, w.Cgroup, l.snap.Procs)}
	p.Records, p.Memory, l.since = w.remember()
	p.Stuck = facts.Longer(facts.Stuck(&l.snap, stuck), checkup.Stuck(fs, l.snap.Procs), l.snap.Time)
	same := sameGroup(w.container)
	if l.snap.Host.PidsHits > first.Host.PidsHits && same {
		p.HitAt = l.snap.Time
	}
	if dead, err := w.Zombies(); err == nil {
		p.Dead, l.zombies = facts.Dead(dead, l.snap.Time), dead
	}
	l.records = p.Records
	l.facts = facts.Of(&l.snap, p)
	l.facts.Place = w.container.Place
	if w.container.Other() {
		l.facts.Signal, l.facts.Timeout = w.container.Stop(&l.snap)
	}
	if l.foreign = l.facts.Machine() || !same; l.foreign {
		l.leaveOutGroup()
	}
	l.found, l.stop = doctor.Examine(&l.facts)
	return l, nil
}

// leaveOutGroup removes the control group of this command from the facts: its limits are not
// those of the processes that are judged.
func (l *examination) leaveOutGroup() {
	f := &l.facts
	f.Host.Pids, f.Host.PidsMax, f.Host.PidsHits, f.Host.MemMax = 0, 0, 0, 0
	f.Checks.OOMKills, f.Checks.OOMGroup = 0, false
	if !f.Machine() {
		f.Checks.Unread = append(f.Checks.Unread, "this command is in another control group than PID 1, for the pids limit and the memory limit")
	}
}

// sameGroup reports whether the control groups of this command, or of the container at which it
// looks, contain PID 1, as far as that can be seen. The lines are those of cgroups(7): hierarchy-ID:controllers:path.
func sameGroup(t *node.Target) bool {
	ours, err := t.FS.ReadFile("self/cgroup")
	if t.Other() {
		ours, err = t.FS.Base().ReadFile(strconv.Itoa(t.PID) + "/cgroup")
	}
	theirs, other := t.FS.ReadFile("1/cgroup")
	if err != nil || other != nil {
		return true
	}
	paths := map[string]string{}
	for line := range strings.Lines(string(theirs)) {
		id, path, _ := strings.Cut(strings.TrimSpace(line), ":")
		paths[id] = path + "/"
	}
	for line := range strings.Lines(string(ours)) {
		id, path, _ := strings.Cut(strings.TrimSpace(line), ":")
		if !strings.HasPrefix(paths[id], strings.TrimSuffix(path, "/")+"/") {
			return false
		}
	}
	return true
}

// remember returns all records of the history, and what is known about it. The records of an
// init that may claim what it likes are no evidence, so they are left out.
func (r *historyReader) remember() (records []history.Record, m doctor.Memory, since string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.find(false)
	if r.src == nil {
		return nil, facts.MemoryOf(nil, false, r.err), r.err.Error()
	}
	h, err := r.src.Header()
	if err == nil {
		var b history.Batch
		b, err = r.src.Read(0)
		records = b.Records
	}
	m = facts.MemoryOf(&h, r.src.Own, err)
	if err != nil {
		return nil, m, err.Error()
	}
	if since, err = r.src.Since(); err != nil {
		since = err.Error()
	}
	if r.src.Remark != "" {
		since = r.src.Remark + "; " + since
	}
	switch init := r.src.Init.PID; {
	case r.src.Theirs:
		return nil, m, since + "; it belongs to another user, so nothing is concluded from it"
	case init != 0 && nested(r.fs, init):
		text := "no init of this PID namespace keeps a history"
		return nil, facts.MemoryOf(nil, false, errors.New(text)), text
	}
	return records, m, since
}

// nested reports whether a process is in a PID namespace below that of fs.
func nested(fs procfs.FS, pid int) bool {
	s, err := fs.Status(pid)
	return err == nil && len(s.NSpid) > 1
}

// memory returns what is known about the history itself.
func (r *historyReader) memory() doctor.Memory {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.src == nil {
		return facts.MemoryOf(nil, false, r.err)
	}
	h, err := r.src.Header()
	return facts.MemoryOf(&h, r.src.Own, err)
}
