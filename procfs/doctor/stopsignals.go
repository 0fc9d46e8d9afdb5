package doctor

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// A graceful is a program that ends well at another signal than SIGTERM.
type graceful struct {
	comm   string // the name of its process, or how that begins if it ends in *
	wants  int
	atTERM string // what it does at SIGTERM
	option string // a word on its command line with which SIGTERM is right; "": none
	child  int    // the signal with which it ends those of its processes that ignore SIGTERM; 0: none do
}

// gracefuls are the known ones. A row counts only for a process that has a handler for the
// signal, so another program of the same name (httpd of busybox) does not match.
var gracefuls = [...]graceful{
	// nginx.org/en/docs/control.html: "QUIT: graceful shutdown; TERM, INT: fast shutdown".
	{comm: "nginx", wants: int(syscall.SIGQUIT), atTERM: "cuts open connections"},
	// en.angie.software/angie/docs/configuration/runtime: the same signals.
	{comm: "angie", wants: int(syscall.SIGQUIT), atTERM: "cuts open connections"},
	// php-fpm(8): "SIGINT, SIGTERM: immediate termination; SIGQUIT: graceful stop".
	{comm: "php-fpm*", wants: int(syscall.SIGQUIT), atTERM: "cuts requests in flight"},
	// httpd.apache.org/docs/2.4/stopping.html: "WINCH: graceful-stop; TERM: stop now".
	{comm: "apache2", wants: int(syscall.SIGWINCH), atTERM: "cuts requests in flight"},
	{comm: "httpd", wants: int(syscall.SIGWINCH), atTERM: "cuts requests in flight"},
	// postgresql.org/docs/current/server-shutdown.html: "SIGTERM: smart shutdown, lets
	// existing sessions end their work normally; SIGINT: fast shutdown". checkpointer.c:
	// "SIGTERM: ignore; SIGUSR2: write a shutdown checkpoint and exit".
	{comm: "postgres", wants: int(syscall.SIGINT), atTERM: "waits until all clients have gone", child: int(syscall.SIGUSR2)},
	// docs.haproxy.org, management guide, 4: "graceful stop SIGUSR1; hard stop SIGTERM".
	{comm: "haproxy", wants: int(syscall.SIGUSR1), atTERM: "cuts open connections"},
	// uwsgi-docs, Management, signals: "SIGTERM: brutally reload the stack and all workers,
	// use --die-on-term to respect the convention; SIGINT, SIGQUIT: kill the stack".
	{comm: "uwsgi", wants: int(syscall.SIGINT), atTERM: "reloads and goes on", option: "die-on-term"},
	// yhbt.net/unicorn/SIGNALS.html: "INT/TERM: quick shutdown; QUIT: graceful shutdown".
	{comm: "unicorn*", wants: int(syscall.SIGQUIT), atTERM: "cuts requests in flight"},
	// lighttpd(8): "SIGTERM: shut down; SIGINT: graceful shutdown".
	{comm: "lighttpd", wants: int(syscall.SIGINT), atTERM: "cuts open connections"},
	// systemd(1): "SIGTERM: serializes and reexecutes; SIGRTMIN+3: halts the machine".
	{comm: "systemd", wants: 37, atTERM: "starts itself again"},
}

// gracefulOf returns the row for a process; nil: there is none, or it has no handler.
func gracefulOf(p *snapshot.Process) *graceful {
	for i := range gracefuls {
		g := &gracefuls[i]
		name, any := strings.CutSuffix(g.comm, "*")
		if p.Comm != name && !(any && strings.HasPrefix(p.Comm, name)) {
			continue
		}
		blockedAndRead := p.Sigs.Blocked.Has(g.wants) // by sigwait or signalfd, as systemd does
		if !p.Sigs.Known || !p.Sigs.Caught.Has(g.wants) && !blockedAndRead {
			continue
		}
		if g.option != "" && strings.Contains(strings.Join(p.Cmdline, " "), g.option) {
			continue
		}
		return g
	}
	return nil
}

// endedBy corrects the step of a process that the stop would kill hard, if its parent is a
// server that is known to end it with another signal before it ends itself.
func (s *Step) endedBy(parent *snapshot.Process, at time.Duration) {
	g := gracefulOf(parent)
	if g == nil || g.child == 0 || parent.Comm != s.Process.Comm {
		return
	}
	if o := effect(s.Process, g.child, true); fateOf(s.Process, o) == FateHandler {
		s.Signal, s.Outcome, s.Fate, s.At, s.By = g.child, o, FateHandler, at, NoKiller
	}
}

// wrongSignal: a program ends well at another signal than the one of the stop. It is a note:
// the image may have the right STOPSIGNAL, which is not visible from inside.
func wrongSignal(f *Facts, s *Stop) *Finding {
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Signal != sigTERM || step.Role == RoleInit && s.Relayed || step.Role == RoleRest {
			continue
		}
		g := gracefulOf(step.Process)
		if g == nil || step.Role == RoleProgram && f.Stops[step.Process.ID] == g.wants {
			continue
		}
		wants := procfs.SignalName(g.wants)
		x := &Finding{
			ID: "stop-signal", Level: Note, Procs: []procfs.ID{step.Process.ID},
			What:     step.Process.Comm + " ends gracefully at " + wants + ", and a stop sends " + procfs.SignalName(step.Signal),
			Evidence: fmt.Sprintf("%s has a handler for %s; unless the image sets STOPSIGNAL, which cannot be seen from inside, the engine sends SIGTERM", name(step.Process), wants),
			Why:      "at SIGTERM " + step.Process.Comm + " " + g.atTERM,
			Do:       "STOPSIGNAL " + wants + " in the Dockerfile",
		}
		if s.Relayed {
			x.Do += fmt.Sprintf(", or yinit --rewrite TERM:%[1]s, or stop_signal = %[1]q in its file", strings.TrimPrefix(wants, "SIG"))
		}
		return x
	}
	return nil
}

// GracefulSignal returns the signal at which a program of this name ends gracefully, if that
// is known and is not SIGTERM.
func GracefulSignal(program string) (signal int, ok bool) {
	for i := range gracefuls {
		if gracefuls[i].comm == program {
			return gracefuls[i].wants, true
		}
	}
	return 0, false
}
