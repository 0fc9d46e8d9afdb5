package tui

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// byAge is the index of the column AGE in processColumns. Nothing that a process does
// changes its place in this order.
const byAge = 5

// processColumns are the columns of a table of processes.
var processColumns = []column[*snapshot.Process]{
	{
		title: "PID", fit: func(w *world) int { return max(5, digits(w.widest.pid)) }, rank: 9,
		cell:    func(_ *world, p *snapshot.Process) span { return span{strconv.Itoa(p.ID.PID), normal} },
		compare: func(_ *world, a, b *snapshot.Process) int { return cmp.Compare(a.ID.PID, b.ID.PID) },
	},
	{
		title: "USER", left: true, rank: 2,
		fit:     func(w *world) int { return max(4, min(w.widest.user, 8+max(0, w.width-120)/8)) },
		cell:    func(w *world, p *snapshot.Process) span { return span{w.text(p.User), normal} },
		compare: func(_ *world, a, b *snapshot.Process) int { return strings.Compare(a.User, b.User) },
	},
	{
		title: "S", width: 1, left: true, rank: 7, down: true,
		cell:    stateCell,
		compare: func(_ *world, a, b *snapshot.Process) int { return cmp.Compare(urgency(a), urgency(b)) },
	},
	{
		title: "CPU", width: 5, rank: 5, down: true,
		cell:    cpuSpan,
		compare: func(_ *world, a, b *snapshot.Process) int { return cmp.Compare(a.CPU, b.CPU) },
	},
	{
		title: "MEM", width: 5, rank: 4, down: true,
		cell:    memSpan,
		compare: func(_ *world, a, b *snapshot.Process) int { return cmp.Compare(a.RSS, b.RSS) },
	},
	{
		title: "AGE", width: 5, rank: 3, down: true,
		cell:    func(_ *world, p *snapshot.Process) span { return span{text.Age(p.Age), normal} },
		compare: func(_ *world, a, b *snapshot.Process) int { return cmp.Compare(b.ID.Start, a.ID.Start) },
	},
	{
		title: "TIME", width: 6, rank: 0, down: true,
		cell:    timeSpan,
		compare: func(_ *world, a, b *snapshot.Process) int { return cmp.Compare(a.CPUTime, b.CPUTime) },
	},
	{
		title: "TERM", width: 9, left: true, rank: 8,
		cell:    termSpan,
		compare: func(w *world, a, b *snapshot.Process) int { return cmp.Compare(w.termRank(a), w.termRank(b)) },
	},
	{
		title: "COMMAND", left: true,
		compare: func(_ *world, a, b *snapshot.Process) int { return strings.Compare(a.Comm, b.Comm) },
	},
}

// widest is what decides the width of columns.
type widest struct {
	pid  int // the largest pid
	user int // cells of the longest user name
}

func digits(n int) int { return len(strconv.Itoa(n)) }

func stateCell(w *world, p *snapshot.Process) span {
	s := span{p.State.String(), normal}
	switch {
	case p.Dead() && w.snap.Since > 0 && w.deadFor(p) == 0: // its parent may be about to reap it
		s.style = warn
	case p.Dead():
		s.style = bad
	case p.State.Stopped(), p.State.Zombie(), p.State == procfs.StateDisk:
		s.style = warn
	case p.State == procfs.StateRunning:
		s.style = strong
	default:
		s.style = faint
	}
	return s
}

// amountStyle returns the style of an amount: it steps from faint through normal and bold to
// yellow.
func amountStyle(v, some, much, most float64) style {
	switch {
	case v >= most:
		return warn
	case v >= much:
		return strong
	case v >= some:
		return normal
	}
	return faint
}

func cpuSpan(w *world, p *snapshot.Process) span {
	return span{cpuCell(w, p), amountStyle(p.CPU, 0.005, 0.2, 0.8)}
}

// memSpan compares with the limit of the container, or with the memory of the machine.
func memSpan(w *world, p *snapshot.Process) span {
	part := 0.0
	if w.snap.Host.MemMax > 0 {
		part = float64(p.RSS) / float64(w.snap.Host.MemMax)
	}
	return span{memCell(w, p), amountStyle(part, 0.005, 0.1, 0.4)}
}

func timeSpan(w *world, p *snapshot.Process) span {
	d := p.CPUTime
	s := span{style: amountStyle(d.Seconds(), 1, 60, 1e9)}
	switch {
	case p.Dead():
		s.text = w.glyphs().dash
	case d.Minutes() < 100:
		s.text = fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
	default:
		s.text = text.Age(d)
	}
	return s
}

// termSpan answers what SIGTERM would do.
func termSpan(w *world, p *snapshot.Process) span {
	f := w.term(p)
	s := span{f.word(w.glyphs()), normal}
	switch {
	case f.Trouble():
		s.style = warn
	case f.Outcome == verdict.OutcomeNoEffect, f.Outcome == verdict.OutcomeUnknown:
		s.style = faint
	}
	return s
}

// cpuCell returns the CPU usage in percent of one CPU.
func cpuCell(w *world, p *snapshot.Process) string {
	if p.Dead() || w.snap.Since <= 0 {
		return w.glyphs().dash
	}
	return text.Percent(p.CPU)
}

func memCell(w *world, p *snapshot.Process) string {
	if p.RSS == 0 {
		return w.glyphs().dash
	}
	return text.Bytes(p.RSS)
}

// urgency ranks a process for sorting by state: zombies first, then stopped processes,
// those in uninterruptible sleep, and running ones.
func urgency(p *snapshot.Process) int {
	switch {
	case p.Dead():
		return 4
	case p.State.Stopped():
		return 3
	case p.State == procfs.StateDisk:
		return 2
	case p.State == procfs.StateRunning:
		return 1
	}
	return 0
}

// termRank ranks processes that SIGTERM does not end first.
func (w *world) termRank(p *snapshot.Process) int {
	f := w.term(p)
	if f.Forward != 0 {
		return 6
	}
	if f.Drop {
		return 0
	}
	switch f.Outcome {
	case verdict.OutcomeIgnore:
		return 0
	case verdict.OutcomeShielded:
		return 1
	case verdict.OutcomePending:
		return 2
	case verdict.OutcomeUnknown:
		return 3
	case verdict.OutcomeHandler:
		return 4
	case verdict.OutcomeRead:
		return 5
	case verdict.OutcomeTerminate, verdict.OutcomeCore:
		return 7
	default:
		return 8
	}
}
