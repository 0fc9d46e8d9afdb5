package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs/snapshot"
)

// The keys of the menu, step by step.
var (
	offerKeys = keyMap{
		{do: doConfirm, keys: []string{"enter", "kpenter"}, title: "Enter", hint: "signal that process"},
		{do: doBack, keys: []string{"esc", "q"}, title: "Esc", hint: "close"},
	}
	chooseKeys = keyMap{
		{do: doConfirm, keys: []string{"enter", "kpenter"}, title: "Enter", does: "send the signal, after a question", hint: "confirm"},
		{do: doBack, keys: []string{"esc"}, title: "Esc", does: "close the menu, stop watching, or cancel the SIGKILL to come", hint: "close"},
		{do: doRight, keys: []string{"tab", "right"}, title: "Tab Right Left", does: "the process, its group, its subtree, its session, the tagged ones", hint: "scope"},
		{do: doLeft, keys: []string{"shift+tab", "left"}},
		{do: doEscalate, keys: []string{"e"}, title: "e", does: "SIGTERM, and SIGKILL if it has not ended after 10s", hint: "TERM, 10s, KILL"},
		{do: doErase, keys: []string{"backspace"}},
	}
	confirmKeys = keyMap{
		{do: doConfirm, keys: []string{"enter", "kpenter", "y"}, title: "Enter/y", hint: "send"},
		{title: "any", hint: "other key: back"},
	}
	// Enter is a habit, y is an answer.
	riskyKeys = keyMap{
		{do: doConfirm, keys: []string{"y"}, title: "y", does: "confirm SIGKILL, a signal to several processes, or the container's end", hint: "send"},
		{do: doBack, keys: []string{"n", "esc"}, title: "n Esc", does: "no, back to the signals", hint: "no"},
	}
	watchKeys = keyMap{
		{do: doBack, keys: []string{"esc", "q"}, title: "Esc", hint: "stop watching"},
	}
	// While SIGKILL is to follow, Esc does more than stop watching.
	escalateKeys = keyMap{
		{do: doBack, keys: []string{"esc", "q"}, title: "Esc", hint: "cancel SIGKILL"},
	}
	reportKeys = keyMap{
		{do: doKill, keys: []string{"K"}, title: "K", does: "SIGKILL to what still exists", hint: "send SIGKILL"},
		{do: doBack, keys: []string{"esc", "q", "enter", "kpenter"}, title: "Esc", hint: "close"},
	}
)

// keys returns the key table of the step.
func (u menu) keys() keyMap {
	switch u.step {
	case stepOffer:
		if u.p.Culprit == 0 {
			return offerKeys[1:]
		}
		return offerKeys
	case stepConfirm:
		table := confirmKeys
		if u.risky() {
			table = riskyKeys
		}
		if !u.armed { // The footer does not offer yet what has no effect yet.
			table = table[1:]
		}
		return table
	case stepWatch:
		if u.escalate {
			return escalateKeys
		}
		return watchKeys
	case stepReport:
		if u.last == sigKILL || !u.canKill() || u.chosen().count((*member).stillThere) == 0 {
			return reportKeys[1:]
		}
		return reportKeys
	}
	return u.usable(chooseKeys)
}

// usable returns the keys that have a meaning for this target.
func (u menu) usable(table keyMap) keyMap {
	return slices.DeleteFunc(slices.Clone(table), func(b binding) bool {
		return b.do == doEscalate && !u.canKill() || (b.do == doRight || b.do == doLeft) && len(u.scopes) < 2
	})
}

// openMenu opens the menu and pins the process at once.
func (m Model) openMenu() (Model, tea.Cmd) {
	p, ok := m.selected()
	i, here := m.world.find(p.ID)
	switch {
	case m.opts.Replay != nil:
		return m.setStatus(warn, "no signals: this is a replay of "+m.world.snap.Time.Format("2006-01-02 15:04:05")+", its processes are not here"), nil
	case m.opts.ReadOnly:
		return m.setStatus(warn, "no signals: top was started with --readonly"), nil
	case !ok:
		return m.setStatus(normal, "no process is selected"), nil
	case !here || m.world.ended(i):
		return m.setStatus(bad, p.ID.String()+" "+m.world.text(p.Comm)+": it has ended, no signal can be sent"), nil
	case m.menu.busy:
		return m.setStatus(normal, "still watching the previous process"), nil
	case p.Dead() && len(m.world.tags) == 0:
		m.menu = menu{step: stepOffer, number: m.menu.number, p: p}
		return m, nil
	}
	return m.showMenu(p)
}

func (m Model) showMenu(p snapshot.Process) (Model, tea.Cmd) {
	m.menu = m.menu.show(&m.world, p)
	return m, m.pin()
}

// pin returns a command that holds the processes of the chosen scope, and one that reads
// what decides the verdicts on them.
func (m Model) pin() tea.Cmd {
	ids := m.menu.chosen().ids()
	return tea.Batch(hold(m.sig, ids, m.menu.number), lookAll(m.src, ids, m.menu.number))
}

// pressMenu handles a key in the current step of the menu.
func (m Model) pressMenu(key, text string) (Model, tea.Cmd) {
	a := actionOf(key, m.menu.keys())
	switch m.menu.step {
	case stepOffer:
		return m.takeOffer(a)
	case stepChoose:
		return m.chooseSignal(a, key, text)
	case stepConfirm:
		return m.confirmSignal(a, key)
	}
	switch a {
	case doKill: // same processes, and to be confirmed again
		return m.confirm(sigKILL, false)
	case doBack:
		return m.stopWatching()
	}
	m.menu = m.menu.choose(actionOf(key, listKeys))
	return m, nil
}

// takeOffer opens the menu of the process that has not reaped the zombie.
func (m Model) takeOffer(a action) (Model, tea.Cmd) {
	i, ok := m.world.byPID[m.menu.p.Culprit]
	switch {
	case a == doBack:
		return m.closeMenu()
	case a != doConfirm:
		return m, nil
	case !ok || m.world.ended(i):
		return m.finish(bad, "the process that has not reaped it has ended")
	}
	return m.showMenu(m.world.procs[i])
}

// chooseSignal moves to another signal, or types its name.
func (m Model) chooseSignal(a action, key, text string) (Model, tea.Cmd) {
	u := &m.menu
	switch {
	case a == doBack:
		return m.closeMenu()
	case a == doConfirm:
		return m.chooseRow()
	case a == doRight, a == doLeft:
		return m.nextScope(a)
	case a == doEscalate && u.typed == "": // No signal starts with e, but TERM has one.
		if u.target != nil {
			return m.confirm(u.startSignal(), true)
		}
		return m, nil
	case a == doErase:
		*u = u.typing(lineEdit{text: u.typed}.erase(false).text)
		return m, nil
	}
	if a = actionOf(key, listKeys); a != doNothing {
		*u = u.choose(a)
	} else if len(u.typed) < mostTyped {
		*u = u.typing(lineEdit{text: u.typed}.insert(strings.TrimSpace(text)).text)
	}
	return m, nil
}

// chooseRow asks whether to send the signal of the selected row.
func (m Model) chooseRow() (Model, tea.Cmd) {
	u := &m.menu
	switch {
	case u.lookUp() < 0 || u.target == nil:
		return m, nil
	case u.chosen().living() == 0:
		return m.finish(bad, u.chosen().name(&m.world)+": "+nothingSent)
	}
	return m.confirm(u.signals[u.cursor], false)
}

// nextScope chooses the next or the previous scope, and holds its processes instead.
func (m Model) nextScope(a action) (Model, tea.Cmd) {
	n := len(m.menu.scopes)
	if a == doLeft {
		return m.toScope((m.menu.scope + n - 1) % n)
	}
	return m.toScope((m.menu.scope + 1) % n)
}

func (m Model) toScope(i int) (Model, tea.Cmd) {
	old := m.menu.target
	m.menu.scope = i
	m.menu = m.menu.restart(&m.world)
	return m, tea.Batch(release(old), m.pin())
}

// confirm asks whether to send the signal. For a moment it takes no answer: a paste that a
// terminal does not mark, or keys typed ahead, must not confirm what nobody has seen.
func (m Model) confirm(signal int, escalate bool) (Model, tea.Cmd) {
	u := &m.menu
	u.signal, u.escalate, u.step, u.armed = signal, escalate, stepConfirm, false
	u.asked++
	u.doomed = u.endsContainer(&m.world)
	*u = u.listMembers(&m.world).resize(&m.world)
	return m, arm(m.unarmed, u.number, u.asked)
}

func (m Model) arm(msg armedMsg) Model {
	if msg.menu == m.menu.number && msg.asked == m.menu.asked {
		m.menu.armed = true
	}
	return m
}

// confirmSignal sends the signal if a is doConfirm, and goes back otherwise. Enter is no
// answer where y is asked for, nor is a key that comes too soon. A list can be scrolled.
func (m Model) confirmSignal(a action, key string) (Model, tea.Cmd) {
	u := &m.menu
	scroll := actionOf(key, listKeys)
	switch {
	case a == doConfirm:
		return m.send()
	case actionOf(key, confirmKeys) == doConfirm:
	case u.lines != nil && scroll != doNothing:
		*u = u.choose(scroll)
	case u.report != "":
		u.step = stepReport
		*u = u.listLeft(&m.world)
	default:
		u.step, u.lines, u.escalate = stepChoose, nil, false
	}
	return m, nil
}

// send sends the signal, and lets go of the target until the command returns it.
func (m Model) send() (Model, tea.Cmd) {
	u := &m.menu
	target := u.target
	m.world = m.world.sending(u)
	u.last, u.again = u.signal, u.last != 0
	u.step, u.waited, u.report, u.lines, u.target, u.busy = stepWatch, 0, "", nil, nil, true
	return m, send(target, u.signal, u.number, m.now)
}

// stopWatching closes the menu, with the report on the last line.
func (m Model) stopWatching() (Model, tea.Cmd) {
	report := cmp.Or(m.menu.unfinished(&m.world), m.menu.report)
	m, cmd := m.closeMenu()
	if report != "" {
		m = m.setStatus(warn, report)
	}
	return m, cmd
}

// closeMenu closes the menu and the target. If a command has the target, the target
// is closed when the command returns it.
func (m Model) closeMenu() (Model, tea.Cmd) {
	target := m.menu.target
	m.menu = m.menu.closed()
	return m, release(target)
}

// back takes the target from a command that returns it. It reports false if no menu
// needs the target any more; then cmd closes it.
func (m Model) back(number int, target Target) (after Model, cmd tea.Cmd, ok bool) {
	if number != m.menu.number {
		return m, release(target), false
	}
	m.menu.busy = false
	if m.leaving {
		return m, tea.Sequence(release(target), tea.Quit), false
	}
	if !m.menu.open() {
		return m, release(target), false
	}
	m.menu.target = target
	return m, nil, true
}

func (m Model) held(msg heldMsg) (Model, tea.Cmd) {
	m, cmd, ok := m.back(msg.menu, msg.target)
	if !ok {
		return m, cmd
	}
	m.menu = m.menu.missed(msg.errs)
	if s := m.menu.chosen(); s.sentTo() == 0 {
		return m.finish(bad, s.name(&m.world)+": "+m.menu.refusals(&m.world))
	}
	return m, nil
}

func (m Model) sent(msg sentMsg) (Model, tea.Cmd) {
	m.world = m.world.noteSent(msg)
	m, cmd, ok := m.back(msg.menu, msg.target)
	if !ok {
		return m, cmd
	}
	m.menu = m.menu.missed(msg.errs)
	if m.menu.chosen().sentTo() == 0 {
		return m.finish(bad, m.menu.failure(&m.world))
	}
	return m.watch()
}

// watch watches the target for another slice of time.
func (m Model) watch() (Model, tea.Cmd) {
	target := m.menu.target
	m.menu.target, m.menu.busy = nil, true
	return m, watch(target, watchSlice, m.menu.number)
}

// watched takes the state of the processes, and goes on watching, escalates, or reports.
func (m Model) watched(msg watchedMsg) (Model, tea.Cmd) {
	m, cmd, ok := m.back(msg.menu, msg.target)
	if !ok {
		return m, cmd
	}
	m.menu = m.menu.watched(msg.outcomes)
	u := &m.menu
	m.world = m.world.noteResult(u.number, u.result(&m.world))
	left, refused := u.chosen().count((*member).stillThere), u.chosen().count((*member).refused)
	switch {
	case left == 0 && refused == 0:
		return m.finish(normal, u.outcome(&m.world))
	case left == 0: // The report lists the others.
	case u.escalate && u.waited >= killAfter:
		u.forced, u.signal, u.escalate = u.signal, sigKILL, false
		return m.send()
	case !u.settled():
		return m.watch()
	case !u.shouldEnd():
		return m.finish(normal, u.outcome(&m.world))
	}
	u.step, u.report, u.escalate = stepReport, u.outcome(&m.world), false
	*u = u.listLeft(&m.world)
	return m, nil
}

// finish closes the menu and shows why.
func (m Model) finish(l style, text string) (Model, tea.Cmd) {
	m, cmd := m.closeMenu()
	return m.setStatus(l, text), cmd
}

// startSignal returns the signal with which an escalation starts.
func (u menu) startSignal() int {
	if u.chosen().several() {
		return sigTERM
	}
	return u.first
}

// clickMenu selects the row at a line of the menu, or the scope at a column. A click on
// the selected row is Enter.
func (m Model) clickMenu(column, line int) (Model, tea.Cmd) {
	u := &m.menu
	if u.step != stepChoose {
		return m, nil
	}
	l := u.layout(&m.world)
	if line == 1 && l.scopes {
		if i := u.scopeAt(&m.world, column); i >= 0 && i != u.scope {
			return m.toScope(i)
		}
		return m, nil
	}
	row, ok := u.at(line - l.top)
	switch {
	case !ok:
		return m, nil
	case row == u.cursor && u.typed == "":
		return m.chooseRow()
	}
	u.list, u.typed = u.to(row), ""
	return m, nil
}

// nothingSent says that a process ended before the signal.
const nothingSent = "it has ended: nothing sent"
