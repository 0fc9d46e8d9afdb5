package tui

import (
	"math"
	"strings"
	"time"

	"yinit/tui/text"
)

// The plot shows the future only if the past, which is trendFor, still has leastPast
// cells.
const leastPast = 20

// zombiePlot draws the number of zombies in the last ten minutes and, where it grows and
// the pids limit is near, a line from now to the time when the limit is reached. The
// height is that of all lines, with the one for the time.
func (w *world) zombiePlot(height int) []string {
	o := w.outlook()
	now := float64(w.status.zombies)
	top := 1.0
	for i := range w.trend {
		top = max(top, zombiesOf(&w.trend[i]))
	}
	limit := now + float64(o.free) // as many zombies as there can be
	marked := o.limit > 0 && (o.soon() || top >= limit/2)
	if marked {
		top = max(top, limit)
	}
	left := max(digits(int(top)), 1) + 2
	width := w.width - left - 1
	past := width
	if o.soon() {
		past = max(leastPast, int(float64(width)*trendFor.Minutes()/(trendFor+o.in).Minutes()))
		past = min(past, width)
	}
	perCell := trendFor.Minutes() / float64(past) * o.perMinute
	lines := w.plot(w.trend.values(zombiesOf, past, trendFor), height-1, top)
	for at := range lines {
		label := text.Spaces(left - 1)
		switch at {
		case 0:
			label = w.padLeft(text.Count(int(top)), left-1)
		case len(lines) - 1:
			label = w.padLeft("0", left-1)
		}
		f := future{from: now, perCell: perCell, top: top, height: len(lines)}
		lines[at] = w.paint(faint, label+" ") + w.plotLine(lines[at], f, at, width-past, marked && at == 0)
	}
	return append(lines, w.timeLine(left, past, width, o))
}

// future is the line that goes on where the values of a plot end.
type future struct {
	from, perCell, top float64
	height             int // lines of the plot
}

// has reports whether the line passes through a cell.
func (f future) has(line, cell int) bool {
	v := f.from + f.perCell*float64(cell+1)
	if v > f.top {
		return false
	}
	return f.height-1-min(f.height-1, int(v/f.top*float64(f.height))) == line
}

// plotLine draws the past, then cells of the future, over the line of the limit if the
// plot line is that of the limit.
func (w *world) plotLine(past string, f future, line, cells int, limit bool) string {
	g := w.glyphs()
	blank := " "
	if limit {
		blank = g.rule
		const name = " pids limit "
		rest, free := strings.CutPrefix(past, text.Spaces(len(name)+2))
		past = strings.ReplaceAll(past, " ", blank)
		if free {
			past = blank + name + blank + strings.ReplaceAll(rest, " ", blank)
		}
	}
	var b strings.Builder
	for cell := range cells {
		if f.perCell > 0 && f.has(line, cell) {
			b.WriteString(g.bullet)
		} else {
			b.WriteString(blank)
		}
	}
	l := normal
	if limit {
		l = warn
	}
	return w.paint(l, past) + w.paint(warn, b.String())
}

// timeLine draws the times below the plot.
func (w *world) timeLine(left, past, width int, o outlook) string {
	line := text.Spaces(left) + "-" + text.Age(trendFor)
	line = w.pad(line, left+past-3) + "now"
	if width > past {
		end := "limit in " + about(o.in)
		if room := width - past - 2; text.Width(end) > room {
			end = "+" + text.Age(time.Duration(math.Round(o.in.Minutes()))*time.Minute)
		}
		line += w.padLeft(end, width-past)
	}
	return w.paint(faint, line)
}
