package initcore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/fatal"
)

// A program may end with status 0 although a part of it has failed: the status of the
// pipeline "app | tee log" is that of tee. This file finds such failures in the history.
// It must not warn where processes fail by design, as the tests of a script do, so a
// process counts only if it
//
//   - was in the process group of the program, and ended shortly before it;
//   - failed, but neither by a signal that asks a process to end nor because of a reader
//     that had gone, and did not merely answer a question with no, as grep(1) does;
//   - and was one of several at work, or nobody asked for its status: while it ran,
//     another child of its parent did, too, which ended later, with 0 and together with
//     the program; or it was a child of the program, which never waited for it.
//
// If the program was asked to end, nothing counts.

// A success is the death of a program with status 0.
type success struct {
	program string       // its name
	id      procfs.ID    // its identity
	group   int          // its process group
	at      time.Time    // when it was reaped
	alive   map[int]bool // the leftover processes that were alive at that time
}

const (
	// failedBefore is how long before the end of the program a process may have failed:
	// the next member of its pipeline may still have to handle its last output.
	failedBefore = 10 * time.Second
	// overlap is how long two processes must have run at the same time, so that an end
	// that was noticed late does not make one that ran after the other look like this.
	overlap = 50 * time.Millisecond
	// failuresNamed is the maximum number of failures that a warning names.
	failuresNamed = 3
)

// noteSuccess notes that a program has ended with status 0, unless it was asked to end.
func (m *machine) noteSuccess(d *death) {
	unasked, _ := m.stopBefore(d.program)
	if d.Status == 0 && d.Failure == nil && d.Stat.PGRP != 0 && unasked {
		m.successes = append(m.successes, success{program: d.program.Name, id: d.id(), group: d.Stat.PGRP, at: m.now})
	}
}

// noteAlive notes which processes the last program has left behind: the init is about to
// signal them.
func (m *machine) noteAlive(living []procfs.Stat) {
	for i := range m.successes {
		m.successes[i].alive = make(map[int]bool, len(living))
		for j := range living {
			m.successes[i].alive[living[j].PID] = true
		}
	}
}

// tellHidden warns about the failures that the programs' successes hide. The history must
// have all deaths up to now.
func (m *machine) tellHidden() {
	list := m.successes
	m.successes = nil
	if len(list) == 0 {
		return
	}
	exits := m.hist.LastExits(history.ExitsKept)
	for i := range list {
		s := &list[i]
		text := m.nameFailures(s.failures(exits))
		if text == "" {
			continue
		}
		text = "exit status 0, but " + text
		if !m.alone() {
			text = s.program + ": " + text
		}
		m.noteWarning(text)
		m.log.Warn(text)
	}
}

// nameFailures lists failures in words.
func (m *machine) nameFailures(failures []*history.Record) string {
	var b strings.Builder
	for i, r := range failures {
		switch {
		case i == failuresNamed:
			fmt.Fprintf(&b, ", and %d more failed", len(failures)-i)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		m.victims.told = m.victims.told || r.ID() == m.victims.last
		fmt.Fprintf(&b, "%d", r.PID)
		if r.Comm != "" {
			fmt.Fprintf(&b, " (%s)", r.Comm)
		}
		if r.Status.Signaled() {
			b.WriteString(" was")
		}
		b.WriteString(" " + r.How())
	}
	return b.String()
}

// failures returns those of the exits that the success hides.
func (s *success) failures(exits []history.Record) (list []*history.Record) {
	for i := range exits {
		r := &exits[i]
		if !s.counts(r) || !s.neverWaitedFor(r) && !s.hasPartner(r, exits) {
			continue
		}
		if r = s.source(r, exits); !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

// source returns the failure from which r got its status: a subshell passes on that of
// its last command, whose name says more.
func (s *success) source(r *history.Record, exits []history.Record) *history.Record {
	for i := range exits {
		child := &exits[i]
		if child.OriginPPID == r.PID && child.Start >= r.Start && child.Status == r.Status && s.counts(child) {
			return child
		}
	}
	return r
}

// counts reports whether r is the exit of a process of the program that failed, not by
// design, shortly before the program ended.
func (s *success) counts(r *history.Record) bool {
	if !r.Failed() || r.Group != s.group || r.PID == s.id.PID || s.at.Sub(endOf(r)) > failedBefore {
		return false
	}
	switch unix.Signal(r.Status.Shell() - 128) { // a shell or a handler may have made it an exit status
	case unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGTERM:
		return false
	}
	return r.Status.Shell() != 1 || !answers(r.Comm)
}

// answers reports whether programs of this name exit with 1 to say no.
func answers(comm string) bool {
	switch comm {
	case "grep", "egrep", "fgrep", "zgrep", "rg", "ag", "diff", "cmp", "test", "[", "expr", "false", "which", "pgrep", "pidof", "getent":
		return true
	}
	return false
}

// neverWaitedFor reports whether r is the exit of a child of the program that was already
// dead when the program ended. SIGKILL does not count: a program may get rid of a helper
// in this way before it exits.
func (s *success) neverWaitedFor(r *history.Record) bool {
	return r.ReapedByInit && r.Status.Signal() != int(unix.SIGKILL) && r.OriginPPID == s.id.PID && r.Start >= s.id.Start && !s.alive[r.PID]
}

// hasPartner reports whether another child of the parent of r ran at the same time, and
// ended later than r, with status 0 and together with the program. A process that crashes may
// be seen to end just after the reader of its output, because its files are closed before.
// Whoever exits after its reader may have failed for want of it.
func (s *success) hasPartner(r *history.Record, exits []history.Record) bool {
	if r.OriginPPID == 0 || r.Start == 0 || r.Runtime <= 0 {
		return false
	}
	ended, earliest := r.Start+procfs.TicksOf(r.Runtime), endOf(r)
	if fatal.DumpsCore(r.Status.Shell() - 128) {
		earliest = earliest.Add(-overlap)
	}
	for i := range exits {
		p := &exits[i]
		if p.Known && p.Status == 0 && p.PID != r.PID && p.Group == s.group && p.OriginPPID == r.OriginPPID &&
			p.Start != 0 && p.Start+procfs.TicksOf(overlap) <= ended &&
			!endOf(p).Before(earliest) && s.at.Sub(endOf(p)) <= justBefore {
			return true
		}
	}
	return false
}

// endOf returns when the process ended whose exit is r.
func endOf(r *history.Record) time.Time { return r.Time.Add(-max(r.ZombieFor, 0)) }
