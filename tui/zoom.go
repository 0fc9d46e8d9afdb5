package tui

import (
	tea "charm.land/bubbletea/v2"

	"yinit/procfs/node"
)

// fleetOf is the fleet for a read.
type fleetOf struct {
	Fleet
	whole bool // the snapshot is that of the machine
}

func (m Model) fleet() fleetOf { return fleetOf{m.opts.Fleet, m.outer == nil} }

// firstPage returns the index of the page with the number 1.
func (m Model) firstPage() int {
	if m.opts.Fleet != nil {
		return 1
	}
	return 0
}

// numbered returns the index of the page with a number.
func (m Model) numbered(key string) (at int, ok bool) {
	if len(key) != 1 || key[0] < '0' || key[0] > '9' {
		return 0, false
	}
	at = int(key[0]) - '1' + m.firstPage()
	return at, at >= 0 && at < len(m.pages)
}

// zoomable returns the container that the page has selected, if it can be looked into.
func (m Model) zoomable() *node.Container {
	p, ok := m.page().(containersPage)
	if !ok {
		return nil
	}
	if c := p.current(); c != nil && c.PID != 0 {
		return c
	}
	return nil
}

// An enteredMsg is the result of Fleet.Enter.
type enteredMsg struct {
	from   Source // that was shown when it was asked for
	name   string
	target string // for --target
	inside Inside
	err    error
}

// zoom opens the selected container.
func (m Model) zoom() (Model, tea.Cmd) {
	c := m.zoomable()
	if c == nil {
		return m, nil
	}
	fleet, from, pid, name, target := m.opts.Fleet, m.src, c.PID, c.Label(), c.Target()
	return m.setStatus(normal, "looking into "+m.world.text(name)), func() tea.Msg {
		inside, err := fleet.Enter(pid)
		return enteredMsg{from, name, target, inside, err}
	}
}

// entered shows a container on all pages but that of the containers. They begin anew.
func (m Model) entered(msg enteredMsg) (Model, tea.Cmd) {
	switch {
	case msg.err != nil:
		return m.setStatus(warn, m.world.text(msg.err.Error())), nil
	case msg.from != m.src || m.menu.open():
		return m, closeInside(msg.inside)
	}
	leaving := closeInside(m.inner)
	outer := m.outer
	if outer == nil {
		outer = &m
	}
	inner := *outer
	inner.outer, inner.inner, inner.drawn = outer, msg.inside, m.drawn
	inner.src, inner.sig, inner.opts.Saver, inner.opts.PID = msg.inside.Source, msg.inside.Signaller, msg.inside.Saver, 0
	inner.opts.ReadOnly = outer.opts.ReadOnly || msg.inside.Signaller == nil
	inner.interval, inner.paused, inner.stale = m.interval, false, false
	w := &m.world
	inner.world = world{canvas: w.canvas, node: w.node, nodeFailed: w.nodeFailed, where: msg.name, hints: m.opts.Place}
	inner.world.hints.Target = msg.target
	inner.pages = newPages(inner.opts)
	inner.pages[0] = m.pages[0]
	inner.at = inner.firstPage()
	inner.gen, inner.reading = max(m.gen, outer.gen)+1, false
	inner.status, inner.failed, inner.later = "", "", nil
	inner.detail, inner.reasons, inner.record, inner.help, inner.line = detail{}, reasons{}, recordPane{}, help{}, lineEdit{}
	inner, read := inner.read()
	return inner, tea.Batch(leaving, read)
}

// goBack clears the filter. Without one, the page does what it does at Esc; while a container is
// shown, the pages show the machine again.
func (m Model) goBack() (Model, tea.Cmd) {
	p, on := m.page().(containersPage)
	if m.outer == nil || m.page().filter() != "" || on && p.full {
		return m.clearFilter(), nil
	}
	return m.leaveZoom()
}

// leaveZoom shows the machine again, as it was last read, until it is read anew.
func (m Model) leaveZoom() (Model, tea.Cmd) {
	inner := m
	m = *inner.outer
	m.world.canvas = inner.world.canvas
	m.world.node, m.world.nodeFailed = inner.world.node, inner.world.nodeFailed
	m.pages = append([]page{inner.pages[0]}, m.pages[1:]...)
	m.gen, m.at, m.stale = inner.gen+1, 0, true
	m.clicks = inner.clicks // The time for a double click has gone on.
	m.interval, m.paused, m.status, m.later, m.drawn = inner.interval, false, "", nil, inner.drawn
	m = m.setPage(m.page().refresh(&m.world))
	m, read := m.read()
	return m, tea.Batch(closeInside(inner.inner), read)
}

// outerRead notes that a read of the machine has ended while a container is shown.
func (m Model) outerRead(src Source) Model {
	if m.outer != nil && m.outer.src == src {
		outer := *m.outer
		outer.reading = false
		m.outer = &outer
	}
	return m
}

// leads reports whether the key that zooms, or Esc, leads elsewhere here.
func (m Model) leads(a action) bool {
	if a == doZoom {
		return m.zoomable() != nil
	}
	return m.covered() || m.outer != nil
}

// closeInside closes what showed a container.
func closeInside(inside Inside) tea.Cmd {
	if inside.Close == nil {
		return nil
	}
	return func() tea.Msg {
		inside.Close()
		return nil
	}
}

// noProcess is the line of a page that has no process to show.
func (w *world) noProcess(filter string) string {
	if w.gone() {
		return w.line(strong, w.text(w.where)+" has ended. Esc leads back to the machine.")
	}
	return w.line(strong, "No process matches "+w.text(filter)+". Esc clears the filter.")
}

// gone reports whether the container that the pages show has ended.
func (w *world) gone() bool { return w.where != "" && w.read && w.living == 0 }
