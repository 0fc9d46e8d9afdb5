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

// body is the page or the pane over it, filled to its height, and the menu.
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

// tabs is the line with the pages, and at its right what is out of the ordinary,
// and the keys that matter.
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

// last is the last line: what is being typed, else what the last key brought
// about, else the keys of the pane that lies over the page, else why nothing could
// be read, else about what is selected.
func (m Model) last() string {
	w := &m.world
	switch {
	case m.line.open:
		return w.prompt(" filter: "+m.line.text, w.join(m.footer(), w.width))
	case m.status != "":
		return w.line(m.statusLook, m.status)
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

// prompt shows the end of a line that is being typed.
func (w *world) prompt(line, hint string) string {
	if over := text.Width(line) + 1 - w.width; over > 0 {
		line = ansi.TruncateLeft(line, over, "")
	}
	return w.between(line+w.paint(reverse, " "), hint, w.width)
}
