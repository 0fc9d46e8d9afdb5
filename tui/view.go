package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"yinit/tui/text"
)

// View draws the frame.
func (m Model) View() tea.View {
	v := tea.NewView(m.content())
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	return v
}

func (m Model) content() string {
	w := &m.world
	switch {
	case w.width == 0 || w.height == 0:
		return ""
	case w.width < minWidth || w.height < minHeight:
		return w.frame([]string{fmt.Sprintf("too small: %dx%d", w.width, w.height), fmt.Sprintf("needs %dx%d", minWidth, minHeight)}, w.height)
	}
	lines := append(w.header(), m.tabs())
	lines = append(lines, m.body()...)
	return w.frame(append(lines, m.last()), w.height)
}

// body returns the page or the pane that covers it, filled to its height, and the
// menu.
func (m Model) body() []string {
	w := &m.world
	lines := make([]string, 0, w.room)
	switch {
	case m.help.open:
		lines = append(lines, m.help.view(&m, w.room)...)
	case m.detail.open:
		lines = append(lines, m.detail.view(w, w.room)...)
	default:
		lines = append(lines, m.page().view(w, w.room)...)
	}
	for len(lines) < w.room {
		lines = append(lines, "")
	}
	return append(lines, m.menu.view(w)...)
}

// tabs returns the line with the names of the pages and, on the right, the most
// important keys and unusual settings such as the filter.
func (m Model) tabs() string {
	w := &m.world
	var b strings.Builder
	for i, p := range m.pages {
		l := normal
		if i == m.at {
			l = reverse
		}
		name := p.name()
		if n := p.news(w); n > 0 {
			name += fmt.Sprintf("%s%d", w.glyphs().bullet, n)
		}
		b.WriteString(w.paint(l, fmt.Sprintf(" %d %s ", i+1, name)))
	}
	var notes []piece
	if !m.line.open && !m.menu.open() && !m.help.open && !m.detail.open {
		notes = m.footer()
	}
	notes = append(notes, piece{text: m.page().remark(w), rank: 1})
	if f := m.page().filter(); f != "" {
		notes = append(notes, piece{"filter: " + f, 3, strong})
	}
	if m.paused {
		notes = append(notes, piece{"PAUSED", 4, warn})
	}
	room := w.width - text.Width(b.String()) - 3
	return w.between(b.String(), w.join(notes, room)+" ", w.width)
}

// last returns the last line, the first of these that applies: the filter that the
// user is typing, the result of the last key, the keys of the menu, why the last read
// failed, the keys of the pane that covers the page, a sentence about the selected
// row.
func (m Model) last() string {
	w := &m.world
	switch {
	case m.line.open:
		return w.prompt(" filter: "+m.line.text, w.join(m.footer(), w.width))
	case m.status != "":
		return w.line(m.statusStyle, m.status)
	case m.menu.open():
		return " " + w.join(m.footer(), w.width-1)
	case m.failed != "" && w.read:
		return w.line(bad, "showing data from "+w.snap.Time.Format("15:04:05")+": "+m.failed)
	case m.failed != "":
		return w.line(bad, "cannot read the processes: "+m.failed)
	case m.help.open || m.detail.open:
		return " " + w.join(m.footer(), w.width-1)
	}
	return w.line(normal, m.page().explain(w))
}

// prompt shows a line that the user is typing; if it is too long, only its end.
func (w *world) prompt(line, hint string) string {
	if over := text.Width(line) + 1 - w.width; over > 0 {
		line = ansi.TruncateLeft(line, over, "")
	}
	return w.between(line+w.paint(reverse, " "), hint, w.width)
}
