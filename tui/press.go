package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/snapshot"
)

// press hands a key to the part of the screen that has the focus.
func (m Model) press(msg tea.KeyPressMsg) (Model, tea.Cmd) {
	key := msg.String()
	m.status = ""
	switch {
	case key == "ctrl+c":
		return m.leave()
	case m.menu.open():
		return m.pressMenu(key, msg.Text)
	case m.line.open:
		return m.pressLine(key, msg.Text), nil
	case m.help.open:
		return m.pressHelp(key), nil
	case m.detail.open:
		return m.actDetail(actionOf(key, detailKeys, listKeys, refreshKeys))
	}
	if len(key) == 1 && key[0] >= '1' && int(key[0]-'1') < len(m.pages) {
		return m.showPage(int(key[0] - '1')), nil
	}
	return m.act(actionOf(key, m.page().keys(), listKeys, refreshKeys, modelKeys))
}

// footer returns the keys that work in the part that has the focus.
func (m Model) footer() []piece {
	switch {
	case m.line.open:
		return hints(lineKeys, false, 0)
	case m.menu.open():
		return hints(m.menu.keys(), false, 0)
	case m.help.open:
		return hints(helpKeys, false, 0)
	case m.detail.open:
		return hints(detailKeys, m.opts.ReadOnly, 0)
	}
	return slices.Concat(hints(m.page().keys(), m.opts.ReadOnly, -10), hints(refreshKeys, false, 0), hints(modelKeys, false, -1))
}

// act handles the actions of the whole model, and hands the others to the page.
func (m Model) act(a action) (Model, tea.Cmd) {
	switch a {
	case doQuit:
		return m.leave()
	case doHelp:
		m.help = help{open: true}.resize(&m)
	case doFilter:
		m.line = lineEdit{open: true, text: m.page().filter()}
	case doBack:
		m = m.applyFilter("")
	case doDetails:
		return m.openDetail()
	case doSignal:
		return m.openMenu()
	case doPause:
		return m.pause()
	case doSlower, doFaster:
		return m.setInterval(a == doSlower)
	case doNextPage:
		m = m.showPage(m.at + 1)
	case doPreviousPage:
		m = m.showPage(m.at + len(m.pages) - 1)
	default:
		m = m.setPage(m.page().do(&m.world, a))
	}
	return m, nil
}

func (m Model) showPage(to int) Model {
	m.at = to % len(m.pages)
	return m.setPage(m.page().refresh(&m.world))
}

// selected returns the process that keys act on.
func (m Model) selected() (snapshot.Process, bool) {
	if m.detail.open {
		return m.detail.process(&m.world), true
	}
	return m.page().selected(&m.world)
}

func (m Model) openDetail() (Model, tea.Cmd) {
	p, ok := m.selected()
	if !ok {
		return m, nil
	}
	m.detail = detail{}.show(p).resize(&m.world)
	return m.askDetails()
}

func (m Model) actDetail(a action) (Model, tea.Cmd) {
	switch a {
	case doBack:
		m.detail.open = false
		return m.setPage(m.page().do(&m.world, doNothing)), nil
	case doSignal, doPause, doHelp, doSlower, doFaster:
		return m.act(a)
	}
	return m.scrollPane(a), nil
}

// scrollPane scrolls the pane that covers the page.
func (m Model) scrollPane(a action) Model {
	if m.help.open {
		m.help = m.help.resize(&m)
		m.help.list = m.help.scroll(a)
		return m
	}
	m.detail = m.detail.resize(&m.world)
	m.detail.list = m.detail.scroll(a)
	return m
}

func (m Model) pressHelp(key string) Model {
	if a := actionOf(key, listKeys); a != doNothing {
		return m.scrollPane(a)
	}
	m.help.open = false
	return m
}

// pressLine edits the filter. Each letter updates the rows at once.
func (m Model) pressLine(key, text string) Model {
	switch a := actionOf(key, lineKeys, listKeys); a {
	case doConfirm:
		m.line.open = false
		return m
	case doBack:
		m.line.open = false
		return m.applyFilter("")
	case doErase, doEraseWord:
		m.line = m.line.erase(a == doEraseWord)
	case doEraseAll:
		m.line.text = ""
	case doNothing:
		m.line = m.line.insert(text)
	default:
		return m.setPage(m.page().do(&m.world, a))
	}
	return m.applyFilter(m.line.text)
}

func (m Model) applyFilter(text string) Model {
	if m.page().filter() == text {
		return m
	}
	return m.setPage(m.page().setFilter(&m.world, text))
}

// leave quits after closing the target. If a command has the target, that happens
// when the command returns it; a second call does not wait for that.
func (m Model) leave() (Model, tea.Cmd) {
	switch {
	case m.menu.busy && !m.leaving:
		m.leaving = true
		m.menu = m.menu.closed()
		return m, nil
	case m.menu.busy || m.menu.target == nil:
		return m, tea.Quit
	}
	target := m.menu.target
	m.menu = m.menu.closed()
	return m, tea.Sequence(release(target), tea.Quit)
}

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
		case m.help.open || m.detail.open:
			m = m.scrollPane(a)
		default:
			m = m.setPage(m.page().do(&m.world, a))
		}
	}
	return m
}

func (m Model) click(msg tea.MouseClickMsg) Model {
	if msg.Button != tea.MouseLeft || m.menu.open() || m.help.open || m.detail.open {
		return m
	}
	line := msg.Y - m.world.headerLines() - 1
	if line < 0 || line >= m.world.room {
		return m
	}
	return m.setPage(m.page().click(&m.world, line))
}
