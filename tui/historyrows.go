package tui

import (
	"fmt"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/tui/text"
)

const (
	// likeFor is the length of the periods in which like records share a row.
	likeFor = 10 * time.Minute
	// likeFrom is the number of like records from which on they do.
	likeFrom = 5
)

// A historyRow is a line of the page: a record, a number of like ones, or the date of
// the records below.
type historyRow struct {
	at   int    // index in world.events; of like records, of the newest
	seq  uint64 // the number of that record
	like *like  // the like records that share the row; nil: it is one record
	day  bool   // the date of the record, which has the row below
}

// A likeKey is what the records of a group have in common: they say that the same
// command ended in the same way, or met with the same, within the same ten minutes.
type likeKey struct {
	kind   history.Kind
	title  string
	known  bool
	status procfs.WaitStatus
	why    string // without numbers
	parent int    // for records that are about the parent, too
	odd    bool   // the reaper is not the one that should be, or the kernel
	run    int
	period int64
}

// A like is a number of like records that share a row, that of the newest one.
type like struct {
	key           likeKey
	members       int
	first, newest int              // indices in world.events
	runs          [2]time.Duration // the shortest and the longest run time that is known
	peak          procfs.Bytes
	mixed         bool    // they have several parents
	turns         []*like // those with which they come in turn
}

// likeness returns the group to which a record may belong. Signals have none: the
// history itself counts repeated ones.
func likeness(r *history.Record) (likeKey, bool) {
	key := likeKey{kind: r.Kind, title: r.Title(), run: r.Run, period: r.Time.Unix() / int64(likeFor/time.Second)}
	switch r.Kind {
	case history.KindExit:
		key.known, key.status, key.why = r.Known, r.Status, withoutNumbers(r.Text)
		key.odd = r.ReapedByKernel || r.Stranger() != ""
	case history.KindZombie, history.KindAdopt:
		key.known, key.status, key.parent = r.Known, r.Status, r.PPID
	case history.KindStart:
	default:
		return likeKey{}, false
	}
	return key, true
}

// withoutNumbers returns the part of a text that is the same for all that the text
// describes: no digits, and nothing in parentheses.
func withoutNumbers(s string) string {
	s, _, _ = strings.Cut(s, " (")
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// makeRows lists the records that match the filter, in the order of time, and puts like
// ones into one row. It also returns the cells of the longest command.
func (h historyPage) makeRows(w *world) (rows []historyRow, longest int) {
	found := h.found(w)
	groups := h.groups(w, found)
	rows = make([]historyRow, 0, len(found))
	day := ""
	for i, at := range found {
		r := &w.events[at]
		row := historyRow{at: at, seq: r.Seq, like: groups[i]}
		if row.like != nil && row.like.newest != at {
			continue
		}
		if d := w.dayOf(r); d > day {
			if day != "" {
				rows = append(rows, historyRow{at: at, seq: r.Seq, day: true})
			}
			day = d
		}
		rows = append(rows, row)
		longest = max(longest, len(r.Title()))
	}
	return rows, longest
}

// found returns the indices of the records that match the filter and, if the user wants only
// those, are problems.
func (h historyPage) found(w *world) []int {
	found := make([]int, 0, len(w.events))
	matches := history.Matching(h.find)
	for i := range w.events {
		if history.NotInspector(&w.events[i]) && matches(&w.events[i]) && (!h.wrong || problem(&w.events[i])) {
			found = append(found, i)
		}
	}
	return found
}

// groups returns the group of each record that shares a row, nil for the others.
func (h historyPage) groups(w *world, found []int) []*like {
	byKey := map[likeKey]*like{}
	groups := make([]*like, len(found))
	for i, at := range found {
		key, ok := likeness(&w.events[at])
		if !ok || h.opened[key] {
			continue
		}
		g := byKey[key]
		if g == nil {
			g = &like{key: key, first: at}
			byKey[key] = g
		}
		g.add(w, at)
		groups[i] = g
	}
	for i, g := range groups {
		if g != nil && g.members < likeFrom {
			groups[i] = nil
		}
	}
	findTurns(groups)
	return groups
}

func (g *like) add(w *world, at int) {
	r := &w.events[at]
	g.members++
	g.newest = at
	g.mixed = g.mixed || r.PPID != w.events[g.first].PPID
	if g.runs[1] == 0 || r.Runtime > 0 && r.Runtime < g.runs[0] {
		g.runs[0] = r.Runtime
	}
	g.runs[1] = max(g.runs[1], r.Runtime)
	g.peak = max(g.peak, r.MaxRSS)
}

// words describes the group in the details of its newest record.
func (g *like) words(w *world) string {
	words := "the newest of " + text.Count(g.members) + " like it (" + g.times(w)
	if turn := g.inTurn(w); turn != "" {
		words += ", " + turn
	}
	return words + "); in the list Right shows each"
}

// parts describes the group like [history.Record.Parts] does its newest record.
func (g *like) parts(w *world) []history.Part {
	r := &w.events[g.newest]
	all := r.Parts()
	first := w.timeOf(&w.events[g.first]).Format("15:04:05") // The column of the time has that of the last.
	parts := []history.Part{{Text: g.count(w) + " since " + first, Rank: 9}}
	if turn := g.inTurn(w); turn != "" {
		parts = append(parts, history.Part{Text: turn, Rank: 8})
	}
	if r.Kind == history.KindAdopt {
		parts = append(parts, history.Part{Text: fmt.Sprintf("now children of %d (%s)", r.PPID, r.Parent), Rank: 7})
	}
	if g.runs[1] > 0 {
		ran := "ran " + procfs.Span(g.runs[0])
		if most := procfs.Span(g.runs[1]); most != procfs.Span(g.runs[0]) {
			ran += " to " + most
		}
		parts = append(parts, history.Part{Text: ran, Rank: 5})
	}
	if g.peak > 0 {
		parts = append(parts, history.Part{Text: "peak " + g.peak.String(), Rank: 3})
	}
	if last := len(all) - 1; last > 0 && !g.mixed && r.Kind == history.KindExit {
		parts = append(parts, all[last]) // the reaper
	}
	return parts
}

// problem reports whether a record is about something that went wrong.
func problem(r *history.Record) bool {
	return facts.Failed(r) || r.Kind == history.KindOOM || r.Kind == history.KindZombie || r.Warning
}

// timeOf returns the time of a record in the zone in which times are shown.
func (w *world) timeOf(r *history.Record) time.Time { return r.Time.In(w.snap.Time.Location()) }

// dayOf returns the date of a record.
func (w *world) dayOf(r *history.Record) string { return w.timeOf(r).Format(time.DateOnly) }
