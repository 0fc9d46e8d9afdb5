package initcore

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
)

// A signal that is ignored or blocked stays so in a new process and across execve(2). A
// program that does not expect that behaves in a way that nothing in it explains: its
// children vanish without an exit status, or a stop has no effect.

// standardSignals are the signals below the real-time signals. A parent that blocks one of
// them while it starts a program has made a mistake.
const standardSignals = 1<<31 - 1

// warnInherited warns about what the init was started with and its programs inherit, and
// records it.
func (m *machine) warnInherited(in early.Inherited) {
	m.inherited = in
	var stops []unix.Signal
	for _, p := range m.programs {
		stops = append(stops, m.cfg.Rewrite.Of(p.stopSignal()))
	}
	if text := oddInheritance(in, stops, underSystemd(m.cfg.Env)); text != "" {
		text += "; the programs inherit that: reset it before yinit is started"
		m.log.Warn(text)
		m.noteWarning(text)
	}
}

// oddInheritance says which signals are blocked or ignored that no program expects to be;
// "" if there are none. stops are the stop signals of the programs. The service manager
// systemd starts its services with SIGPIPE ignored, see IgnoreSIGPIPE= in systemd.exec(5).
func oddInheritance(in early.Inherited, stops []unix.Signal, systemd bool) string {
	// SIGINT and SIGQUIT are ignored in the background jobs of a script, SIGHUP by nohup(1).
	watched := bit(unix.SIGTERM) | bit(unix.SIGCHLD)
	if !systemd {
		watched |= bit(unix.SIGPIPE)
	}
	for _, sig := range stops {
		watched |= bit(sig)
	}
	var parts []string
	for _, set := range []struct {
		signals uint64
		state   string
	}{{in.Mask & (standardSignals | watched), "blocked"}, {in.Ignored & watched, "ignored"}} {
		var names []string
		for sig := 1; sig <= 64; sig++ {
			if set.signals&bit(unix.Signal(sig)) != 0 {
				names = append(names, procfs.SignalName(sig))
			}
		}
		switch {
		case len(names) > namedMost:
			names = append(names[:namedMost], "...")
			fallthrough
		case len(names) > 0:
			parts = append(parts, strings.Join(names, ", ")+" "+set.state)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "yinit was started with " + strings.Join(parts, ", and with ")
}

// bit is the bit of a signal in a set; 0 for no signal.
func bit(sig unix.Signal) uint64 {
	if sig < 1 {
		return 0
	}
	return 1 << (sig - 1)
}

// underSystemd reports whether systemd has started a service with this environment.
func underSystemd(env []string) bool {
	return assigns(env, "INVOCATION_ID") && os.Getpid() != 1
}
