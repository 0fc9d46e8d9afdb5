package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
)

// Below this nothing sensible fits.
const (
	minWidth  = 40
	minHeight = 10
)

// cut shortens s, which may have escape sequences, to width cells.
func (w *world) cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if len(s) <= width { // No character is wider than it has bytes.
		return s
	}
	return ansi.Truncate(s, width, w.glyphs().more)
}

// pad cuts or fills s to exactly width cells.
func (w *world) pad(s string, width int) string {
	s = w.cut(s, width)
	return s + spaces(width-ansi.StringWidth(s))
}

// padLeft is pad with the text at the right.
func (w *world) padLeft(s string, width int) string {
	s = w.cut(s, width)
	return spaces(width-ansi.StringWidth(s)) + s
}

// between puts left and right at the ends of a line. The right text is left out
// if there is no room for both.
func (w *world) between(left, right string, width int) string {
	gap := width - ansi.StringWidth(left) - ansi.StringWidth(right)
	if right == "" || gap < 2 {
		return w.cut(left, width)
	}
	return left + spaces(gap) + right
}

func spaces(n int) string {
	const many = "                                                                                "
	if n <= 0 {
		return ""
	}
	if n <= len(many) {
		return many[:n]
	}
	return strings.Repeat(" ", n)
}

// A piece is a part of a line that may be left out: the lowest rank goes first.
type piece struct {
	text string
	rank int
	look look
}

// join puts as many pieces on a line as fit, two spaces between them.
func (w *world) join(pieces []piece, width int) string {
	pieces = fitting(pieces, width)
	var b strings.Builder
	for _, p := range pieces {
		if b.Len() > 0 {
			b.WriteString("  ")
		}
		b.WriteString(w.paint(p.look, p.text))
	}
	return w.cut(b.String(), width)
}

// fitting leaves out pieces, the least important first, until the rest fits or
// one is left.
func fitting(pieces []piece, width int) []piece {
	kept := make([]piece, 0, len(pieces))
	total := -2
	for _, p := range pieces {
		if p.text != "" {
			kept = append(kept, p)
			total += ansi.StringWidth(p.text) + 2
		}
	}
	for total > width && len(kept) > 1 {
		least := 0
		for i := range kept {
			if kept[i].rank < kept[least].rank {
				least = i
			}
		}
		total -= ansi.StringWidth(kept[least].text) + 2
		kept = append(kept[:least], kept[least+1:]...)
	}
	return kept
}

// wrap breaks text into lines of at most width cells.
func wrap(s string, width int) []string {
	if width <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, width, ""), "\n")
}

// ageText is d in at most five characters: 4s, 12m, 3h05m, 23h, 3d04h, 400d.
func ageText(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 10*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d < 10*24*time.Hour:
		return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d/time.Hour%24)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

// spanText is d with more precision where it is short: 0.2 s, 4 s, 12m.
func spanText(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return ageText(d)
	}
}

// afterText is when something happened after something else.
func afterText(d time.Duration) string {
	if d < time.Millisecond {
		return "at once"
	}
	return "after " + spanText(d)
}

// bytesText is b in at most five characters: 512B, 64K, 3.1M, 48M, 1.2G.
func bytesText(b procfs.Bytes) string {
	if b < procfs.KiB {
		return fmt.Sprintf("%dB", b)
	}
	v, unit := float64(b)/1024, 0
	for v >= 999.5 && unit < 4 {
		v /= 1024
		unit++
	}
	if v < 9.95 && unit > 0 {
		return fmt.Sprintf("%.1f%c", v, "KMGTP"[unit])
	}
	return fmt.Sprintf("%.0f%c", v, "KMGTP"[unit])
}

// count is a number and its noun: 1 proc, 42 procs.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// statusText says how a process ended: "exit 1", "exit 143 (SIGTERM)".
func statusText(known bool, s procfs.WaitStatus) string {
	switch {
	case !known:
		return "exit unknown"
	case s.CoreDumped():
		return fmt.Sprintf("exit %d (%s, core dumped)", s.Shell(), procfs.SignalName(s.Signal()))
	case s.Signaled():
		return fmt.Sprintf("exit %d (%s)", s.Shell(), procfs.SignalName(s.Signal()))
	default:
		return fmt.Sprintf("exit %d", s.ExitCode())
	}
}
