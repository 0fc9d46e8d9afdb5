package tui

import (
	"cmp"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/snapshot"
)

// press hands a key to the part of the screen that has the focus.
func (m Model) press(msg tea.KeyPressMsg) (Model, tea.Cmd) {
	return m.pressKey(msg.String(), msg.Text)
}

// pressKey handles the key of this name, which types text.
func (m Model) pressKey(key, text string) (Model, tea.Cmd) {
	m.status = ""
	switch {
	case key == "ctrl+c":
		return m.leave()
	case key == "ctrl+z":
		return m, tea.Suspend
	case m.menu.open():
		return m.pressMenu(key, text)
	case m.line.open:
		return m.pressLine(key, text), nil
	}
	if at, ok := m.numbered(key); ok {
		return m.closePanes().showPage(at).arrive()
	}
	switch {
	case m.help.open:
		return m.pressHelp(key), nil
	case m.reasons.open:
		return m.actReasons(actionOf(key, reasonsKeys, listKeys, refreshKeys))
	case m.detail.open:
		return m.actDetail(actionOf(key, m.detail.keys(), listKeys, refreshKeys))
	case m.record.open:
		return m.actRecord(actionOf(key, recordKeys, listKeys, refreshKeys))
	}
	return m.act(actionOf(key, append(m.page().keys(), listKeys, refreshKeys, modelKeys)...))
}

// closePanes shows the page again that help and details cover.
func (m Model) closePanes() Model {
	m.help.open, m.detail.open, m.reasons.open, m.record.open = false, false, false, false
	return m
}

// covered reports whether a pane covers the page.
func (m Model) covered() bool {
	return m.help.open || m.detail.open || m.reasons.open || m.record.open
}

// footer returns the keys that matter in the part that has the focus.
func (m Model) footer() []piece {
	switch {
	case m.line.open:
		return hints(lineKeys, nil, 0)
	case m.menu.open():
		return hints(m.menu.keys(), nil, 0)
	case m.help.open:
		return hints(helpKeys, nil, 0)
	case m.reasons.open:
		return hints(reasonsKeys, m.matters, 0)
	case m.detail.open:
		return hints(m.detail.keys(), m.matters, 0)
	case m.record.open:
		return hints(recordKeys, m.matters, 0)
	}
	var all []piece
	for _, table := range m.page().keys() {
		all = append(all, hints(table, m.matters, -10-len(all))...)
	}
	return slices.Concat(all, hints(refreshKeys, m.matters, -1), hints(modelKeys, m.matters, -3))
}

// matters reports whether a key of the footer does something here and now.
func (m Model) matters(b *binding) bool {
	switch b.do {
	case doNextMatch:
		return m.page().filter() != ""
	case doUntag:
		return len(m.world.tags) > 0
	case doZombies:
		return m.world.status.zombies > 0 && m.page().name() != zombiesName
	case doPause:
		return m.paused
	case doShow:
		return m.canShow()
	case doSecrets:
		return m.detail.hides()
	case doRight:
		r, _ := m.page().record(&m.world)
		return r.note != ""
	case doSignal:
		_, ok := m.selected()
		return ok && !m.opts.ReadOnly
	case doZoom, doBack:
		return m.leads(b.do)
	case doExplain, doDetails, doVerdicts, doFold:
		return m.hasRow()
	}
	return !b.writes || !m.opts.ReadOnly
}

// hasRow reports whether there is a row that keys act on.
func (m Model) hasRow() bool {
	_, process := m.selected()
	_, record := m.chosenRecord()
	_, other := m.page().unfold(&m.world)
	return process || record || other
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
		return m.goBack()
	case doDetails, doVerdicts:
		return m.openDetail(a == doVerdicts)
	case doExplain:
		return m.openReasons()
	case doSignal:
		return m.openMenu()
	case doPause:
		return m.pause()
	case doSnapshot:
		return m.save()
	case doSlower, doFaster:
		return m.setInterval(a == doSlower)
	case doNextPage, doPreviousPage:
		return m.turn(a).arrive()
	case doZombies:
		return m.showZombies().arrive()
	case doShow:
		return m.showProcess(), nil
	case doZoom:
		return m.zoom()
	default:
		m = m.setPage(m.page().do(&m.world, a))
	}
	return m, nil
}

// clearFilter clears the filter. Without one, the page does what it does at Esc.
func (m Model) clearFilter() Model {
	if m.page().filter() == "" {
		return m.setPage(m.page().do(&m.world, doBack))
	}
	return m.applyFilter("")
}

// turn shows the next page or the one before.
func (m Model) turn(a action) Model {
	if a == doNextPage {
		return m.showPage(m.at + 1)
	}
	return m.showPage(m.at + len(m.pages) - 1)
}

func (m Model) showPage(to int) Model {
	m.at = to % len(m.pages)
	return m.setPage(m.page().refresh(&m.world))
}

// arrive reads at once what the page wants that not every refresh reads.
func (m Model) arrive() (Model, tea.Cmd) {
	if all := m.wants(); m.paused || !all.zombies && !all.node && len(all.targets) == 0 {
		return m, nil
	}
	return m.read()
}

// showZombies shows the page with the zombies. If the selected process is a zombie or has
// not reaped one, it is selected there.
func (m Model) showZombies() Model {
	p, _ := m.selected()
	for i := range m.pages {
		if m.pages[i].name() == zombiesName {
			m = m.closePanes().showPage(i)
			if to, ok := m.page().reveal(&m.world, p.ID); ok {
				return m.setPage(to)
			}
		}
	}
	return m
}

// showProcess shows the process that the page has selected, or the parent in the record
// that it has selected, on the page where it can be revealed.
func (m Model) showProcess() Model {
	p, ok := m.selected()
	if !ok {
		return m.showParent()
	}
	return m.reveal(&p)
}

// canShow reports whether showProcess finds a process.
func (m Model) canShow() bool {
	if r, ok := m.chosenRecord(); ok {
		_, why := m.world.parentNow(&r.Record)
		return why == ""
	}
	_, ok := m.selected()
	return ok
}

// reveal shows a process on the first page where it can be revealed.
func (m Model) reveal(p *snapshot.Process) Model {
	for i := range m.pages {
		if to, ok := m.pages[i].reveal(&m.world, p.ID); ok {
			m = m.closePanes().showPage(i)
			return m.setPage(to.refresh(&m.world))
		}
	}
	return m.setStatus(warn, fmt.Sprintf("%d %s is not there any more", p.ID.PID, m.world.text(p.Comm)))
}

// selected returns the process that keys act on.
func (m Model) selected() (snapshot.Process, bool) {
	if m.reasons.open {
		return m.reasons.process(&m.world), true
	}
	if m.detail.open {
		return m.detail.process(&m.world), true
	}
	return m.page().selected(&m.world)
}

// openDetail shows the details of the selected process, or only its verdicts.
func (m Model) openDetail(verdicts bool) (Model, tea.Cmd) {
	p, ok := m.selected()
	if r, is := m.page().record(&m.world); !ok && is {
		m.record = recordPane{open: true, chosenRecord: r}.resize(&m.world)
		return m, nil
	}
	if !ok { // The rows of the page are no processes.
		return m.setPage(m.page().do(&m.world, doDetails)), nil
	}
	m.detail = detail{}.show(p, verdicts).resize(&m.world)
	return m.askDetails()
}

func (m Model) actDetail(a action) (Model, tea.Cmd) {
	switch a {
	case doSecrets:
		m.detail.secrets = !m.detail.secrets
	case doBack:
		m.detail.open = false
		return m.setPage(m.page().do(&m.world, doNothing)), nil
	case doVerdicts, doDetails:
		m.detail.verdicts = a == doVerdicts
		m.detail.list = list{}
		m.detail = m.detail.resize(&m.world)
		return m, nil
	case doSignal, doPause, doHelp, doSlower, doFaster:
		return m.act(a)
	}
	return m.scrollPane(a), nil
}

func (m Model) actRecord(a action) (Model, tea.Cmd) {
	switch a {
	case doBack:
		m.record.open = false
		return m.setPage(m.page().do(&m.world, doNothing)), nil
	case doShow, doExplain, doPause, doHelp, doSlower, doFaster:
		return m.act(a)
	}
	return m.scrollPane(a), nil
}

func (m Model) actReasons(a action) (Model, tea.Cmd) {
	switch a {
	case doBack:
		m.reasons.open = false
		return m.setPage(m.page().do(&m.world, doNothing)), nil
	case doDetails:
		m, cmd := m.openDetail(false)
		m.reasons.open = false
		return m, cmd
	case doSignal, doPause, doHelp, doSlower, doFaster:
		return m.act(a)
	}
	return m.scrollPane(a), nil
}

// wants returns what the page and the pane that covers it show beyond a snapshot.
func (m Model) wants() wants {
	all := m.page().wants(&m.world)
	all.zombies = all.zombies || m.reasons.open
	return all
}

// scrollPane scrolls the pane that covers the page.
func (m Model) scrollPane(a action) Model {
	if m.help.open {
		m.help = m.help.resize(&m)
		m.help.list = m.help.scroll(a)
		return m
	}
	if m.reasons.open {
		m.reasons = m.reasons.resize(&m.world)
		m.reasons.list = m.reasons.scroll(a)
		return m
	}
	if m.record.open {
		m.record = m.record.resize(&m.world)
		m.record.list = m.record.scroll(a)
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
		m.line.open = m.line.wrong != ""
		return m
	case doBack:
		m.line = lineEdit{}
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

// applyFilter filters the page. While the text is not valid, the page keeps its last
// filter, and the line says why.
func (m Model) applyFilter(text string) Model {
	m.line.wrong = ""
	if m.page().filter() == text {
		return m
	}
	page, err := m.page().setFilter(&m.world, text)
	if err != nil {
		m.line.wrong = err.Error()
	}
	return m.setPage(page)
}

// leave quits after closing the target. If a command has the target, that happens
// when the command returns it; a second call does not wait for that.
func (m Model) leave() (Model, tea.Cmd) {
	m.farewell = cmp.Or(m.menu.unfinished(&m.world), m.farewell)
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
