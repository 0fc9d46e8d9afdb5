package initcore

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// TestNotFirst: a yinit that is not PID 1 warns only if a shell started it and the SIGTERM of
// docker stop cannot reach it.
func TestNotFirst(t *testing.T) {
	type process = proctest.Process
	term := procfs.NewSignalSet(int(unix.SIGTERM))
	caught, ignored, blocked := procfs.Signals{Caught: term}, procfs.Signals{Ignored: term}, procfs.Signals{Blocked: term}
	for _, tt := range []struct {
		name   string
		first  process // PID 1
		others []process
		parent int
		want   string // the program that is PID 1; "": no warning
		wchan  string // of PID 1
	}{
		{"the shell form", process{Comm: "sh"}, nil, 1, "sh", ""},
		{"a shell below it", process{Comm: "bash"}, []process{{PID: 7, PPID: 1, Comm: "sh"}}, 7, "bash", ""},
		{"a script", process{Comm: "entrypoint.sh"}, nil, 1, "entrypoint.sh", "do_wait"},
		{"a subshell of a script", process{Comm: "entrypoint.sh"}, []process{{PID: 7, PPID: 1, Comm: "entrypoint.sh"}}, 7, "entrypoint.sh", "do_wait"},
		{"another program", process{Comm: "python3"}, nil, 1, "python3", "do_poll"},
		{"an interactive shell", process{Comm: "bash", Sigs: ignored}, nil, 1, "", ""},
		{"a shell with a trap", process{Comm: "sh", Sigs: caught}, nil, 1, "", ""},
		{"pause", process{Comm: "pause", Sigs: caught}, nil, 0, "", ""},
		{"pause is the parent", process{Comm: "pause", Sigs: caught}, nil, 1, "", ""},
		{"tini", process{Comm: "tini"}, nil, 1, "", "do_sigtimedwait"},
		{"an unknown init in sigwait", process{Comm: "myinit"}, nil, 1, "", "do_sigtimedwait"},
		{"an unknown init with a signalfd", process{Comm: "myinit", Sigs: blocked}, nil, 1, "", "do_epoll_wait"},
		{"an unknown init that may not be read", process{Comm: "myinit"}, nil, 1, "", "0"},
		{"a desktop", process{Comm: "systemd", Sigs: caught}, []process{{PID: 7, PPID: 1, Comm: "bash"}}, 7, "", ""},
		{"docker exec", process{Comm: "sh"}, []process{{PID: 7, PPID: 0, Comm: "sh"}}, 7, "", ""},
		{"started by a server", process{Comm: "sh"}, []process{{PID: 7, PPID: 1, Comm: "sshd"}, {PID: 8, PPID: 7, Comm: "bash"}}, 8, "", ""},
		{"outside the namespace", process{Comm: "sh"}, nil, 0, "", ""},
		{"no signals to be seen", process{Comm: "sh", Status: proctest.NoSignals()}, nil, 1, "", ""},
	} {
		tree := proctest.New(t)
		tt.first.PID = 1
		tree.Process(tt.first)
		tree.File("1/task/1/wchan", tt.wchan)
		for _, p := range tt.others {
			tree.Process(p)
		}
		want := ""
		if tt.want != "" {
			want = "PID 1 is " + tt.want + ", which drops SIGTERM: "
		}
		if got := notFirst(tree.FS(), tt.parent); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", tt.name, got, want)
		}
	}
}

func TestLate(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "yinit", Start: 1000}) // 10 s after boot
	for _, tt := range []struct {
		now    time.Duration
		faults int64
		want   string
	}{
		{11500 * time.Millisecond, 80, "yinit became PID 1 only after 1.5s"},
		{10900 * time.Millisecond, 80, ""},
		{time.Hour, 0, ""}, // an engine created the container an hour ago
	} {
		if got := late(tree.FS(), tt.now, tt.faults); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("late(%v, %d) = %q, want %q", tt.now, tt.faults, got, tt.want)
		}
	}
	tree.Remove(1)
	if got := late(tree.FS(), time.Hour, 80); got != "" {
		t.Errorf("without /proc/1: %q, want nothing", got)
	}
}
