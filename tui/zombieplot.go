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
// height is that of all lines, with the one for the time. The scales have few steps, so
// that they do not move at each refresh.
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
	top = roundUp(top)
	left := max(digits(int(top)), 1) + 2
	width := w.width - left - 1
	past := width
	if o.soon() {
		past = max(leastPast, int(float64(width)*trendFor.Minutes()/(trendFor+o.ahead()).Minutes()))
		past = min(past, width)
	}
	perCell := trendFor.Minutes() / float64(past) * o.perMinute
	lines := w.plot(w.trend.values(zombiesOf, past, trendFor), height-1, top)
	f := future{from: now, perCell: perCell, limit: limit, top: top, height: len(lines)}
	for at := range lines {
		label := text.Spaces(left - 1)
		switch at {
		case 0:
			label = w.padLeft(text.Count(int(top)), left-1)
		case len(lines) - 1:
			label = w.padLeft("0", left-1)
		}
		lines[at] = w.paint(faint, label+" ") + w.plotLine(lines[at], f, at, width-past, marked && at == f.line(limit))
	}
	return append(lines, w.timeLine(left, past, width, o))
}

// roundUp returns a round number that is not below v, for the end of a scale: 1, 2, 5, 10,
// 15, 20 and so on up to 100, then 150.
func roundUp(v float64) float64 {
	for _, small := range [...]float64{1, 2, 5, 10} {
		if v <= small {
			return small
		}
	}
	step := math.Pow(10, math.Ceil(math.Log10(v))-1) / 2
	return math.Ceil(v/step) * step
}

// ahead returns how much of the future the plot shows: in a few steps, and at least until
// the limit is reached.
func (o outlook) ahead() time.Duration {
	for _, d := range [...]time.Duration{5 * time.Minute, 20 * time.Minute} {
		if o.in <= d {
			return d
		}
	}
	return time.Hour
}

// future is the line that goes on where the values of a plot end, up to the limit.
type future struct {
	from, perCell, limit, top float64
	height                    int // lines of the plot
}

// has reports whether the line passes through a cell.
func (f future) has(line, cell int) bool {
	v := f.from + f.perCell*float64(cell+1)
	return v <= f.limit+f.perCell && f.line(min(v, f.limit)) == line
}

// line returns the line of the plot in which a value is.
func (f future) line(v float64) int {
	return f.height - 1 - min(f.height-1, int(v/f.top*float64(f.height)))
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
		end := "+" + text.Age(o.ahead())
		if long := "limit in " + about(o.in) + "  " + end; text.Width(long) <= width-past-2 {
			end = long
		}
		line += w.padLeft(end, width-past)
	}
	return w.paint(faint, line)
}
