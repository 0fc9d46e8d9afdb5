package initcore

import (
	"testing"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

func TestOddInheritance(t *testing.T) {
	set := func(signals ...unix.Signal) (s uint64) {
		for _, sig := range signals {
			s |= bit(sig)
		}
		return s
	}
	term := []unix.Signal{unix.SIGTERM}
	for _, tt := range []struct {
		name             string
		blocked, ignored uint64
		stops            []unix.Signal
		systemd          bool
		want             string
	}{
		{name: "nothing", stops: term},
		{"TERM blocked", set(unix.SIGTERM), 0, term, false, "yinit was started with SIGTERM blocked"},
		{"PIPE and CHLD ignored", 0, set(unix.SIGPIPE, unix.SIGCHLD), term, false, "yinit was started with SIGPIPE, SIGCHLD ignored"},
		{"both", set(unix.SIGUSR1), set(unix.SIGCHLD), term, false, "yinit was started with SIGUSR1 blocked, and with SIGCHLD ignored"},
		{"everything blocked", ^uint64(0), 0, term, false, "yinit was started with SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, ... blocked"},
		{"a service of systemd", 0, set(unix.SIGPIPE), term, true, ""},
		{"nohup", 0, set(unix.SIGHUP), term, false, ""},
		{"a background job of a script", 0, set(unix.SIGINT, unix.SIGQUIT), term, false, ""},
		{"the same, and QUIT stops it", 0, set(unix.SIGINT, unix.SIGQUIT), []unix.Signal{unix.SIGQUIT}, false, "yinit was started with SIGQUIT ignored"},
		{"a shell", 0, set(unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU), term, false, ""},
		{"the C library", set(32, 33), set(32), term, false, ""},
		{"a real-time stop signal", set(37), 0, []unix.Signal{37}, false, "yinit was started with SIGRTMIN+3 blocked"},
		{"the stop signal is dropped", 0, 0, []unix.Signal{0}, false, ""},
	} {
		if got := oddInheritance(early.Inherited{Mask: tt.blocked, Ignored: tt.ignored}, tt.stops, tt.systemd); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
