package initcore

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// TestStopAfter: a program that others need is stopped when they have ended.
func TestStopAfter(t *testing.T) {
	for _, tt := range []struct {
		name, programs, script string
		status                 int
		did                    string
	}{
		{"one waits", "dockerd:after=runner runner", "start; TERM; 5s; runner exits 0; dockerd dies of TERM", 0, "start dockerd, start runner, TERM runner, TERM dockerd"},
		{"in the other order", "runner dockerd:after=runner", "start; TERM; runner exits 0; dockerd exits 0", 0, "start runner, start dockerd, TERM runner, TERM dockerd"},
		{"for two", "db:after=a+b a b", "start; TERM; a exits 0; 1s; b exits 0; db exits 0", 0, "start db, start a, start b, TERM b, TERM a, TERM db"},
		{"in a row", "a:after=b b:after=c c", "start; TERM; c exits 0; b exits 0; a exits 0", 0, "start a, start b, start c, TERM c, TERM b, TERM a"},
		{"its own stop signal", "db:QUIT:after=a a", "start; TERM; a exits 0; db dies of QUIT", 0, "start db, start a, TERM a, QUIT db"},
		{"the other has ended already", "db:after=a a:ignore b", "start; a exits 0; TERM; b exits 0; db exits 0", 0, "start db, start a, start b, TERM b, TERM db"},
		{"another program ends", "db:after=a a b", "start; b exits 3; a exits 0; db exits 0", 3, "start db, start a, start b, TERM a, TERM db"},
		{"the other's own end begins the shutdown", "db:after=a a", "start; a exits 4; db exits 0", 4, "start db, start a, TERM db"},
		{"the one that waits ends first", "db:after=a a", "start; TERM; db exits 5; a exits 0", 5, "start db, start a, TERM a"},
		{"a second TERM does not reach it", "db:after=a a", "start; TERM; TERM; a exits 0; db exits 0", 0, "start db, start a, TERM a, TERM a, TERM db"},
		{"each has its time until SIGKILL", "db:after=a a", "start; TERM; 20s; a dies of KILL; 19s; 1s; db dies of KILL", 137, "start db, start a, TERM a, KILL a, TERM db, KILL db"},
		{"one that would be restarted", "db:after=a a:restart", "start; a exits 1; TERM; db exits 0", 0, "start db, start a, TERM db"},
		{"stopped", "db:after=a a", "start; halt db; TERM; a exits 0; db exits 0", 0, "start db, start a, TERM a, TERM db, CONT db"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newWorld(t, several(tt.programs)).play(tt.script).want(tt.status, lines(tt.did)...)
		})
	}
}

func TestStopAfterRefused(t *testing.T) {
	for _, tt := range []struct {
		programs string
		index    int
		text     string
	}{
		{"a:after=a b", 0, "a circle: a stops after a; remove one of them"},
		{"x a:after=b b:after=c c:after=a", 1, "a circle: a stops after b stops after c stops after a; remove one of them"},
		{"x:after=a a:after=b b:after=a", 1, "a circle: a stops after b stops after a; remove one of them"},
		{"a b:after=a+d", 1, `no program is named "d"; the programs are a, b`},
		{"a:after=b+c b:after=d c:after=d d", -1, ""},
	} {
		cfg := several(tt.programs)
		err := cfg.Validate()
		e, ok := errors.AsType[*ProgramError](err)
		if tt.index < 0 {
			if err != nil {
				t.Errorf("%s: %v", tt.programs, err)
			}
			continue
		}
		if !ok || e.Index != tt.index || e.Key != "stop_after" || e.Text != tt.text {
			t.Errorf("%s: %v, want program %d, stop_after: %s", tt.programs, err, tt.index+1, tt.text)
		}
	}
}

// TestStopOK: with --stop-ok a program that ends as it was asked to is a success.
func TestStopOK(t *testing.T) {
	quit := func(c *Config) { c.Rewrite[unix.SIGTERM] = int8(unix.SIGQUIT) }
	killAfter := func(c *Config) { c.KillAfter = time.Second }
	delay := func(c *Config) { c.Delay = 5 * time.Second }
	for _, tt := range []struct {
		name   string
		cfg    Config
		script string
		status int
	}{
		{"by the signal", one(), "start; TERM; app dies of TERM", 0},
		{"with 143", one(), "start; TERM; app exits 143", 0},
		{"with 0", one(), "start; TERM; app exits 0", 0},
		{"with another code", one(), "start; TERM; app exits 1", 1},
		{"by another signal", one(), "start; TERM; app dies of SEGV", 139},
		{"nobody asked", one(), "start; app dies of TERM", 143},
		{"HUP is no stop", one(), "start; HUP; app dies of HUP", 129},
		{"INT", one(), "start; INT; app exits 130", 0},
		{"INT, but it dies of TERM", one(), "start; INT; app dies of TERM", 143},
		{"rewritten", one(quit), "start; TERM; app dies of QUIT", 0},
		{"rewritten, 143 all the same", one(quit), "start; TERM; app exits 143", 0},
		{"during the delay", one(delay), "start; TERM; app exits 143", 0},
		{"killed", one(killAfter), "start; TERM; 1s; app dies of KILL", 137},
		{"before the start", one(), "TERM", 0},
		{"several", several("a b"), "start; TERM; a exits 143; b dies of TERM", 0},
		{"several, each its own", several("a:QUIT b"), "start; TERM; a exits 131; b exits 143", 0},
		{"several, one fails", several("a b"), "start; TERM; a exits 143; b exits 1", 1},
		{"several, one ends by itself", several("a b"), "start; a exits 0; b exits 143", 143},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.StopOK = true
			w := newWorld(t, tt.cfg).play(tt.script)
			w.want(tt.status, w.did...)
		})
	}
}

// TestHalt: called init, SIGRTMIN+3 shuts down as SIGTERM does.
func TestHalt(t *testing.T) {
	halt := func(c *Config) { c.Halt = SigHalt }
	rewrite := func(c *Config) { c.Rewrite[SigHalt] = int8(unix.SIGHUP) }
	quit := func(c *Config) { c.Rewrite[unix.SIGTERM] = int8(unix.SIGQUIT) }
	delay := func(c *Config) { c.Delay = 5 * time.Second }
	for _, tt := range []struct {
		name   string
		cfg    Config
		script string
		status int
		did    string
	}{
		{"it is called init", one(halt), "start; 37; app dies of TERM", 143, "start app, TERM app"},
		{"it is not", one(), "start; 37; 1h", -1, "start app, RTMIN+3 app"},
		{"rewritten", one(halt, rewrite), "start; 37; 1h", -1, "start app, HUP app"},
		{"TERM is rewritten", one(halt, quit), "start; 37; app exits 0", 0, "start app, QUIT app"},
		{"delayed", one(halt, delay), "start; 37; 4s; 1s; app exits 0", 0, "start app, TERM app"},
		{"several", several("a:QUIT b", halt), "start; 37; a dies of QUIT; b exits 0", 0, "start a, start b, TERM b, QUIT a"},
		{"no program", Config{Pause: true, Halt: SigHalt}, "start; 37", 0, ""},
		{"before the start", one(halt), "37", 143, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newWorld(t, tt.cfg).play(tt.script).want(tt.status, lines(tt.did)...)
		})
	}
	c := one(halt)
	if r := c.relay(); r.Forwards(int(SigHalt)) != int(unix.SIGTERM) || r.Reason(int(SigHalt)) != "yinit forwards it as SIGTERM" {
		t.Errorf("SIGRTMIN+3 is forwarded as %d: %s", r.Forwards(int(SigHalt)), r.Reason(int(SigHalt)))
	}
	w := newWorld(t, one()).play("start")
	w.signal(early.Info{Signal: int32(SigHalt)}, false, w.clock)
	w.play("app dies of 37")
	const why = "app killed by SIGRTMIN+3: sender was outside the container; container engines send it to stop systemd: set STOPSIGNAL SIGTERM, or use --rewrite RTMIN+3:TERM"
	if w.verdict != why {
		t.Errorf("the reason is %q, want %q", w.verdict, why)
	}
}

// TestRestartLimit: a program is restarted only so often in a row.
func TestRestartLimit(t *testing.T) {
	single := one(func(c *Config) { c.Programs[0].OnExit, c.Programs[0].RestartLimit = Restart, 1 })
	for _, tt := range []struct {
		name   string
		cfg    Config
		script string
		status int
		did    string
	}{
		{"once more than allowed", several("a:restart:limit=2 b"), "start; a exits 1; 1m; a exits 2; 1m; a exits 3; b dies of TERM", 3, "start a, start b, start a, start a, TERM b"},
		{"a long run begins anew", several("a:restart:limit=1 b"), "start; a exits 1; 1m; 1m; a exits 1; 1m; a exits 1", -1, "start a, start b, start a, start a, TERM b"},
		{"with 0", several("a:restart:limit=1 b"), "start; a exits 0; 10s; a exits 0; b exits 0", 0, "start a, start b, start a, TERM b"},
		{"a lone program", single, "start; app exits 7; 10s; app exits 8", 8, "start app, start app"},
		{"a lone program, with 0", single, "start; app exits 7; 10s; app exits 0", 0, "start app, start app"},
		{"a lone program, by a signal", single, "start; app exits 7; 10s; app dies of SEGV", 139, "start app, start app"},
		{"a stop before", several("a:restart:limit=2 b"), "start; a exits 1; 10s; a exits 1; TERM; b exits 0", 0, "start a, start b, start a, TERM b"},
		{"another one ends meanwhile", several("a:restart:limit=2 b"), "start; a exits 6; b exits 0", 6, "start a, start b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newWorld(t, tt.cfg).play(tt.script).want(tt.status, lines(tt.did)...)
		})
	}
}
