package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

const (
	watchSlice = 250 * time.Millisecond // one watch of the target; a closed menu releases it that soon
	watchEnd   = 16                     // slices to watch after a signal meant to end the process
	watchOther = 4                      // slices to watch after any other signal
)

// step is the state of the menu.
type step uint8

const (
	stepClosed  step = iota
	stepChoose       // the user chooses a signal
	stepConfirm      // the user confirms it
	stepWatch        // it was sent, the process is watched
	stepReport       // the process still exists
)

// menu sends signals to one process. It shows the process as it was when the menu
// was opened, with the details that were read then. A refresh does not change it.
type menu struct {
	step   step
	number int // identifies this menu in messages
	p      snapshot.Process
	caller verdict.Caller
	target Target // nil until the process is held, and while busy
	busy   bool   // a command has the target and will return it

	list
	signals []int
	typed   string
	asked   int           // how often it asked to confirm
	armed   bool          // it has asked for long enough to take the answer, see [Model.confirm]
	signal  int           // the signal to send, or sent; the next menu starts with it
	slices  int           // how many slices the process was watched
	waited  time.Duration // for how long the process was watched
	report  string        // why the process still exists
}

// The keys of the menu, step by step.
var (
	chooseKeys = keyMap{
		{title: "arrows", hint: "choose"},
		{do: doConfirm, keys: []string{"enter", "kpenter"}, title: "Enter", hint: "confirm"},
		{do: doBack, keys: []string{"esc"}, title: "Esc", hint: "close"},
		{do: doErase, keys: []string{"backspace"}},
	}
	confirmKeys = keyMap{
		{do: doConfirm, keys: []string{"enter", "kpenter", "y"}, title: "Enter/y", hint: "send"},
		{title: "any", hint: "other key: back"},
	}
	watchKeys = keyMap{
		{do: doBack, keys: []string{"esc", "q"}, title: "Esc", hint: "stop watching"},
	}
	reportKeys = keyMap{
		{do: doKill, keys: []string{"K"}, title: "K", hint: "send SIGKILL to the same process"},
		{do: doBack, keys: []string{"esc", "q", "enter", "kpenter"}, title: "Esc", hint: "close"},
	}
)

// keys returns the key table of the step.
func (u menu) keys() keyMap {
	switch u.step {
	case stepConfirm:
		return confirmKeys
	case stepWatch:
		return watchKeys
	case stepReport:
		return reportKeys
	}
	return chooseKeys
}

// usualSignals come first in the menu, the rest by number.
var usualSignals = [...]string{"TERM", "KILL", "HUP", "INT", "QUIT", "USR1", "USR2", "STOP", "CONT"}

func allSignals() []int {
	all := make([]int, 0, 64)
	for _, name := range usualSignals {
		n, _ := procfs.ParseSignal(name)
		all = append(all, n)
	}
	for n := 1; n <= 64; n++ {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

func (u menu) open() bool { return u.step != stepClosed }

// show returns the menu for p. It is busy, because a command is opening the process.
func (u menu) show(p snapshot.Process, caller verdict.Caller) menu {
	n := menu{step: stepChoose, number: u.number + 1, p: p, caller: caller, busy: true, signals: allSignals(), signal: u.signal}
	n.list = n.fit(len(n.signals), 1).to(slices.Index(n.signals, u.signal))
	return n
}

// details takes the details of the process, which the source has read since.
func (u menu) details(msg detailsMsg) menu {
	if msg.err == nil && msg.id == u.p.ID && msg.d.Target != nil {
		u.p.Target = msg.d.Target
	}
	return u
}

// closed returns a closed menu with what the next menu needs. The caller releases
// the target.
func (u menu) closed() menu {
	return menu{number: u.number, signal: u.signal, busy: u.busy}
}

// targetName returns the target as shown to the user.
func (u menu) targetName(w *world) string {
	return fmt.Sprintf("%d %s", u.p.ID.PID, w.text(u.p.Comm))
}

// height returns how many of room lines the menu takes.
func (u menu) height(room int) int {
	switch {
	case !u.open():
		return 0
	case room < 10:
		return room
	default:
		return min(max(8, room*3/5), 13)
	}
}

// resize adapts the list to the lines between the title and the last line.
func (u menu) resize(room int) menu {
	u.list = u.fit(len(u.signals), u.height(room)-2)
	return u
}

// choose moves to another signal.
func (u menu) choose(a action) menu {
	if u.step == stepChoose {
		u.list, u.typed = u.move(a), ""
	}
	return u
}

// click chooses the signal at a line of the menu, whose first line is the title.
func (u menu) click(line int) menu {
	if row, ok := u.centre().at(line - 1); ok && u.step == stepChoose {
		u.list, u.typed = u.to(row), ""
	}
	return u
}

// typing selects the signal whose name or number starts with text.
func (u menu) typing(text string) menu {
	u.typed = text
	if i := u.lookUp(); i >= 0 {
		u.list = u.to(i)
	}
	return u
}

// lookUp returns the row of the signal that was typed, -1 if there is none.
func (u menu) lookUp() int {
	if u.typed == "" {
		return u.cursor
	}
	if n, err := procfs.ParseSignal(u.typed); err == nil {
		return slices.Index(u.signals, n)
	}
	prefix := strings.TrimPrefix(strings.ToUpper(u.typed), "SIG")
	return slices.IndexFunc(u.signals, func(n int) bool { return strings.HasPrefix(text.Signal(n), prefix) })
}

func (u menu) view(w *world) []string {
	height := u.height(w.menuRoom())
	if height < 3 {
		return nil
	}
	lines := []string{u.title(w)}
	from, to := u.fit(len(u.signals), height-2).centre().visible()
	for i := from; i < to; i++ {
		lines = append(lines, u.row(w, i))
	}
	return append(lines, u.footer(w))
}

// title returns a rule with the name of the process.
func (u menu) title(w *world) string {
	g := w.glyphs()
	held := "safe from pid reuse"
	if w.width < 64 {
		held = "pinned"
	}
	if i, ok := w.find(u.p.ID); !ok || w.ended(i) {
		held = "has ended"
	} else if u.target == nil && u.step == stepChoose {
		held = "opening"
	}
	title := w.cut(strings.Repeat(g.rule, 2)+" signal to "+u.targetName(w)+" ("+held+") ", w.width)
	return w.paint(strong, title+strings.Repeat(g.rule, max(0, w.width-text.Width(title))))
}

func (u menu) row(w *world, i int) string {
	n := u.signals[i]
	f := predict(&u.p, n, u.caller)
	mark, l := " ", normal
	if i == u.cursor {
		mark, l = w.glyphs().cursor, selected
	}
	line := fmt.Sprintf("%s %2d %s %s", mark, n, w.pad(text.Signal(n), 8), w.pad(f.String(), 14))
	if w.width >= 64 {
		line += " " + f.why
	}
	return w.paint(l, w.pad(line, w.width))
}

// footer returns the last line of the menu: what the user can do, or what happens.
func (u menu) footer(w *world) string {
	name := procfs.SignalName(u.signal)
	switch u.step {
	case stepConfirm:
		return w.paint(warn, w.cut(fmt.Sprintf(" Send %s to %s?", name, u.targetName(w)), w.width))
	case stepWatch:
		return w.cut(fmt.Sprintf(" %s sent to %s, watching it for %s", name, u.targetName(w), procfs.Span(u.waited)), w.width)
	case stepReport:
		return w.paint(warn, w.cut(" "+u.report, w.width))
	}
	if u.typed != "" && u.lookUp() < 0 {
		return w.paint(bad, w.cut(" unknown signal "+u.typed, w.width))
	}
	return w.cut(" or type a signal name or number: "+u.typed+w.paint(selected, " "), w.width)
}

// stillThere says why the process still exists, or what the signal did instead.
func (u menu) stillThere(w *world, o Outcome) string {
	name := procfs.SignalName(u.signal)
	text := name + w.glyphs().arrow + u.targetName(w) + ": "
	switch {
	case o.State.Stopped() && !u.p.State.Stopped():
		return text + "stopped, SIGCONT resumes it"
	case u.p.State.Stopped() && !o.State.Stopped():
		return text + "resumed"
	}
	text += "still there after " + procfs.Span(u.waited)
	if why := u.obstacle(name, o); why != "" {
		text += ": " + why
	}
	return text
}

func (u menu) obstacle(name string, o Outcome) string {
	s := o.Sigs
	switch {
	case u.p.ID.PID == 1 && uncatchable(u.signal):
		return "the kernel protects PID 1"
	case o.State == procfs.StateDisk:
		return "uninterruptible sleep delays it"
	case !s.Known:
		return ""
	case s.Blocked.Has(u.signal) && s.SharedPending.Has(u.signal):
		return name + " is blocked and pending"
	case s.Blocked.Has(u.signal):
		return name + " is blocked"
	case s.Ignored.Has(u.signal):
		return name + " is ignored"
	case o.State.Stopped():
		return "it is stopped, " + name + " stays pending until SIGCONT"
	case s.Caught.Has(u.signal):
		return name + " has a handler, which has not ended the process"
	case u.p.ID.PID == 1:
		return "PID 1 has no handler for it"
	}
	return ""
}

// settled reports whether watching can stop.
func (u menu) settled(o Outcome) bool {
	limit := watchOther
	if meantToEnd(u.signal) {
		limit = watchEnd
	}
	return u.slices >= limit || o.State != 0 && o.State.Stopped() != u.p.State.Stopped()
}
