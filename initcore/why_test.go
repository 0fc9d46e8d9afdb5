package initcore

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/fatal"
)

// TestWhyFatal: the evidence that the machine collects for a fatal signal.
func TestWhyFatal(t *testing.T) {
	const nobody = "app killed by SIGKILL: no sender is known for SIGKILL; "
	for name, tt := range map[string]struct {
		script string
		world  world
		want   string
	}{
		"KILL out of the blue":           {"start; app dies of KILL", world{}, nobody + "no stop signal had come before"},
		"KILL after HUP":                 {"start; HUP; app dies of KILL", world{}, nobody + "no stop signal had come before"},
		"KILL after the stop signal":     {"start; TERM; 10s; app dies of KILL", world{}, nobody + "SIGTERM had come 10s before"},
		"KILL after INT":                 {"start; INT; 2s; app dies of KILL", world{}, nobody + "SIGINT had come 2s before"},
		"KILL beside a killer":           {"start; app dies of KILL", world{peers: []fatal.Peer{{PID: 8, Command: "kill -9 11"}}}, "app killed by SIGKILL: perhaps by 8 (kill -9 11), which ran at that time"},
		"HUP of a terminal":              {"start; app dies of HUP", world{tornDown: true}, "app killed by SIGHUP: its terminal had hung up"},
		"HUP from a sender":              {"start; HUP; app dies of HUP", world{tornDown: true}, "app killed by SIGHUP: sender was pid 77 (killer)"},
		"BUS":                            {"start; app dies of BUS", world{about: fatal.Host{Shm: fatal.Space{Size: procfs.MiB}}}, "app killed by SIGBUS: /dev/shm is full (1 MiB of 1 MiB used): make it larger, for example with docker run --shm-size"},
		"TERM from a sender":             {"start; TERM; app dies of TERM", world{about: fatal.Host{HasCorePattern: true}}, "app killed by SIGTERM: sender was pid 77 (killer)"},
		"nothing known about the signal": {"start; app dies of USR1", world{}, "app killed by SIGUSR1"},
	} {
		w := newWorld(t, one())
		w.about, w.peers, w.tornDown = tt.world.about, tt.world.peers, tt.world.tornDown
		if w.play(tt.script); w.verdict != tt.want {
			t.Errorf("%s: %q, want %q", name, w.verdict, tt.want)
		}
	}
}

// TestKillersOf: kill(1) that ended just before is in the history, and names its targets.
func TestKillersOf(t *testing.T) {
	for name, tt := range map[string]struct {
		comm, cmdline string
		ago           time.Duration
		want          int
	}{
		"kill of the program":          {"kill", "kill -9 11", 0, 1},
		"kill of its group":            {"kill", "kill -KILL -- -11", 0, 1},
		"kill of another process":      {"kill", "kill -9 12", 0, 0},
		"the signal is no process":     {"kill", "/bin/kill -11 12", 0, 0},
		"pkill, which names no pid":    {"pkill", "pkill -9 app", 0, 1},
		"long ago":                     {"pkill", "pkill -9 app", 2 * time.Second, 0},
		"a program that sends nothing": {"sleep", "sleep 11", 0, 0},
	} {
		w := reporting(t, one()).play("start")
		w.hist.Add(&history.Record{Kind: history.KindExit, Time: w.clock.Add(-tt.ago), PID: 8, Comm: tt.comm, Cmdline: tt.cmdline})
		w.now = w.clock
		d := &death{PID: 11, Status: procfs.WaitStatus(unix.SIGKILL), program: w.programs[0], Stat: procfs.Stat{PID: 11, Comm: "app"}}
		if got := w.killersOf(d); len(got) != tt.want {
			t.Errorf("%s: %v, want %d", name, got, tt.want)
		}
	}
}

// TestReadersOf: only a member of the same process group can have been the reader.
func TestReadersOf(t *testing.T) {
	w := reporting(t, one()).play("start")
	for pid, group := range map[int]int{8: 11, 9: 12} {
		w.hist.Add(&history.Record{Kind: history.KindExit, Time: w.clock, PID: pid, Comm: "head", Known: true, Group: group})
	}
	w.now = w.clock.Add(3 * time.Millisecond)
	got := w.readersOf(&death{PID: 11, Stat: procfs.Stat{PID: 11, PGRP: 11}})
	if want := (fatal.Peer{PID: 8, Command: "head", Ended: "exited 0", Before: 3 * time.Millisecond}); len(got) != 1 || got[0] != want {
		t.Errorf("readersOf = %+v, want %+v", got, want)
	}
}

// TestOrphanAllocates: an orphan that no signal has ended costs no allocation for its reason.
func TestOrphanAllocates(t *testing.T) {
	m, d := &machine{}, &death{PID: 5, Status: 1 << 8}
	if n := testing.AllocsPerRun(100, func() { _ = m.whyOrphan(d) }); n != 0 {
		t.Errorf("whyOrphan allocates %v times", n)
	}
}
