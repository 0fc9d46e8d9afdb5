package tui

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// Indices of columns in wideZombieColumns.
const (
	byZombies = 2
	byWhy     = 5
)

// wideZombies is the width of a terminal from which on there is room for two columns of
// sentences.
const wideZombies = 140

// wideZombieColumns are the columns of the Zombies page. The numbers of a culprit sort it
// and its zombies.
var wideZombieColumns = [...]column[zombieRow]{
	{
		title: "PID", fit: func(w *world) int { return max(5, digits(w.widest.pid)) }, rank: 8,
		cell:    zombiePID,
		compare: func(_ *world, a, b zombieRow) int { return cmp.Compare(a.of.key.id.PID, b.of.key.id.PID) },
	},
	{
		title: "CULPRIT", left: true, rank: 9,
		fit:     func(w *world) int { return max(14, min(40, w.width/4)) },
		cell:    culpritCell,
		compare: func(w *world, a, b zombieRow) int { return cmp.Compare(culpritName(w, a.of), culpritName(w, b.of)) },
	},
	{
		title: "ZOMBIES", width: 7, rank: 7, down: true,
		cell:    zombieCount,
		compare: func(_ *world, a, b zombieRow) int { return cmp.Compare(len(a.of.zombies), len(b.of.zombies)) },
	},
	{
		title: "OLDEST", width: 6, rank: 6, down: true,
		cell:    zombieAge,
		compare: func(_ *world, a, b zombieRow) int { return cmp.Compare(a.of.oldest, b.of.oldest) },
	},
	{
		title: "1 MIN", width: 5, rank: 5, down: true,
		cell:    zombieGrowth,
		compare: func(_ *world, a, b zombieRow) int { return cmp.Compare(a.of.growth, b.of.growth) },
	},
	{
		title: "WHY", left: true, rank: 10,
		fit: func(w *world) int { return (w.width - 70) / 2 },
		cell: func(w *world, r zombieRow) span {
			if r.zombie >= 0 {
				return endedSpan(&w.procs[r.zombie])
			}
			return span{w.why(r.of), normal}
		},
	},
	{title: "WHAT HELPS", left: true},
}

// narrowWhy takes the place of the last two columns where there is no room for both.
var narrowWhy = column[zombieRow]{title: "WHY", left: true}

func zombiePID(w *world, r zombieRow) span {
	switch {
	case r.zombie >= 0:
		return span{strconv.Itoa(w.procs[r.zombie].ID.PID), normal}
	case r.of.outside():
		return span{w.glyphs().dash, faint}
	}
	return span{strconv.Itoa(r.of.key.id.PID), normal}
}

// culpritCell names the culprit, or one of its zombies below it.
func culpritCell(w *world, r zombieRow) span {
	g := w.glyphs()
	if r.zombie >= 0 {
		guide := g.tee
		if r.last {
			guide = g.last
		}
		return span{guide + w.name(&w.procs[r.zombie]), normal}
	}
	name := culpritName(w, r.of)
	if r.folded {
		name = g.folded + name
	}
	return span{name, strong}
}

// culpritName returns the command line of the culprit, without the directory of the program.
func culpritName(w *world, h *holding) string {
	switch {
	case h.outside():
		return "outside the container"
	case h.index < 0:
		return "not shown to this user"
	}
	return textOf(withoutDir(w.commandSpans(&w.procs[h.index])))
}

// zombieCount returns the number of zombies of a culprit.
func zombieCount(w *world, r zombieRow) span {
	if r.zombie >= 0 {
		return span{}
	}
	s := span{text.Count(len(r.of.zombies)), warn}
	if r.of.oldest >= alarmAge {
		s.style = bad
	}
	return s
}

// alarmAge is how long a zombie is no alarm: its parent may be about to wait.
const alarmAge = 10 * time.Second

// zombieAge returns how long a zombie, or the oldest one of a culprit, has been dead.
func zombieAge(w *world, r zombieRow) span {
	d := r.of.oldest
	if r.zombie >= 0 {
		d = w.deadFor(&w.procs[r.zombie])
	}
	s := span{text.Age(d), normal}
	if r.zombie < 0 && d >= alarmAge {
		s.style = bad
	}
	return s
}

// zombieGrowth returns by how many zombies a culprit has more than a minute ago.
func zombieGrowth(w *world, r zombieRow) span {
	switch {
	case r.zombie >= 0:
		return span{}
	case r.of.growth == 0:
		return span{w.glyphs().dash, faint}
	case r.of.growth > 0:
		return span{fmt.Sprintf("+%d", r.of.growth), warn}
	}
	return span{strconv.Itoa(r.of.growth), normal}
}

func endedSpan(p *snapshot.Process) span {
	s := span{text.Ended(p.Known, p.Status), normal}
	if !p.Known {
		s.style = faint
	}
	return s
}

// why says why the culprit has not reaped its zombies.
func (w *world) why(h *holding) string {
	switch {
	case h.why != nil:
		return w.text(h.why.Why())
	case w.blameFailed != "":
		return "cannot be read: " + w.blameFailed
	}
	return "finding out why"
}

// helps says what helps against the zombies of a culprit.
func (w *world) helps(h *holding) string {
	if h.why == nil {
		return ""
	}
	return w.text(w.hints.In(h.why.Advice(w.initFor(h.why.Culprit))))
}
