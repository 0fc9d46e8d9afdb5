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
	watchSlice = 250 * time.Millisecond // a menu that is closed gives its target back so soon
	watchEnd   = 16                     // slices that we watch after a signal that ought to end it
	watchOther = 4                      // slices after another one
)

// step is how far a signal has come.
type step uint8

const (
	stepShut    step = iota
	stepChoose       // which signal
	stepConfirm      // really
	stepWatch        // sent, what happens
	stepReport       // it is still there
)

// menu sends signals to one process. It shows the process as it was when the
// menu was opened, and as it was then looked at more closely; no refresh changes
// that.
type menu struct {
	step   step
	number int // of this menu, for the messages
	p      snapshot.Process
	caller verdict.Caller
	target Target // nil until it is held, and while busy
	busy   bool   // a command has the target, and brings it back

	list
	signals []int
	typed   string
	signal  int           // to be sent, or sent; the next menu starts with it
	slices  int           // that were watched
	waited  time.Duration // for how long the process was watched
	report  string        // why it is still there
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

// keys is the key table of the step.
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

// usualSignals come first, the rest by number.
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

func (u menu) open() bool { return u.step != stepShut }

// show is the menu for p. It is busy: the process is being held.
func (u menu) show(p snapshot.Process, caller verdict.Caller) menu {
	n := menu{step: stepChoose, number: u.number + 1, p: p, caller: caller, busy: true, signals: allSignals(), signal: u.signal}
	n.list = n.fit(len(n.signals), 1).to(slices.Index(n.signals, u.signal))
	return n
}

// look takes what the source found out about the process since.
func (u menu) look(msg detailsMsg) menu {
	if msg.err == nil && msg.id == u.p.ID && msg.d.Target != nil {
		u.p.Target = msg.d.Target
	}
	return u
}

// shut keeps what the next menu wants to know. Who shuts a menu releases its
// target.
func (u menu) shut() menu {
	return menu{number: u.number, signal: u.signal, busy: u.busy}
}

// who is the target for people.
func (u menu) who(w *world) string {
	return fmt.Sprintf("%d %s", u.p.ID.PID, w.text(u.p.Comm))
}

// height is how many lines the menu takes of room.
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

// resize fits the list to the lines of the menu between its title and its last.
func (u menu) resize(room int) menu {
	u.list = u.fit(len(u.signals), u.height(room)-2)
	return u
}

// choose goes to another signal.
func (u menu) choose(a action) menu {
	if u.step == stepChoose {
		u.list, u.typed = u.move(a), ""
	}
	return u
}

// typing selects the signal whose name or number begins like what was typed.
func (u menu) typing(text string) menu {
	u.typed = text
	if i := u.lookUp(); i >= 0 {
		u.list = u.to(i)
	}
	return u
}

// lookUp is the row of what was typed, -1 if no signal is called so.
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

// title is a rule with the name of the process.
func (u menu) title(w *world) string {
	g := w.glyphs()
	held := "held since you opened this"
	if w.width < 64 {
		held = "held"
	}
	if i, ok := w.find(u.p.ID); !ok || w.ended(i) {
		held = "it has ended"
	} else if u.target == nil && u.step == stepChoose {
		held = "being opened"
	}
	title := w.cut(strings.Repeat(g.rule, 2)+" signal to "+u.who(w)+" ("+held+") ", w.width)
	return w.paint(strong, title+strings.Repeat(g.rule, max(0, w.width-text.Width(title))))
}

func (u menu) row(w *world, i int) string {
	n := u.signals[i]
	f := foresee(&u.p, n, u.caller)
	mark, l := " ", normal
	if i == u.cursor {
		mark, l = w.glyphs().cursor, reverse
	}
	line := fmt.Sprintf("%s %2d %s %s", mark, n, w.pad(text.Signal(n), 8), w.pad(f.String(), 14))
	if w.width >= 64 {
		line += " " + f.why
	}
	return w.paint(l, w.pad(line, w.width))
}

// footer is the line that says what is going on.
func (u menu) footer(w *world) string {
	name := procfs.SignalName(u.signal)
	switch u.step {
	case stepConfirm:
		return w.paint(warn, w.cut(fmt.Sprintf(" Send %s to %s?", name, u.who(w)), w.width))
	case stepWatch:
		return w.cut(fmt.Sprintf(" %s was sent to %s, watching for %s", name, u.who(w), procfs.Span(u.waited)), w.width)
	case stepReport:
		return w.paint(warn, w.cut(" "+u.report, w.width))
	}
	if u.typed != "" && u.lookUp() < 0 {
		return w.paint(bad, w.cut(" unknown signal "+u.typed, w.width))
	}
	return w.cut(" or type a name or a number: "+u.typed+w.paint(reverse, " "), w.width)
}

// stillThere says why the process is still there, or what it does instead.
func (u menu) stillThere(w *world, o Outcome) string {
	name := procfs.SignalName(u.signal)
	text := name + w.glyphs().arrow + u.who(w) + ": "
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
	case u.p.ID.PID == 1 && unstoppable(u.signal):
		return "the kernel protects PID 1"
	case o.State == procfs.StateDisk:
		return "it is in uninterruptible sleep, and acts when it wakes up"
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
		return name + " has a handler, which has not ended it"
	case u.p.ID.PID == 1:
		return "PID 1 has no handler for it"
	}
	return ""
}

// settled reports whether there is nothing more to watch for.
func (u menu) settled(o Outcome) bool {
	limit := watchOther
	if meansEnd(u.signal) {
		limit = watchEnd
	}
	return u.slices >= limit || o.State != 0 && o.State.Stopped() != u.p.State.Stopped()
}
