package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// limits adds the limits that processes run into.
func (d detail) limits(_ *world, s *sheet, p *snapshot.Process) {
	if !d.has(p) || d.more.Limits == nil {
		return
	}
	s.text(strong, "LIMITS")
	for _, name := range []string{"nofile", "nproc", "core", "stack", "as", "sigpending"} {
		at := slices.IndexFunc(d.more.Limits, func(l procfs.ResourceLimit) bool { return l.Name == name })
		if at < 0 {
			continue
		}
		l := d.more.Limits[at]
		words := limitWords(l, name == "core" || name == "stack" || name == "as")
		style := normal
		switch {
		case name == "core" && d.data.Target != nil && d.data.Target.CoreOff == verdict.Yes:
			words += ": writes no core dump"
		case name == "sigpending" && d.more.Queue > 0:
			words += fmt.Sprintf("; %s queued for all processes of its user", text.Plural(int(min(d.more.Queued, 1<<40)), "signal is", "signals are"))
			if d.more.Queued >= d.more.Queue {
				style = bad
			}
		}
		label := strings.Replace(name, "sigpending", "sigqueue", 1) // "pending" is a set of signals.
		s.fieldIn(style, label, words)
	}
}

// limitWords formats a limit: "1,024, at most 524,288".
func limitWords(l procfs.ResourceLimit, size bool) string {
	format := func(n uint64) string {
		switch {
		case n == uint64(procfs.Unlimited):
			return "unlimited"
		case n == 0:
			return "0"
		case size:
			return procfs.Bytes(n).String()
		default:
			return text.Count(int(min(n, 1<<62)))
		}
	}
	if l.Soft == l.Hard {
		return format(l.Soft)
	}
	return format(l.Soft) + ", at most " + format(l.Hard)
}

// place adds the control groups and the namespaces.
func (d detail) place(w *world, s *sheet, p *snapshot.Process) {
	if !d.whole || d.more.Cgroups == nil && p.Dead() {
		return
	}
	s.text(strong, "CONTROL GROUP AND NAMESPACES")
	var paths []string
	for _, g := range d.more.Cgroups {
		at := slices.IndexFunc(paths, func(path string) bool { return path == g.Path || strings.HasPrefix(path, g.Path+" (") })
		switch {
		case at >= 0 && g.Controllers != "": // Version 1 has a hierarchy for each controller.
			paths[at] = strings.TrimSuffix(paths[at], ")") + "," + g.Controllers + ")"
		case g.Controllers != "":
			paths = append(paths, g.Path+" ("+g.Controllers+")")
		default:
			paths = append(paths, g.Path)
		}
	}
	if len(paths) == 0 {
		paths = []string{"unknown"}
	}
	s.field("cgroup", w.text(named(paths, ", ")))
	n := &d.more.Namespaces
	switch {
	case p.Dead():
	case n.Unread != snapshot.ReadAll:
		s.field("namespace", unreadWords(n.Unread))
	case p.ID.PID == 1:
		s.field("namespace", strings.Join(n.Same, " ")+" of PID 1 itself")
	case len(n.Own) == 0:
		s.field("namespace", "all as PID 1: "+strings.Join(n.Same, " "))
	default:
		words := "not those of PID 1: " + strings.Join(n.Own, " ")
		if len(n.Same) > 0 {
			words += "; as PID 1: " + strings.Join(n.Same, " ")
		}
		s.fieldIn(warn, "namespace", words)
	}
}

// threads adds the threads, and what each waits for.
func (d detail) threads(w *world, s *sheet, p *snapshot.Process) {
	if !d.has(p) || len(d.more.Threads) == 0 {
		return
	}
	s.text(strong, "THREADS")
	for _, t := range d.more.Threads {
		wait := explain.Waits(&t)
		if wait == "" {
			wait = w.glyphs().dash
		}
		line := fmt.Sprintf("%7d %s %s %7s  %s", t.TID, t.State, s.c.pad(w.text(t.Name), 15), procfs.Span(t.CPU.Round(10*time.Millisecond)), w.text(wait))
		if s.c.width < 60 {
			line = fmt.Sprintf("%7d %s %s %s", t.TID, t.State, s.c.pad(w.text(t.Name), 8), w.text(wait))
		}
		l := normal
		if t.State == procfs.StateDisk || t.State.Stopped() {
			l = warn
		}
		s.lines = append(s.lines, " "+s.c.paint(l, s.c.cut(line, s.c.width-2)))
	}
	if more := d.more.ThreadsTotal - len(d.more.Threads); more > 0 {
		s.text(faint, text.Plural(more, "more thread", "more threads"))
	}
}

// environ adds the environment. Values that look like secrets are hidden: somebody may
// look over the shoulder of the user, or record the session.
func (d detail) environ(w *world, s *sheet, p *snapshot.Process) {
	if !d.has(p) || p.KernelThread() {
		return
	}
	s.text(strong, "ENVIRONMENT AT ITS START")
	switch {
	case d.more.EnvironUnread != snapshot.ReadAll:
		s.text(normal, unreadWords(d.more.EnvironUnread))
	case len(d.more.Environ) == 0:
		s.text(normal, "empty")
	}
	for _, variable := range slices.Sorted(slices.Values(d.more.Environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if !d.secrets {
			value = hideSecret(name, value)
		}
		s.text(normal, w.text(name)+"="+w.text(value))
	}
}

// hides reports whether values of the environment are hidden, or were.
func (d detail) hides() bool {
	return slices.ContainsFunc(d.more.Environ, func(variable string) bool {
		name, value, _ := strings.Cut(variable, "=")
		return hideSecret(name, value) != value
	})
}

// hideSecret returns the value of a variable, or what is shown instead of it.
func hideSecret(name, value string) string {
	const hidden = "(hidden: v shows it)"
	if value == "" {
		return value
	}
	upper := strings.ToUpper(name)
	for _, word := range [...]string{"PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "KEY", "CREDENTIAL"} {
		if strings.Contains(upper, word) {
			return hidden
		}
	}
	// A URL may have a password: scheme://user:password@host.
	before, rest, ok := strings.Cut(value, "://")
	at := strings.LastIndexByte(rest, '@')
	if !ok || at < 0 {
		return value
	}
	user, _, ok := strings.Cut(rest[:at], ":")
	if !ok {
		return value
	}
	return before + "://" + user + ":" + hidden + rest[at:]
}
