package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/tui/text"
)

// openMenu opens the menu and pins the process at once.
func (m Model) openMenu() (Model, tea.Cmd) {
	p, ok := m.selected()
	switch {
	case m.opts.ReadOnly:
		return m.setStatus(normal, "read-only: no signals can be sent"), nil
	case !ok:
		return m, nil
	}
	if i, here := m.world.find(p.ID); !here || m.world.ended(i) {
		return m.setStatus(bad, p.ID.String()+" "+m.world.text(p.Comm)+": has ended, no signal can be sent"), nil
	}
	if m.menu.busy {
		return m.setStatus(normal, "still watching the previous process"), nil
	}
	m.menu = m.menu.show(p, m.world.snap.Caller).resize(m.world.menuRoom())
	return m, tea.Batch(hold(m.sig, p.ID, m.menu.number), inspect(m.src, p.ID))
}

// pressMenu handles a key in the current step of the menu.
func (m Model) pressMenu(key, text string) (Model, tea.Cmd) {
	a := actionOf(key, m.menu.keys())
	switch m.menu.step {
	case stepChoose:
		return m.chooseSignal(a, key, text)
	case stepConfirm:
		return m.confirmSignal(a)
	}
	switch a {
	case doKill: // same process, and to be confirmed again
		return m.confirm(sigKILL)
	case doBack:
		report := m.menu.report
		m, cmd := m.closeMenu()
		if report != "" {
			m = m.setStatus(warn, report)
		}
		return m, cmd
	}
	return m, nil
}

// chooseSignal moves to another signal, or types its name.
func (m Model) chooseSignal(a action, key, text string) (Model, tea.Cmd) {
	u := &m.menu
	switch a {
	case doBack:
		return m.closeMenu()
	case doConfirm:
		if u.lookUp() >= 0 && u.target != nil {
			return m.confirm(u.signals[u.cursor])
		}
		return m, nil
	case doErase:
		*u = u.typing(lineEdit{text: u.typed}.erase(false).text)
		return m, nil
	}
	if a = actionOf(key, listKeys); a != doNothing {
		*u = u.choose(a)
	} else if len(u.typed) < 12 {
		*u = u.typing(lineEdit{text: u.typed}.insert(strings.TrimSpace(text)).text)
	}
	return m, nil
}

// confirm asks whether to send the signal. For a moment it takes no answer: a paste that a
// terminal does not mark, or keys typed ahead, must not confirm what nobody has seen.
func (m Model) confirm(signal int) (Model, tea.Cmd) {
	u := &m.menu
	u.signal, u.step, u.armed = signal, stepConfirm, false
	u.asked++
	return m, arm(m.unarmed, u.number, u.asked)
}

func (m Model) arm(msg armedMsg) Model {
	if msg.menu == m.menu.number && msg.asked == m.menu.asked {
		m.menu.armed = true
	}
	return m
}

// confirmSignal sends the signal if a is doConfirm, and goes back otherwise.
func (m Model) confirmSignal(a action) (Model, tea.Cmd) {
	u := &m.menu
	switch {
	case a == doConfirm && !u.armed:
	case a == doConfirm:
		target := u.target
		u.step, u.slices, u.waited, u.report = stepWatch, 0, 0, ""
		u.target, u.busy = nil, true
		return m, send(target, u.signal, u.number)
	case u.report != "":
		u.step = stepReport
	default:
		u.step = stepChoose
	}
	return m, nil
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
	if ok && msg.err != nil {
		return m.finish(bad, m.menu.targetName(&m.world)+": "+m.refusal(msg.err))
	}
	return m, cmd
}

func (m Model) sent(msg sentMsg) (Model, tea.Cmd) {
	m, cmd, ok := m.back(msg.menu, msg.target)
	switch {
	case ok && msg.err != nil:
		return m.finish(bad, m.sending()+m.refusal(msg.err))
	case ok:
		return m.watch()
	}
	return m, cmd
}

// watch watches the target for another slice of time.
func (m Model) watch() (Model, tea.Cmd) {
	target := m.menu.target
	m.menu.target, m.menu.busy = nil, true
	return m, watch(target, watchSlice, m.menu.number)
}

func (m Model) watched(msg watchedMsg) (Model, tea.Cmd) {
	m, cmd, ok := m.back(msg.menu, msg.target)
	if !ok {
		return m, cmd
	}
	u := &m.menu
	u.slices++
	u.waited += msg.outcome.After
	switch {
	case msg.outcome.Ended:
		o := msg.outcome
		return m.finish(normal, m.sending()+"ended "+text.After(u.waited)+", "+text.Ended(o.Known, o.Status))
	case !u.settled(msg.outcome):
		return m.watch()
	}
	u.step, u.report = stepReport, u.stillThere(&m.world, msg.outcome)
	return m, nil
}

// finish closes the menu and shows why.
func (m Model) finish(l style, text string) (Model, tea.Cmd) {
	m, cmd := m.closeMenu()
	return m.setStatus(l, text), cmd
}

// sending returns "SIGTERM → 37 git: ".
func (m Model) sending() string {
	return procfs.SignalName(m.menu.signal) + m.world.glyphs().arrow + m.menu.targetName(&m.world) + ": "
}

func (m Model) refusal(err error) string {
	if errors.Is(err, procfs.ErrGone) {
		return "has ended, no signal was sent"
	}
	return m.world.text(err.Error())
}
