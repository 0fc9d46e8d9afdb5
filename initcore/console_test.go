package initcore

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestKeysPastRewrite(t *testing.T) {
	const one = "--rewrite applies to WINCH only if a process sends it: the terminal sends it to app directly; run yinit without a terminal to rewrite it"
	for _, tt := range []struct {
		name     string
		terminal bool
		programs string
		session  bool
		signals  []unix.Signal
		want     string
	}{
		{"WINCH", true, "app", false, []unix.Signal{unix.SIGWINCH}, one},
		{"no terminal", false, "app", false, []unix.Signal{unix.SIGWINCH}, ""},
		{"another signal", true, "app", false, []unix.Signal{unix.SIGTERM, unix.SIGHUP}, ""},
		{"several programs share no terminal", true, "app b", false, []unix.Signal{unix.SIGWINCH}, ""},
		{"a session of its own", true, "app", true, []unix.Signal{unix.SIGWINCH}, one},
		{"no rule of the user", true, "app", true, nil, ""},
		{
			"three", true, "app", false,
			[]unix.Signal{unix.SIGWINCH, unix.SIGINT, unix.SIGTSTP},
			"--rewrite applies to INT, TSTP, WINCH only if a process sends it: the terminal sends it to app directly; run yinit without a terminal to rewrite it",
		},
	} {
		cfg := several(tt.programs)
		cfg.Session = tt.session
		for _, sig := range tt.signals {
			cfg.Rewrite[sig] = Drop
		}
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		cfg.stopSession()
		if got := cfg.keysPastRewrite(tt.terminal); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
