package tui

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/tui/text"
)

// header describes the container. On a narrow screen it omits the least important
// pieces first.
func (w *world) header() []string {
	if !w.read {
		return []string{w.cut(" reading the processes", w.width), ""}[:w.headerLines()]
	}
	if w.headerLines() == 1 {
		return []string{w.cut(" "+w.join(slices.Concat(w.identity(), w.stopPieces(), w.meters(0)), w.width-1), w.width)}
	}
	bar := 12
	switch {
	case w.width < 90:
		bar = 3
	case w.width < 120:
		bar = 6
	}
	return []string{
		w.cut(" "+w.join(w.identity(), w.width-1), w.width),
		w.cut(" "+w.join(append(w.meters(bar), w.stopPieces()...), w.width-1), w.width),
	}
}

func (w *world) identity() []piece {
	h := &w.snap.Host
	init := w.text(h.Init)
	if w.snap.Caller.PID == 1 {
		init = "no init: top is PID 1"
	}
	if h.Uptime > 0 {
		init = strings.TrimSpace(init + " up " + text.Age(h.Uptime))
	}
	name := piece{text: w.text(h.Name), rank: 5, style: strong}
	return []piece{
		w.replayPiece(),
		name,
		{text: init, rank: 4},
		{text: text.Plural(w.living, "proc", "procs"), rank: 6},
		{text: text.Plural(w.status.threads, "thread", "threads"), rank: 2},
		w.zombiePiece(),
		w.history(zombiesOf),
		w.missedPiece(),
	}
}

// replayPiece says that all of this is from a file, and when it was written.
func (w *world) replayPiece() piece {
	if !w.replay {
		return piece{}
	}
	return piece{text: "REPLAY of " + w.snap.Time.Format("2006-01-02 15:04:05"), rank: 30, style: warn}
}

func (w *world) zombiePiece() piece {
	p := piece{text: text.Plural(w.status.zombies, "zombie", "zombies"), rank: 3}
	if w.status.zombies > 0 {
		p.rank, p.style = 9, bad
	}
	switch n, _ := w.trend.growth(zombiesOf, time.Minute); {
	case n > 0:
		p.text += " " + w.glyphs().up
	case n < 0:
		p.text += " " + w.glyphs().down
	}
	return p
}

// missedPiece shows how many processes started and ended between two snapshots, per
// second.
func (w *world) missedPiece() piece {
	if w.snap.Since <= 0 || w.snap.Host.Missed <= 0 {
		return piece{}
	}
	rate := float64(w.snap.Host.Missed) / w.snap.Since.Seconds()
	text := fmt.Sprintf("missed %.0f/s", rate)
	if rate < 10 {
		text = fmt.Sprintf("missed %.1f/s", rate)
	}
	return piece{text: text, rank: 3}
}

// meters returns the meters, with bars of bar cells; 0 omits the bars.
func (w *world) meters(bar int) []piece {
	h := &w.snap.Host
	var all []piece
	if h.Pids > 0 {
		all = append(all, w.meter("pids", float64(h.Pids), float64(h.PidsMax), bar, wholeText, 7), w.history(pidsOf))
	}
	if h.Mem > 0 {
		all = append(all, w.meter("mem", float64(h.Mem), float64(h.MemMax), bar, bytesOf, 5), w.history(memOf))
	}
	if w.snap.Since > 0 {
		all = append(all, w.meter("cpu", h.CPU, h.CPUMax, bar, cpusText, 4))
	}
	if h.NoAccess != "" {
		all = append(all, piece{text: w.text(h.NoAccess), rank: 3, style: warn})
	}
	return all
}

// sparkWidth is how many cells the last ten minutes of a meter take.
const sparkWidth = 20

// history draws the last ten minutes of a value, where there is room for it and it
// tells more than the number: if the value has changed by a tenth.
func (w *world) history(of func(*sample) float64) piece {
	if w.width < 120 || len(w.trend) < 2 {
		return piece{}
	}
	least, most := math.Inf(1), math.Inf(-1)
	for i := range w.trend {
		least, most = min(least, of(&w.trend[i])), max(most, of(&w.trend[i]))
	}
	if most-least < most/10 || most == 0 {
		return piece{}
	}
	return piece{text: strings.TrimLeft(w.spark(w.trend.values(of, sparkWidth, trendFor)), " "), rank: 1, style: faint}
}

// meter draws "pids ███░░░ 45/100", or "pids 45" without a limit. Close to the limit
// it adds the percentage or FULL, so that colour is not the only sign.
func (w *world) meter(name string, v, limit float64, bar int, text func(float64) string, rank int) piece {
	p := piece{text: name + " ", rank: rank}
	if limit <= 0 {
		p.text += text(v)
		return p
	}
	part := v / limit
	if bar > 0 {
		full := min(bar, max(0, int(math.Round(part*float64(bar)))))
		p.text += strings.Repeat(w.glyphs().full, full) + strings.Repeat(w.glyphs().empty, bar-full) + " "
	}
	p.text += text(v) + "/" + text(limit)
	switch {
	case part >= 0.98:
		p.style, p.text = bad, p.text+" FULL"
	case part >= 0.8:
		p.style, p.text = warn, p.text+fmt.Sprintf(" %.0f%%", part*100)
	}
	if p.style != normal {
		p.rank += 5
	}
	return p
}

func cpusText(v float64) string {
	if v == math.Trunc(v) && v >= 1 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func wholeText(v float64) string { return fmt.Sprintf("%.0f", v) }

func bytesOf(v float64) string { return text.Bytes(procfs.Bytes(v)) }
