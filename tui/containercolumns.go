package tui

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// byWorst is the index of the last column in containerColumns. It keeps the order of the node,
// the worst first.
const byWorst = 16

// containerColumns are the columns of the Containers page.
var containerColumns = [...]column[*node.Container]{
	{
		title: "CONTAINER", left: true, rank: 20,
		fit:     containersWidth,
		cell:    func(w *world, c *node.Container) span { return span{w.text(c.Label()), worstStyle(c, strong)} },
		compare: byName,
	},
	{
		title: "PID", rank: 9, fit: func(w *world) int { return max(5, digits(w.widestContainer())) },
		cell:    func(w *world, c *node.Container) span { return w.amount(c.PID) },
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.PID, b.PID) },
	},
	{
		title: "PID 1", width: 10, left: true, rank: 12,
		cell:    func(w *world, c *node.Container) span { return span{w.cut(firstName(w, c), 10), normal} },
		compare: func(w *world, a, b *node.Container) int { return cmp.Compare(firstName(w, a), firstName(w, b)) },
	},
	{
		title: "INIT", width: 4, left: true, rank: 15,
		cell: initSpan, compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.Init(), b.Init()) },
	},
	{
		title: "SIGNAL", width: 6, left: true, rank: 7,
		cell:    func(_ *world, c *node.Container) span { return span{text.Signal(stopSignal(c)), normal} },
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(stopSignal(a), stopSignal(b)) },
	},
	{
		title: "DOES", width: 9, left: true, rank: 10,
		cell:    doesSpan,
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(does(a), does(b)) },
	},
	{
		title: "STOP", width: 10, rank: 16, down: true,
		cell:    stopSpan,
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.Stop.Takes, b.Stop.Takes) },
	},
	{
		title: "HARD", width: 4, rank: 14, down: true,
		cell: hardSpan,
		compare: func(_ *world, a, b *node.Container) int {
			return cmp.Or(cmp.Compare(a.Stop.Hard, b.Stop.Hard), cmp.Compare(a.Stop.Doubt, b.Stop.Doubt))
		},
	},
	{
		title: "ZOMBIES", width: 7, rank: 13, down: true,
		cell:    func(w *world, c *node.Container) span { return zombiesSpan(w, c) },
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.Zombies().All, b.Zombies().All) },
	},
	{
		title: "1 MIN", width: 5, rank: 8, down: true,
		cell:    gainedSpan,
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.Gained, b.Gained) },
	},
	{
		title: "CULPRIT", width: 12, left: true, rank: 4,
		cell:    culpritSpan,
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.Zombies().Name, b.Zombies().Name) },
	},
	{
		title: "PIDS", width: 9, rank: 11, down: true,
		cell:    pidsSpan,
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.View.Host.Pids, b.View.Host.Pids) },
	},
	{
		title: "HITS", width: 4, rank: 5, down: true,
		cell: func(w *world, c *node.Container) span { return w.alarm(c.View.Host.PidsHits) },
		compare: func(_ *world, a, b *node.Container) int {
			return cmp.Compare(a.View.Host.PidsHits, b.View.Host.PidsHits)
		},
	},
	{
		title: "OOM", width: 4, rank: 6, down: true,
		cell:    func(w *world, c *node.Container) span { return w.alarm(c.Checks.OOMKills) },
		compare: func(_ *world, a, b *node.Container) int { return cmp.Compare(a.Checks.OOMKills, b.Checks.OOMKills) },
	},
	{
		title: "EXEC", width: 10, rank: 3, down: true,
		cell: sessionsSpan, compare: func(_ *world, a, b *node.Container) int {
			n, _ := a.Sessions()
			m, _ := b.Sessions()
			return cmp.Compare(n, m)
		},
	},
	{
		title: "LAST FAILURE", width: 24, left: true, rank: 2, down: true,
		cell: failureSpan, compare: func(_ *world, a, b *node.Container) int {
			return failedAt(a).Compare(failedAt(b))
		},
	},
	{title: "FOUND", left: true, compare: func(*world, *node.Container, *node.Container) int { return 0 }},
}

// containersWidth is the width of the names: that of the longest one, within limits.
func containersWidth(w *world) int {
	most := 9
	if w.node != nil {
		for i := range w.node.Containers {
			most = max(most, text.Width(w.text(w.node.Containers[i].Label())))
		}
	}
	return min(most, max(10, w.width/4))
}

// widestContainer returns the largest pid of a first process.
func (w *world) widestContainer() (most int) {
	if w.node != nil {
		for i := range w.node.Containers {
			most = max(most, w.node.Containers[i].PID)
		}
	}
	return most
}

func problems(c *node.Container) int { return doctor.Count(c.Found, doctor.Problem) }

// worstStyle is the style of the worst finding; other if that is a note or there is none.
func worstStyle(c *node.Container, other style) style {
	switch x := c.Worst(); {
	case x == nil:
		return other
	case x.Level == doctor.Problem:
		return bad
	case x.Level == doctor.Risk:
		return warn
	}
	return other
}

// amount is a number, or a dash for 0.
func (w *world) amount(n int) span {
	if n == 0 {
		return span{w.glyphs().dash, faint}
	}
	return span{strconv.Itoa(n), normal}
}

// alarm is a count of what should not happen.
func (w *world) alarm(n uint64) span {
	if n == 0 {
		return span{w.glyphs().dash, faint}
	}
	return span{procfs.Count(int(min(n, 1<<40))), warn}
}

// firstName returns the name of the first process.
func firstName(w *world, c *node.Container) string {
	if p := c.First(); p != nil {
		return w.text(p.Comm)
	}
	return w.glyphs().dash
}

func initSpan(_ *world, c *node.Container) span {
	switch c.Init() {
	case verdict.Yes:
		return span{"yes", normal}
	case verdict.No:
		return span{"NO", warn}
	}
	return span{"?", faint}
}

// stopSignal is the signal that a stop sends.
func stopSignal(c *node.Container) int { return c.Stop.Signal }

// does returns what the signal of a stop does to the first process.
func does(c *node.Container) verdict.Outcome {
	if len(c.Stop.Steps) == 0 {
		return verdict.OutcomeUnknown
	}
	return c.Stop.Steps[0].Outcome
}

func doesSpan(_ *world, c *node.Container) span {
	o := does(c)
	if o == verdict.OutcomeUnknown {
		return span{"?", faint}
	}
	s := &c.Stop.Steps[0]
	forward, drop := s.Process.Target.Relayed(s.Signal, o)
	x := span{verdict.Column(o, forward, drop), normal}
	if verdict.Trouble(o, drop) {
		x.style = warn
	}
	return x
}

func stopSpan(_ *world, c *node.Container) span {
	s := span{c.StopText(), normal}
	switch {
	case c.Stop.Takes >= c.Stop.Timeout && c.Stop.Possible:
		s.style = bad
	case s.text == "?":
		s.style = faint
	}
	return s
}

func hardSpan(w *world, c *node.Container) span {
	switch s := c.HardText(); {
	case s == "0":
		return span{w.glyphs().dash, faint}
	case c.Stop.Hard > 0:
		return span{s, warn}
	default:
		return span{s, faint}
	}
}

func zombiesSpan(w *world, c *node.Container) span {
	z := c.Zombies()
	s := w.amount(z.All)
	if z.Oldest >= alarmAge {
		s.style = bad
	}
	return s
}

func gainedSpan(w *world, c *node.Container) span {
	switch {
	case c.Gained == 0:
		return span{w.glyphs().dash, faint}
	case c.Gained > 0:
		return span{"+" + strconv.Itoa(c.Gained), warn}
	}
	return span{strconv.Itoa(c.Gained), normal}
}

func culpritSpan(w *world, c *node.Container) span {
	z := c.Zombies()
	switch {
	case z.All == 0:
		return span{w.glyphs().dash, faint}
	case z.Culprit == 0:
		return span{"outside", normal}
	}
	return span{w.cut(strconv.Itoa(c.Inside(z.Culprit))+" "+w.text(z.Name), 12), normal}
}

func pidsSpan(w *world, c *node.Container) span {
	h := &c.View.Host
	s := w.amount(h.Pids)
	if h.Pids == 0 || h.PidsMax == 0 {
		return s
	}
	s.text += "/" + strconv.Itoa(h.PidsMax)
	switch {
	case h.Pids >= h.PidsMax:
		s.style = bad
	case h.Pids*5 >= h.PidsMax*4:
		s.style = warn
	}
	return s
}

// sessionsSpan says how many processes came from outside, and for how long the oldest has run.
func sessionsSpan(w *world, c *node.Container) span {
	n, oldest := c.Sessions()
	if n == 0 {
		return span{w.glyphs().dash, faint}
	}
	return span{strconv.Itoa(n) + " " + text.Age(oldest), normal}
}

// failedAt is when the last failure was; zero: none is known.
func failedAt(c *node.Container) time.Time {
	if n := len(c.Facts.Failures); n > 0 {
		return c.Facts.Failures[n-1].Time
	}
	return time.Time{}
}

func failureSpan(w *world, c *node.Container) span {
	n := len(c.Facts.Failures)
	if n == 0 {
		return span{w.glyphs().dash, faint}
	}
	f := &c.Facts.Failures[n-1]
	words := []string{w.text(f.Comm), procfs.Ended(true, f.Status), text.Age(w.node.Time.Sub(f.Time)) + " ago"}
	return span{w.cut(strings.Join(words, " "), 24), normal}
}
