package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// sentSignals names the signal that was sent and, if SIGKILL followed another one, says so.
func (u menu) sentSignals() string {
	if u.forced == 0 {
		return procfs.SignalName(u.last)
	}
	what := " did not end it"
	if u.chosen().several() {
		what = " did not end all"
	}
	return procfs.SignalName(u.forced) + what + " in " + procfs.Span(killAfter) + ", " + procfs.SignalName(u.last)
}

// sending returns the beginning of a report: "SIGTERM → 37 git: ".
func (u menu) sending(w *world) string {
	name := u.chosen().name(w)
	if u.chosen().several() {
		name = u.chosen().title
	}
	return u.sentSignals() + w.glyphs().arrow + name + ": "
}

// unfinished says what is left undone if the menu is closed now: the SIGKILL of an
// escalation; "": nothing is.
func (u menu) unfinished(w *world) string {
	if u.step != stepWatch || !u.escalate {
		return ""
	}
	return fmt.Sprintf("%s was sent to %s; SIGKILL after %s is cancelled", procfs.SignalName(u.last), u.chosen().counted(w, u.chosen().sentTo()), procfs.Span(killAfter))
}

// outcome says what the signal did, on one line of the screen: the shortest form on a
// narrow one.
func (u menu) outcome(w *world) string {
	result, brief := u.result(w), u.brief(w)
	forms := []string{u.sending(w) + result}
	if u.forced != 0 {
		end := result
		if m := &u.chosen().members[0]; !u.chosen().several() && m.outcome.Ended {
			end = "ended " + text.After(m.outcome.After)
		}
		forms = append(forms, u.sentSignals()+": "+result, u.sentSignals()+": "+end)
	}
	words, _ := text.FirstFit(append(forms, u.chosen().name(w)+": "+result, brief), w.width-1)
	return words
}

// result says what the signal did.
func (u menu) result(w *world) string {
	s := u.chosen()
	if !s.several() {
		return u.memberResult(w, &s.members[0])
	}
	parts := u.counts()
	if words := u.refusals(w); words != "" {
		parts = append(parts, words)
	}
	return strings.Join(parts, ", ")
}

// brief is a shorter result, with the name of the process.
func (u menu) brief(w *world) string {
	s := u.chosen()
	m := &s.members[0]
	switch o := &m.outcome; {
	case s.several():
		parts := u.counts()
		if n := s.count((*member).refused); n > 0 {
			parts = append(parts, fmt.Sprintf("%d refused", n))
		}
		return strings.Join(parts, ", ")
	case o.Ended:
		return m.name(w) + ": " + text.Ended(o.Known, o.Status)
	case !m.changed() && o.Sent != nil && o.Sent.Obstacle.Does != "":
		return m.name(w) + " " + w.text(o.Sent.Obstacle.Does)
	case !m.changed():
		return m.name(w) + ": still there after " + procfs.Span(o.After)
	}
	return m.name(w) + ": " + u.memberResult(w, m)
}

// counts says how many of several processes have ended, and what the others do.
func (u menu) counts() []string {
	s := u.chosen()
	sent, left := s.sentTo(), s.count((*member).stillThere)
	changed := s.count(func(m *member) bool { return m.stillThere() && m.changed() })
	var last time.Duration // when the last one ended
	for i := range s.members {
		if m := &s.members[i]; m.missed == nil && m.outcome.Ended {
			last = max(last, m.outcome.After)
		}
	}
	var parts []string
	switch ended := sent - left; {
	case left == 0 && sent > 1:
		all := fmt.Sprintf("all %d", sent)
		if sent == 2 {
			all = "both"
		}
		parts = append(parts, all+" ended "+text.After(last))
	case ended > 0:
		parts = append(parts, fmt.Sprintf("%d of %d ended %s", ended, sent, text.After(last)))
	default:
		parts = append(parts, "sent to "+text.Plural(sent, "process", "processes"))
	}
	if changed > 0 {
		word := "stopped until SIGCONT"
		if procfs.SignalName(u.last) == "SIGCONT" {
			word = "resumed"
		}
		parts = append(parts, fmt.Sprintf("%d %s", changed, word))
	}
	if rest := left - changed; rest > 0 {
		parts = append(parts, fmt.Sprintf("%d still there after %s", rest, procfs.Span(u.waited)))
	}
	return parts
}

// memberResult says what the signal did to one process.
func (u menu) memberResult(w *world, m *member) string {
	o := &m.outcome
	switch {
	case o.Ended:
		return "ended " + text.After(o.After) + ", " + text.Ended(o.Known, o.Status)
	case m.changed() && o.State.Stopped():
		return "stopped, SIGCONT resumes it"
	case m.changed():
		return "resumed"
	}
	words := "still there after " + procfs.Span(o.After)
	if o.Sent != nil {
		pending := "no"
		if t := o.Sent.Target; t.Sigs.Pending.Union(t.Sigs.SharedPending).Has(u.last) {
			pending = "yes"
		}
		words += ", pending " + pending
	}
	if why := obstacle(o); why != "" {
		words += ": " + w.text(why)
	}
	return words
}

// obstacle says what keeps a process running; "" if that is not known.
func obstacle(o *Outcome) string {
	switch {
	case o.Sent != nil:
		return o.Sent.Why()
	case o.State == procfs.StateDisk:
		return "uninterruptible sleep delays it"
	}
	return ""
}

// refusals says to which members the signal was not sent, and why: "" if it was sent to
// all. After a second signal it does not count those that the first one has ended.
func (u menu) refusals(w *world) string {
	s := u.chosen()
	if !s.several() {
		m := &s.members[0]
		if m.missed == nil {
			return ""
		}
		return u.refusal(w, m)
	}
	ended := s.count(func(m *member) bool { return errors.Is(m.missed, procfs.ErrGone) })
	refused := s.count((*member).refused)
	var parts []string
	if refused > 0 {
		first := s.index((*member).refused)
		parts = append(parts, fmt.Sprintf("%d refused (%s)", refused, u.refusal(w, &s.members[first])))
	}
	switch {
	case ended == len(s.members):
		parts = append(parts, "all have ended: nothing sent")
	case ended > 0 && !u.again:
		parts = append(parts, fmt.Sprintf("%d had ended before", ended))
	}
	return strings.Join(parts, ", ")
}

// failure says why the signal was sent to no process.
func (u menu) failure(w *world) string {
	words, _ := text.FirstFit([]string{u.sending(w) + u.refusals(w), u.chosen().name(w) + ": " + u.refusals(w), u.refusals(w)}, w.width-1)
	return words
}

// refusal says why the signal was not sent to a process. For a lack of rights it says
// which right is missing.
func (u menu) refusal(w *world, m *member) string {
	switch {
	case errors.Is(m.missed, procfs.ErrGone):
		return nothingSent
	case errors.Is(m.missed, fs.ErrPermission):
		f := predict(m.p, max(u.last, 1), u.caller)
		if f.Outcome != verdict.OutcomeDenied {
			return "not permitted, although the user IDs permit it"
		}
		return "not permitted: " + f.Reason
	}
	return w.text(m.missed.Error())
}

// settled reports whether watching can stop although some of the processes exist.
func (u menu) settled() bool {
	s := u.chosen()
	switch {
	case u.escalate:
		return false // SIGKILL follows.
	case s.count((*member).stillThere) == s.count(func(m *member) bool { return m.stillThere() && m.changed() }):
		return true
	case u.shouldEnd():
		return u.waited >= watchEnd
	default:
		return u.waited >= watchOther
	}
}

// shouldEnd reports whether the signal was to end the processes: it is usually sent for
// that, or it was predicted.
func (u menu) shouldEnd() bool {
	return verdict.EndsByName(u.last) || u.chosen().count(func(m *member) bool {
		return m.missed == nil && predict(m.p, u.last, u.caller).Ends()
	}) > 0
}

// listMembers makes the lines for the question about several processes: those that do not
// act on the signal come first.
func (u menu) listMembers(w *world) menu {
	u.lines, u.window = nil, list{}
	s := u.chosen()
	if !s.several() {
		return u
	}
	var rest []string
	for i := range s.members {
		m := &s.members[i]
		if m.hasEnded() {
			continue
		}
		f := predict(m.p, u.signal, u.caller)
		line := w.pad(m.name(w), nameColumn) + " " + w.pad(f.String(), verdictColumn) + " " + f.Reason
		if f.Lost() {
			u.lines = append(u.lines, line)
		} else {
			rest = append(rest, line)
		}
	}
	u.lines = append(u.lines, rest...)
	return u.resize(w)
}

// listLeft makes the lines of a report about several processes: those that still exist or
// did not get the signal.
func (u menu) listLeft(w *world) menu {
	u.lines, u.window = nil, list{}
	s := u.chosen()
	if !s.several() {
		return u
	}
	for i := range s.members {
		m := &s.members[i]
		words := ""
		switch {
		case m.stillThere():
			words = u.memberResult(w, m)
		case m.refused():
			words = u.refusal(w, m)
		default:
			continue
		}
		u.lines = append(u.lines, w.pad(m.name(w), nameColumn)+" "+words)
	}
	return u.resize(w)
}
