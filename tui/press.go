package tui

import (
	tea "charm.land/bubbletea/v2"
)

// press gives a key to the part that has the attention.
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
	}
	a := actionOf(key, m.opts.ReadOnly)
	if m.detail.open {
		return m.actDetail(a)
	}
	if len(key) == 1 && key[0] >= '1' && int(key[0]-'1') < len(m.pages) {
		return m.turn(int(key[0] - '1')), nil
	}
	return m.act(a)
}

// act does what concerns the whole model, and gives the rest to the page.
func (m Model) act(a action) (Model, tea.Cmd) {
	switch a {
	case doQuit:
		return m.leave()
	case doHelp:
		m.help = help{open: true}
	case doFilter:
		m = m.openLine()
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
		m = m.turn(m.at + 1)
	case doPreviousPage:
		m = m.turn(m.at + len(m.pages) - 1)
	default:
		m = m.setPage(m.page().do(&m.world, a))
	}
	return m, nil
}

func (m Model) turn(to int) Model {
	m.at = to % len(m.pages)
	return m.setPage(m.page().refresh(&m.world))
}

// selected is the process that a key acts on.
func (m Model) selected() (Process, bool) {
	if m.detail.open {
		return m.detail.process(&m.world), true
	}
	if c, ok := m.page().(chooser); ok {
		return c.selected(&m.world)
	}
	return Process{}, false
}

func (m Model) openDetail() (Model, tea.Cmd) {
	p, ok := m.selected()
	if !ok {
		return m, nil
	}
	m.detail = detail{}.show(p)
	return m.askDetails()
}

func (m Model) actDetail(a action) (Model, tea.Cmd) {
	switch a {
	case doBack, doQuit, doDetails:
		m.detail.open = false
		m = m.setPage(m.page().do(&m.world, doNothing))
		return m, nil
	case doSignal, doPause, doHelp, doSlower, doFaster:
		return m.act(a)
	}
	m.detail = m.detail.scroll(&m.world, a)
	return m, nil
}

func (m Model) pressHelp(key string) Model {
	switch a := actionOf(key, true); a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		m.help = m.help.scroll(&m.world, m.opts.ReadOnly, a)
	default:
		m.help.open = false
	}
	return m
}

func (m Model) openLine() Model {
	if f, ok := m.page().(filtered); ok {
		m.line = lineEdit{open: true, text: f.filter()}
	}
	return m
}

// pressLine types the filter. The rows follow each letter.
func (m Model) pressLine(key, text string) Model {
	switch key {
	case "enter", "kpenter":
		m.line.open = false
		return m
	case "esc":
		m.line.open = false
		return m.applyFilter("")
	case "up", "down", "pgup", "pgdown":
		return m.setPage(m.page().do(&m.world, actionOf(key, true)))
	case "backspace":
		m.line = m.line.erase(false)
	case "ctrl+w":
		m.line = m.line.erase(true)
	case "ctrl+u":
		m.line.text = ""
	default:
		m.line = m.line.insert(text)
	}
	return m.applyFilter(m.line.text)
}

func (m Model) applyFilter(text string) Model {
	f, ok := m.page().(filtered)
	if !ok || f.filter() == text {
		return m
	}
	return m.setPage(f.setFilter(&m.world, text))
}

// leave quits, after the target has been closed. If a command has the target at
// the moment, that is when it gives it back; whoever cannot wait asks twice.
func (m Model) leave() (Model, tea.Cmd) {
	switch {
	case m.menu.busy && !m.leaving:
		m.leaving = true
		m.menu = m.menu.shut()
		return m, nil
	case m.menu.busy || m.menu.target == nil:
		return m, tea.Quit
	}
	target := m.menu.target
	m.menu = m.menu.shut()
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
			m.menu = m.menu.move(a)
		case m.help.open:
			m.help = m.help.scroll(&m.world, m.opts.ReadOnly, a)
		case m.detail.open:
			m.detail = m.detail.scroll(&m.world, a)
		default:
			m = m.setPage(m.page().do(&m.world, a))
		}
	}
	return m
}

func (m Model) click(msg tea.MouseClickMsg) Model {
	c, ok := m.page().(chooser)
	if !ok || msg.Button != tea.MouseLeft || m.menu.open() || m.help.open || m.detail.open {
		return m
	}
	line := msg.Y - m.world.headerLines() - 1
	if line < 0 || line >= m.world.room {
		return m
	}
	return m.setPage(c.click(&m.world, line))
}
