package tui

import (
	"fmt"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
	"yinit/tui/text"
)

// View draws the frame.
func (m Model) View() tea.View {
	v := tea.NewView(m.drawOnce())
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	return v
}

// drawOnce returns the frame, and draws it if the model has changed.
func (m Model) drawOnce() string {
	if m.drawn == nil {
		return m.content()
	}
	if *m.drawn == "" {
		*m.drawn = m.content()
	}
	return *m.drawn
}

func (m Model) content() string {
	w := &m.world
	switch {
	case w.width == 0 || w.height == 0:
		return ""
	case w.width < minWidth || w.height < minHeight:
		return w.frame([]string{fmt.Sprintf("too small: %dx%d", w.width, w.height), fmt.Sprintf("needs %dx%d", minWidth, minHeight)}, w.height)
	}
	return w.frame(m.screen().lines, w.height)
}

// A screen is what View draws, and the parts of it that a click presses. The lines of
// the page and of the menu are not among the zones; they know themselves what a click
// hits.
type screen struct {
	lines []string
	zones []zone
}

// screen draws the lines of the frame from the top: the header, the tabs, the page or
// the pane that covers it, the menu, the footer.
func (m Model) screen() screen {
	w := &m.world
	s := screen{lines: w.header()}
	s.add(m.tabs(len(s.lines)))
	s.lines = append(s.lines, m.body()...)
	if w.footerLines() > 1 {
		s.lines = append(s.lines, m.sentence())
		s.add(m.keyBar(len(s.lines)))
	} else {
		s.add(m.lastLine(len(s.lines)))
	}
	return s
}

func (s *screen) add(line string, zones []zone) {
	s.lines, s.zones = append(s.lines, line), append(s.zones, zones...)
}

// body returns the page or the pane that covers it, filled to its height, and the
// menu.
func (m Model) body() []string {
	w := &m.world
	lines := make([]string, 0, w.room)
	switch {
	case m.help.open:
		lines = append(lines, m.help.view(&m, w.room)...)
	case m.reasons.open:
		lines = append(lines, m.reasons.view(w, w.room)...)
	case m.detail.open:
		lines = append(lines, m.detail.view(w, w.room)...)
	case m.record.open:
		lines = append(lines, m.record.view(w, w.room)...)
	default:
		lines = append(lines, m.page().view(w, w.room)...)
	}
	for len(lines) < w.room {
		lines = append(lines, "")
	}
	return append(lines, m.menu.view(w)...)
}

// tabs returns the line with the names of the pages and, on the right, unusual settings
// such as the filter.
func (m Model) tabs(y int) (string, []zone) {
	w := &m.world
	right := m.remarks()
	names := m.titles(false)
	if piecesWidth(names)+piecesWidth(right) > w.width-3 {
		names = m.titles(true)
	}
	left, zones := w.place(names, w.width, 0, y, 0)
	if m.menu.open() || m.line.open { // These take digits.
		zones = nil
	}
	return w.between(left, w.join(right, w.width-text.Width(left)-3)+" ", w.width), zones
}

// titles returns the names of the pages; if short, that of the page that is shown, and
// the numbers of the others.
func (m Model) titles(short bool) []piece {
	names := make([]piece, 0, len(m.pages))
	for i, p := range m.pages {
		number := strconv.Itoa(i + 1 - m.firstPage())
		t := piece{text: " " + number, press: number}
		if i == m.at || !short {
			t.text += " " + p.name()
		}
		if n := p.news(&m.world); n > 0 {
			t.text += m.world.glyphs().bullet + strconv.Itoa(n)
		}
		t.text += " "
		if i == m.at {
			t.style, t.rank = selected, 1
		}
		names = append(names, t)
	}
	return names
}

func piecesWidth(pieces []piece) (n int) {
	for _, p := range pieces {
		n += p.width()
	}
	return n
}

// remarks returns the filter, and other settings that are not the default.
func (m Model) remarks() []piece {
	w := &m.world
	notes := []piece{{text: m.page().remark(w), rank: 1}}
	if f := m.page().filter(); f != "" {
		notes = append(notes, piece{text: "filter: " + f, rank: 3, style: strong})
	}
	at := w.snap.Time.Format("15:04:05")
	switch {
	case m.stale && w.read:
		notes = append(notes, piece{text: "as of " + at, rank: 5, style: warn})
	case m.menu.still() && w.read:
		notes = append(notes, piece{text: "FROZEN", rank: 5, style: warn}, piece{text: "as of " + at, rank: 4, style: warn})
	case m.paused && w.read:
		notes = append(notes, piece{text: "PAUSED at " + at, rank: 4, style: warn})
	case m.paused:
		notes = append(notes, piece{text: "PAUSED", rank: 4, style: warn})
	case m.interval > fresh && w.read:
		notes = append(notes, piece{text: "as of " + at + ", every " + procfs.Span(m.interval), rank: 2, style: strong})
	}
	return notes
}

// fresh is the longest interval at which what is on the screen needs no time.
const fresh = 3 * time.Second

// sentence returns the line above the keys, the first of these that applies: the filter
// that the user is typing, the result of the last key, why the last read failed, a
// sentence about the selected row.
func (m Model) sentence() string {
	w := &m.world
	if m.line.open {
		return m.filterLine()
	}
	if l, text := m.message(); text != "" {
		return w.line(l, text)
	}
	switch {
	case m.menu.open():
		return w.line(normal, m.menu.sentence(w))
	case m.covered():
		return ""
	}
	return w.line(normal, m.page().explain(w))
}

// message returns the result of the last key or, if there is none, why the last read
// failed.
func (m Model) message() (style, string) {
	switch {
	case m.status != "":
		return m.statusStyle, m.status
	case m.failed != "" && m.world.read:
		return bad, "showing data from " + m.world.snap.Time.Format("15:04:05") + ": " + m.failed
	case m.failed != "":
		return bad, "cannot read the processes: " + m.failed
	}
	return normal, ""
}

// keyBar returns the keys that work in the part that has the focus.
func (m Model) keyBar(y int) (string, []zone) {
	w := &m.world
	line, zones := w.place(m.footer(), w.width-1, 1, y, 2)
	return " " + line, zones
}

// lastLine is the footer of a low screen whose page is covered: the keys, or the result of
// the last one.
func (m Model) lastLine(y int) (string, []zone) {
	if _, message := m.message(); message != "" {
		return m.sentence(), nil
	}
	return m.keyBar(y)
}

// filterLine shows the filter that the user is typing, and beside it what is wrong with it.
func (m Model) filterLine() string {
	w := &m.world
	line := " filter: " + m.line.text
	wrong := w.cut(w.text(m.line.wrong), max(w.width/2, w.width-text.Width(line)-3))
	if wrong == "" {
		return w.prompt(line, "", w.width)
	}
	return w.prompt(line, w.paint(bad, wrong), w.width-text.Width(wrong)-2)
}

// prompt shows a line that the user is typing; if it is longer than room, only its end.
func (w *world) prompt(line, hint string, room int) string {
	if over := text.Width(line) + 1 - room; over > 0 {
		line = ansi.TruncateLeft(line, over, "")
	}
	return w.between(line+w.paint(selected, " "), hint, w.width)
}
