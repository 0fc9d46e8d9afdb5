package initcore

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// A service that makes itself a daemon ends as a program at once, with 0, and goes on as an
// orphan. So does one whose new binary takes over. The init then stops it, and for whoever
// wrote the command it seems to have ended without a reason.

// quickEnd is the run time below which a program that leaves a daemon is taken for the
// program that started it.
const quickEnd = 10 * time.Second

// serviceLeft handles a program that ended with 0 although nothing had asked for it, and
// left its service behind as an orphan. It reports whether the program goes on as that
// orphan, see [Config.FollowFork].
func (m *machine) serviceLeft(d *death) (follows bool) {
	p := d.program
	if !m.mayLeaveService(d) || !m.leftovers.anyChild() {
		return false
	}
	orphans, all := m.orphans()
	service := slices.ContainsFunc(orphans, func(s procfs.Stat) bool { return m.isService(d, s) })
	if !service {
		return false
	}
	left := fmt.Sprintf("%s exited 0 after %s and left %s", p.Name, procfs.Span(m.ranFor(d)), leftText(all))
	next := successor(d, orphans)
	if m.cfg.FollowFork && next.PID != 0 {
		m.follow(p, next, left)
		return true
	}
	if p.OnExit == Restart {
		return false
	}
	advice := "; " + foregroundAdvice(p.Args, orphans)
	if m.ranFor(d) >= quickEnd && next.PID != 0 {
		advice = "; if it replaced itself, let yinit go on with its successor: --follow-fork"
	}
	if m.cfg.FollowFork {
		advice = "; --follow-fork does not know which of them is the service" + advice
	}
	text := left + ": " + m.fateOf(len(all)) + advice
	m.log.Warn(text)
	m.noteWarning(text)
	return false
}

// mayLeaveService reports whether it matters what the program has left: the init would
// stop that, or go on with it. A restart stops nothing.
func (m *machine) mayLeaveService(d *death) bool {
	p := d.program
	if d.Failure != nil || d.Status != 0 || m.phase != running || d.Stat.PID != d.PID {
		return false
	}
	return !p.Oneshot && p.OnExit != Ignore && (p.OnExit != Restart || m.cfg.FollowFork)
}

// ranFor returns how long the process of the program ran.
func (m *machine) ranFor(d *death) time.Duration {
	if d.program.followed && d.Runtime > 0 {
		return d.Runtime
	}
	return m.now.Sub(d.program.begun)
}

// fateOf says what becomes of n processes that are left when the programs have ended.
func (m *machine) fateOf(n int) string {
	switch {
	case m.cfg.Grace > 0:
		return "stopping " + them(n)
	case m.pid == 1:
		return "the kernel kills " + them(n) + " when yinit ends"
	default:
		return "yinit does not stop " + them(n) + " (--grace 0)"
	}
}

// orphans returns the living processes that the init has adopted, and these with their
// descendants.
func (m *machine) orphans() (orphans, all []procfs.Stat) {
	living, _ := m.leftovers.list()
	for _, s := range living {
		if s.PPID == m.pid && m.find(s.PID) == nil {
			orphans = append(orphans, s)
		}
	}
	all = slices.Clone(orphans)
	for i := 0; i < len(all); i++ { // all grows
		for _, s := range living {
			if s.PPID == all[i].PID {
				all = append(all, s)
			}
		}
	}
	return orphans, all
}

// isService reports whether the orphan is the service that the program was to be, rather
// than something that it has left in the background: it is known to be one, it has the
// program's name, or it is a daemon that the program has just started.
func (m *machine) isService(d *death, s procfs.Stat) bool {
	daemon := s.Session != 0 && s.Session != d.Stat.Session
	switch {
	case isShell(s.Comm):
		return daemon && m.ranFor(d) < quickEnd
	case s.Comm == d.Stat.Comm, s.Comm == d.program.comm():
		return true
	default:
		return daemon && (m.ranFor(d) < quickEnd || foreground(s.Comm) != "")
	}
}

func isShell(comm string) bool {
	switch comm {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "busybox":
		return true
	}
	return false
}

// successor returns the orphan as which the program goes on: the only one with its name,
// or the only one at all; PID 0 if there is none.
func successor(d *death, orphans []procfs.Stat) procfs.Stat {
	same := slices.DeleteFunc(slices.Clone(orphans), func(s procfs.Stat) bool {
		return s.Comm != d.Stat.Comm && s.Comm != d.program.comm()
	})
	switch {
	case len(same) == 1:
		return same[0]
	case len(orphans) == 1:
		return orphans[0]
	}
	return procfs.Stat{}
}

// follow makes the orphan the process of the program.
func (m *machine) follow(p *program, next procfs.Stat, left string) {
	p.pid, p.followed = next.PID, true
	text := fmt.Sprintf("%s; it goes on as %d (%s)", left, next.PID, next.Comm)
	m.log.Info(text)
	m.newRecord(history.KindNote)
	m.rec.PID, m.rec.Start, m.rec.Comm, m.rec.Text = next.PID, next.Start, next.Comm, text
	m.hist.Add(&m.rec)
}

// foregroundAdvice says how to run in the foreground what the command has started.
func foregroundAdvice(args []string, orphans []procfs.Stat) string {
	names := []string{filepath.Base(args[0]), started(args)}
	for _, s := range orphans {
		names = append(names, s.Comm)
	}
	for _, name := range names {
		if how := foreground(name); how != "" {
			return "run it in the foreground: " + how
		}
	}
	return "run it in the foreground, for which most services have an option, or go on with what it left: --follow-fork"
}

// leftText says how many processes were left, and their names: "3 processes (nginx)".
func leftText(all []procfs.Stat) string {
	var comms []string
	for _, s := range all {
		if s.Comm != "" && !slices.Contains(comms, s.Comm) {
			comms = append(comms, s.Comm)
		}
	}
	if len(comms) > namedMost {
		comms = append(comms[:namedMost], "...")
	}
	if len(all) == 1 {
		return "1 process (" + strings.Join(comms, ", ") + ")"
	}
	return fmt.Sprintf("%d processes (%s)", len(all), strings.Join(comms, ", "))
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
