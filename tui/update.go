package tui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
)

// Update returns the model after a message.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, same := msg.(tickMsg); !same { // a tick only begins a read
		m.drawn = new(string)
	}
	m, cmd := m.route(msg)
	return m.settle(), cmd
}

func (m Model) route(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.resize(msg), nil
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.PasteMsg:
		return m.paste(msg), nil
	case tea.MouseWheelMsg:
		return m.wheel(msg), nil
	case tea.MouseClickMsg:
		return m.click(msg)
	case Notice:
		return m.setStatus(warn, string(msg)), nil
	case restMsg:
		return m.rest(msg), nil
	case tickMsg:
		return m.tick(msg)
	case readMsg:
		return m.show(msg)
	case detailsMsg:
		m.detail = m.detail.take(&m.world, msg)
	case enteredMsg:
		return m.entered(msg)
	case savedMsg:
		return m.tellSaved(msg), nil
	case lookedMsg:
		m.menu = m.menu.take(msg)
	}
	return m.routeMenu(msg)
}

// routeMenu handles the messages of the signal menu.
func (m Model) routeMenu(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case heldMsg:
		return m.held(msg)
	case armedMsg:
		return m.arm(msg), nil
	case sentMsg:
		return m.sent(msg)
	case watchedMsg:
		return m.watched(msg)
	}
	return m, nil
}

func (m Model) resize(msg tea.WindowSizeMsg) Model {
	m.world.width, m.world.height = max(0, msg.Width), max(0, msg.Height)
	return m
}

// settle gives the page the lines that the other parts do not use, and the snapshot that
// was taken while nothing might move.
func (m Model) settle() Model {
	w := &m.world
	if m.later != nil && !m.menu.still() {
		if !m.paused {
			*w = w.addSnapshot(*m.later)
			m = m.setPage(m.page().refresh(w))
		}
		m.later = nil
	}
	w.covered = m.covered() || m.menu.open()
	full := w.menuRoom()
	if room := full - m.menu.height(full); room != w.room {
		w.room = room
		m = m.setPage(m.page().do(w, doNothing))
		m.menu = m.menu.resize(w)
		m.detail, m.help, m.reasons = m.detail.resize(w), m.help.resize(&m), m.reasons.resize(w)
		m.record = m.record.resize(w)
	}
	return m
}

func (m Model) page() page { return m.pages[m.at] }

func (m Model) setPage(p page) Model {
	m.pages = slices.Clone(m.pages)
	m.pages[m.at] = p
	return m
}

// tick starts the next read, unless the screen is paused.
func (m Model) tick(msg tickMsg) (Model, tea.Cmd) {
	if msg.gen != m.gen || m.paused {
		return m, nil
	}
	return m.read()
}

func (m Model) read() (Model, tea.Cmd) {
	if m.reading || m.opts.Replay != nil {
		return m, nil
	}
	m.reading = true
	return m, read(m.src, m.fleet(), m.world.next, m.wants())
}

// wait starts the interval again.
func (m Model) wait() (Model, tea.Cmd) {
	m.gen++
	return m, m.tickAfter(m.interval, m.gen)
}

// show takes the result of a read. What could not be read stays as it was.
func (m Model) show(msg readMsg) (Model, tea.Cmd) {
	if msg.src != nil && msg.src != m.src { // It was asked for before the user looked elsewhere.
		return m.outerRead(msg.src), nil
	}
	m.reading, m.stale = false, m.stale && msg.err != nil
	w := &m.world
	w.historyFailed = ""
	if msg.histErr != nil {
		w.historyFailed = w.text(msg.histErr.Error())
	} else {
		*w = w.addHistory(msg.hist)
	}
	w.blameFailed = ""
	if msg.blameErr != nil {
		w.blameFailed = w.text(msg.blameErr.Error())
	}
	m.failed = ""
	if msg.err == nil {
		m.menu = m.menu.countJoined(w, &msg.snap)
	}
	if msg.err != nil {
		m.failed = w.text(msg.err.Error())
	} else if m.menu.still() {
		m.menu, m.later = m.menu.see(msg.snap), &msg.snap
	} else if !m.paused {
		first := !w.read
		*w = w.addSnapshot(msg.snap)
		if first {
			m = m.missing()
		}
	}
	if !m.menu.still() && !m.paused {
		*w = w.addBlame(msg.blame)
		w.closer = msg.closer
		*w = w.addNode(msg.node, msg.nodeErr)
	}
	m = m.setPage(m.page().refresh(w))
	m, details := m.askDetails()
	if m.paused {
		return m, details
	}
	m, next := m.wait()
	return m, tea.Batch(details, next)
}

// missing says if the process of --pid does not exist.
func (m Model) missing() Model {
	if _, ok := m.world.byPID[m.opts.PID]; m.opts.PID == 0 || ok {
		return m
	}
	return m.setStatus(warn, fmt.Sprintf("no process %d here", m.opts.PID))
}

// askDetails reads the details again, unless a read is in progress or the process has
// ended.
func (m Model) askDetails() (Model, tea.Cmd) {
	if !m.detail.open || m.detail.asked || m.detail.gone {
		return m, nil
	}
	m.detail.asked = true
	return m, inspect(m.src, m.detail.id)
}

// setInterval selects the next longer or shorter of the usual intervals.
func (m Model) setInterval(slower bool) (Model, tea.Cmd) {
	if m.opts.Replay != nil {
		return m.noRefresh(), nil
	}
	usual := []time.Duration{
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
		2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
	}
	i, exact := slices.BinarySearch(usual, m.interval)
	switch {
	case slower && exact:
		i++
	case !slower:
		i--
	}
	m.interval = usual[max(0, min(i, len(usual)-1))]
	m = m.setStatus(normal, "refresh every "+procfs.Span(m.interval))
	if m.reading || m.paused {
		return m, nil
	}
	return m.wait()
}

// pause freezes the screen, or resumes with a new read.
func (m Model) pause() (Model, tea.Cmd) {
	if m.opts.Replay != nil {
		return m.noRefresh(), nil
	}
	m.paused = !m.paused
	if m.paused {
		return m, nil
	}
	return m.read()
}

// noRefresh says why a replay does not change.
func (m Model) noRefresh() Model {
	return m.setStatus(normal, "this is a replay: it shows one moment, and nothing is refreshed")
}

// setStatus shows text on the last line until the next key.
func (m Model) setStatus(l style, text string) Model {
	m.status, m.statusStyle = text, l
	return m
}

func (m Model) paste(msg tea.PasteMsg) Model {
	if m.line.open {
		m.line = m.line.insert(msg.Content)
		return m.applyFilter(m.line.text)
	}
	return m
}
