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
	if w.gone() {
		return []piece{{text: w.text(w.where) + " has ended", rank: 25, style: bad}}
	}
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
		w.wherePiece(),
		name,
		{text: init, rank: 4},
		{text: text.Plural(w.living, "proc", "procs"), rank: 6},
		{text: text.Plural(w.status.threads, "thread", "threads"), rank: 2},
		w.zombiePiece(),
		w.history(zombiesOf),
		w.missedPiece(),
	}
}

// wherePiece says which container of the machine the pages show.
func (w *world) wherePiece() piece {
	if w.where == "" {
		return piece{}
	}
	return piece{text: "in " + w.text(w.where), rank: 25, style: accent}
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

// missedPiece shows how many processes and threads started and ended between two snapshots,
// per second. The kernel gives both a pid, and that is what is counted.
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
	if w.gone() { // What is left would be that of the machine.
		return nil
	}
	h := &w.snap.Host
	var all []piece
	if h.Pids > 0 {
		all = append(all, w.meter(meter{name: "pids", value: float64(h.Pids), limit: float64(h.PidsMax), text: wholeText}, bar, 7), w.history(pidsOf))
	}
	if h.Mem > 0 {
		mem := meter{"mem", float64(h.Mem), float64(h.MemMax), h.Hosts.Mem, h.Hosts.MemMax, bytesOf}
		all = append(all, w.meter(mem, bar, 5), w.history(memOf))
	}
	if w.snap.Since > 0 {
		all = append(all, w.meter(meter{"cpu", h.CPU, h.CPUMax, h.Hosts.CPU, h.Hosts.CPUMax, cpusText}, bar, 4))
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

// A meter is a value with its limit.
type meter struct {
	name         string
	value, limit float64 // limit 0: there is none
	// ofHost and limitOfHost say that the value and the limit are those of the machine.
	ofHost, limitOfHost bool
	text                func(float64) string
}

// meter draws "pids ███░░░ 45/100", or "pids 45" without a limit. Close to the limit
// it adds the percentage, and at the limit FULL, so that colour is not the only sign.
// What is the machine's is marked: in "cpu 0.31/host 4" the limit, in "host cpu 1.90/4"
// both.
func (w *world) meter(m meter, bar, rank int) piece {
	p := piece{text: m.name + " ", rank: rank}
	if m.ofHost {
		p.text = "host " + p.text
	}
	if m.limit <= 0 {
		p.text += m.text(m.value)
		return p
	}
	part := m.value / m.limit
	if bar > 0 {
		full := filled(part, bar)
		p.text += strings.Repeat(w.glyphs().full, full) + strings.Repeat(w.glyphs().empty, bar-full) + " "
	}
	p.text += m.text(m.value) + "/"
	if m.limitOfHost && !m.ofHost {
		p.text += "host "
	}
	p.text += m.text(m.limit)
	switch percent := fmt.Sprintf(" %.0f%%", math.Floor(part*100+1e-9)); {
	case part >= 1:
		p.style, p.text = bad, p.text+" FULL"
	case part >= 0.98:
		p.style, p.text = bad, p.text+percent
	case part >= 0.8:
		p.style, p.text = warn, p.text+percent
	}
	if p.style != normal {
		p.rank += 5
	}
	return p
}

// filled returns how many of the cells of a bar are filled. The bar is full only at the
// limit, and empty only at 0.
func filled(part float64, cells int) int {
	switch {
	case part >= 1:
		return cells
	case part <= 0:
		return 0
	}
	return max(min(1, cells-1), min(cells-1, int(math.Round(part*float64(cells)))))
}

func cpusText(v float64) string {
	if v == math.Trunc(v) && v >= 1 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func wholeText(v float64) string { return fmt.Sprintf("%.0f", v) }

func bytesOf(v float64) string { return text.Bytes(procfs.Bytes(v)) }
