package tui

import (
	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
)

// clicks is what is remembered of the last click, to find a double click.
type clicks struct {
	n    int     // number of the last click
	on   clicked // what it selected
	open bool    // a second click on it is a double click
}

// clicked is the process, the record or the container that a click has selected.
type clicked struct {
	id        procfs.ID
	seq       uint64
	container containerID
}

// wheel moves by three rows.
func (m Model) wheel(msg tea.MouseWheelMsg) Model {
	a := doDown
	switch msg.Button {
	case tea.MouseWheelUp:
		a = doUp
	case tea.MouseWheelDown:
	default:
		return m
	}
	for range 3 {
		switch {
		case m.menu.open():
			m.menu = m.menu.choose(a)
		case m.covered():
			m = m.scrollPane(a)
		default:
			m = m.setPage(m.page().do(&m.world, a))
		}
	}
	return m
}

// click is the one place that finds out what a click hits. A tab or a key in the footer
// is as good as the key itself. A title sorts, a row is selected, and a double click on
// it does what Enter does.
func (m Model) click(msg tea.MouseClickMsg) (Model, tea.Cmd) {
	w := &m.world
	if msg.Button != tea.MouseLeft || w.width < minWidth || w.height < minHeight {
		return m, nil
	}
	for _, z := range m.screen().zones {
		if msg.Y == z.y && msg.X >= z.x && msg.X < z.x+z.width {
			return m.pressKey(z.press, "")
		}
	}
	line := msg.Y - w.headerLines() - 1
	switch {
	case line < 0 || line >= w.menuRoom():
		return m, nil
	case line >= w.room:
		return m.clickMenu(msg.X, line-w.room)
	case m.menu.open() || m.covered():
		return m, nil
	}
	p, onRow := m.page().click(w, msg.X, line)
	m = m.setPage(p)
	if !onRow {
		return m, nil
	}
	return m.clickRow()
}

// clickRow does what Enter does at the second click on the same row.
func (m Model) clickRow() (Model, tea.Cmd) {
	p, _ := m.selected()
	r, _ := m.page().record(&m.world)
	on := clicked{id: p.ID, seq: r.Seq}
	if containers, ok := m.page().(containersPage); ok {
		on.container = containers.chosen
	}
	if m.clicks.open && m.clicks.on == on {
		m.clicks.open = false
		return m.act(actionOf("enter", m.page().keys()...))
	}
	m.clicks = clicks{n: m.clicks.n + 1, on: on, open: true}
	return m, rest(m.doubleClick, m.clicks.n)
}

// rest ends the time for a double click.
func (m Model) rest(msg restMsg) Model {
	if msg.clicks == m.clicks.n {
		m.clicks.open = false
	}
	return m
}
