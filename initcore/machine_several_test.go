package initcore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// several makes programs of words: a name and its properties, "web:QUIT",
// "db:oneshot", "job:ignore", "worker:restart", "worker:limit=2", "db:after=web+worker".
func several(words string, options ...func(*Config)) Config {
	c := Config{Grace: 3 * time.Second, KillAfter: 20 * time.Second}
	for word := range strings.FieldsSeq(words) {
		f := strings.Split(word, ":")
		p := Program{Name: f[0], Args: []string{f[0]}}
		for _, property := range f[1:] {
			switch property {
			case "QUIT":
				p.StopSignal = unix.SIGQUIT
			case "INT":
				p.StopSignal = unix.SIGINT
			case "KILL":
				p.StopSignal = unix.SIGKILL
			case "oneshot":
				p.Oneshot = true
			case "ignore":
				p.OnExit = Ignore
			case "restart":
				p.OnExit = Restart
			default:
				if names, ok := strings.CutPrefix(property, "after="); ok {
					p.StopAfter = strings.Split(names, "+")
				}
				fmt.Sscanf(property, "limit=%d", &p.RestartLimit)
			}
		}
		c.Programs = append(c.Programs, p)
	}
	for _, o := range options {
		o(&c)
	}
	return c
}

// lines splits what was done: "start a, TERM a".
func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ", ")
}

func TestSeveralPrograms(t *testing.T) {
	delay := func(c *Config) { c.Delay = 5 * time.Second }
	expect := func(c *Config) { c.Expect.Add(23) }
	forever := func(c *Config) { c.KillAfter = 0 }
	for _, tt := range []struct {
		name, programs string
		options        func(*Config)
		script         string
		status         int
		did            string
	}{
		{"stopped in reverse order", "a b c", nil, "start; TERM; c dies of TERM; a dies of TERM; b dies of TERM", 0, "start a, start b, start c, TERM c, TERM b, TERM a"},
		{"each has its own stop signal", "a:QUIT b:INT c", nil, "start; TERM; a dies of QUIT; b dies of INT; c exits 0", 0, "start a, start b, start c, TERM c, INT b, QUIT a"},
		{"died of another signal than its own", "a:QUIT b", nil, "start; TERM; a dies of TERM; b exits 0", 143, "start a, start b, TERM b, QUIT a"},
		{"killed after", "a b", nil, "start; TERM; a exits 0; 19s", -1, "start a, start b, TERM b, TERM a"},
		{"killed after 20 s", "a b", nil, "start; TERM; a exits 0; 20s; b dies of KILL", 137, "start a, start b, TERM b, TERM a, KILL b"},
		{"both killed", "a b", nil, "start; TERM; 20s; a dies of KILL; b dies of KILL", 137, "start a, start b, TERM b, TERM a, KILL a, KILL b"},
		{"killed at the end of another's 0", "a b", nil, "start; a exits 0; 20s; b dies of KILL", 137, "start a, start b, TERM b, KILL b"},
		{"exits 19 after kill_after was near", "a b", nil, "start; TERM; a dies of TERM; 19s; b exits 19", 19, "start a, start b, TERM b, TERM a"},
		{"one ends with 0: the others are stopped", "a b", nil, "start; a exits 0; b dies of TERM", 0, "start a, start b, TERM b"},
		{"one ends with 19", "a b", nil, "start; a exits 19; b dies of TERM", 19, "start a, start b, TERM b"},
		{"23 on TERM", "a b", nil, "start; TERM; a exits 23; b exits 0", 23, "start a, start b, TERM b, TERM a"},
		{"the first bad one counts", "a b c", nil, "start; b exits 3; c exits 4; a exits 5", 3, "start a, start b, start c, TERM c, TERM a"},
		{"143 of its own is a status", "a b", nil, "start; TERM; a exits 143; b exits 0", 143, "start a, start b, TERM b, TERM a"},
		{"segfault", "a b", nil, "start; a dies of SEGV; b dies of TERM", 139, "start a, start b, TERM b"},
		{"killed from outside", "a b", nil, "start; a dies of KILL; b exits 0", 137, "start a, start b, TERM b"},
		{"KILL as its stop signal is still 137", "a:KILL b", nil, "start; b exits 0; a dies of KILL", 137, "start a, start b, KILL a"},
		{"TERM that the init did not send", "a b", nil, "start; a dies of TERM; b exits 0", 143, "start a, start b, TERM b"},
		{"expected", "a b", expect, "start; a exits 23; b exits 0", 0, "start a, start b, TERM b"},
		{"one is not found", "a b", nil, "start; b fails ENOENT; a dies of TERM", 127, "start a, start b, TERM a"},
		{"one cannot be executed", "a b", nil, "start; a fails EACCES; b dies of TERM", 126, "start a, start b, TERM b"},
		{"all end at once", "a b c", nil, "start; a exits 0; b exits 0; c exits 0", 0, "start a, start b, start c, TERM c, TERM b"},
		{"INT begins the shutdown", "a b", nil, "start; INT; a dies of TERM; b dies of TERM", 0, "start a, start b, TERM b, TERM a"},
		{"QUIT begins the shutdown", "a b", nil, "start; QUIT; a dies of TERM; b dies of TERM", 0, "start a, start b, TERM b, TERM a"},
		{"HUP and WINCH go to each", "a b", nil, "start; HUP; WINCH; 1h", -1, "start a, start b, HUP a, HUP b, WINCH a, WINCH b"},
		{"HUP during the shutdown", "a b", nil, "start; TERM; a exits 0; HUP; b exits 0", 0, "start a, start b, TERM b, TERM a, HUP b"},
		{"a second TERM", "a b", nil, "start; TERM; TERM; a exits 0; b exits 0", 0, "start a, start b, TERM b, TERM a, TERM b, TERM a"},
		{"a second TERM goes to who is left", "a b", nil, "start; TERM; b exits 0; TERM; a exits 0", 0, "start a, start b, TERM b, TERM a, TERM a"},
		{"TERM before the start", "a b", nil, "TERM", 143, ""},
		{"INT before the start", "a b", nil, "INT; start", 130, ""},
		{"delayed", "a b", delay, "start; TERM; 4s", -1, "start a, start b"},
		{"delay over", "a b", delay, "start; TERM; 5s; a exits 0; b exits 0", 0, "start a, start b, TERM b, TERM a"},
		{"INT has no delay", "a b", delay, "start; INT; a exits 0; b exits 0", 0, "start a, start b, TERM b, TERM a"},
		{"one ends during the delay", "a b", delay, "start; TERM; 1s; a exits 0; b exits 0", 0, "start a, start b, TERM b"},
		{"left behind by several", "a b", nil, "left nc; start; a exits 0; b exits 0; 4s", 0, "start a, start b, TERM b, TERM all, KILL all"},

		{"ignored", "a:ignore b", nil, "start; a exits 0; 1h", -1, "start a, start b"},
		{"ignored, but its status counts", "a:ignore b", nil, "start; a exits 7; 1h; b exits 0", 7, "start a, start b"},
		{"all are ignored", "a:ignore b:ignore", nil, "start; a exits 0; b exits 0", 0, "start a, start b"},

		{"a oneshot first", "m:oneshot a b", nil, "start", -1, "start m"},
		{"a oneshot succeeds", "m:oneshot a b", nil, "start; m exits 0; a exits 0; b exits 0", 0, "start m, start a, start b, TERM b"},
		{"a oneshot fails", "m:oneshot a", nil, "start; m exits 4", 4, "start m"},
		{"a oneshot is not found", "m:oneshot a", nil, "start; m fails ENOENT", 127, "start m"},
		{"a oneshot in between", "a m:oneshot b", nil, "start; m exits 0; a exits 0; b dies of TERM", 0, "start a, start m, start b, TERM b"},
		{"a oneshot in between fails", "a m:oneshot b", nil, "start; m exits 4; a dies of TERM", 4, "start a, start m, TERM a"},
		{"two oneshots", "m:oneshot n:oneshot a", nil, "start; m exits 0; n exits 0; a exits 6", 6, "start m, start n, start a"},
		{"only oneshots", "m:oneshot n:oneshot", nil, "start; m exits 0; n exits 0", 0, "start m, start n"},
		{"TERM during a oneshot", "m:oneshot a", nil, "start; TERM; m dies of TERM", 143, "start m, TERM m"},
		{"TERM during a oneshot that ends with 0", "m:oneshot a", nil, "start; TERM; m exits 0", 143, "start m, TERM m"},
		{"TERM during a oneshot that fails", "m:oneshot a", nil, "start; TERM; m exits 5", 5, "start m, TERM m"},
		{"INT during a oneshot", "m:oneshot a", nil, "start; INT; m exits 0", 130, "start m, TERM m"},
		{"one ends while a oneshot runs", "a m:oneshot b", nil, "start; a exits 3; m dies of TERM", 3, "start a, start m, TERM m"},

		{"restarted", "a:restart b", nil, "start; a exits 1; 1s; b exits 0; a dies of TERM", 0, "start a, start b, start a, TERM a"},
		{"TERM while one rests", "a:restart b", nil, "start; a exits 1; TERM; b exits 0", 0, "start a, start b, TERM b"},
		{"a clean end is restarted, too", "a:restart b", nil, "start; a exits 0; 1s; 1h", -1, "start a, start b, start a"},
		{"restarted one is not found", "a:restart b", nil, "start; a fails ENOENT; b dies of TERM", 127, "start a, start b, TERM b"},
		{"not restarted during the shutdown", "a:restart b", forever, "start; TERM; a dies of TERM; 1h; b exits 0", 0, "start a, start b, TERM b, TERM a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := several(tt.programs)
			if tt.options != nil {
				tt.options(&cfg)
			}
			newWorld(t, cfg).play(tt.script).want(tt.status, lines(tt.did)...)
		})
	}
}

// TestBackoff: the pause doubles up to a minute; a run of a minute resets it.
func TestBackoff(t *testing.T) {
	for name, tt := range map[string]struct {
		delay time.Duration
		want  []time.Duration
	}{
		"default":  {0, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}},
		"given":    {10 * time.Second, []time.Duration{10, 20, 40, 60, 60}},
		"too long": {90 * time.Second, []time.Duration{90, 90, 90}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := several("a:restart b")
			cfg.Programs[0].RestartDelay = tt.delay
			w := newWorld(t, cfg).play("start")
			for i, seconds := range tt.want {
				pause(t, w, fmt.Sprint("restart ", i), seconds*time.Second)
			}
			w.play("59s")
			pause(t, w, "after 59 s up", tt.want[len(tt.want)-1]*time.Second)
			w.play("1m")
			pause(t, w, "after a minute up", tt.want[0]*time.Second)
			if len(tt.want) > 1 {
				pause(t, w, "and once more", tt.want[1]*time.Second)
			}
		})
	}
}

// pause lets program a die and checks when it is started again.
func pause(t *testing.T, w *world, what string, want time.Duration) {
	t.Helper()
	w.play("a exits 1")
	before := len(w.did)
	w.pass(want - time.Nanosecond)
	if len(w.did) != before {
		t.Fatalf("%s: started before %v", what, want)
	}
	w.pass(time.Nanosecond)
	if !slices.Equal(w.did[before:], []string{"start a"}) {
		t.Fatalf("%s: after %v did %q, want start a", what, want, w.did[before:])
	}
}

func TestSecondForkFails(t *testing.T) {
	w := newWorld(t, several("a b c"))
	w.refuse["b"] = unix.EAGAIN
	w.play("start").want(-1, "start a", "TERM a")
	w.play("a dies of TERM").want(125, "start a", "TERM a")
}

// TestForkFailsAtRestart: a restart that fails for lack of a resource is tried again,
// and the pause grows as it does after a death.
func TestForkFailsAtRestart(t *testing.T) {
	for _, err := range []error{unix.EAGAIN, unix.ENOMEM, fmt.Errorf("pipe2: %w", unix.EMFILE), unix.ENFILE} {
		w := newWorld(t, several("a:restart b")).play("start; a exits 1")
		w.refuse["a"] = err
		w.play("1s; 2s; 4s; 1h").want(-1, "start a", "start b")
		delete(w.refuse, "a")
		w.play("1m").want(-1, "start a", "start b", "start a")
		w.play("TERM; a exits 0; b dies of TERM").want(0, "start a", "start b", "start a", "TERM b", "TERM a")
	}
	t.Run("shutdown meanwhile", func(t *testing.T) {
		w := newWorld(t, several("a:restart b")).play("start; a exits 3")
		w.refuse["a"] = unix.EAGAIN
		w.play("10s; TERM; b dies of TERM").want(0, "start a", "start b", "TERM b")
	})
	t.Run("what will not be better later", func(t *testing.T) {
		w := newWorld(t, several("a:restart b")).play("start; a exits 1")
		w.refuse["a"] = unix.EPERM
		w.play("1s; b dies of TERM").want(125, "start a", "start b", "TERM b")
	})
}

// TestExecFailsAtRestart: the same where execve(2) is short of something, as with
// RLIMIT_NPROC of another user. A program that is gone is an error.
func TestExecFailsAtRestart(t *testing.T) {
	w := newWorld(t, several("a:restart b")).play("start; a exits 1; 1s; a fails EAGAIN; 1s")
	w.want(-1, "start a", "start b", "start a")
	w.play("1s; a fails ENOMEM; 4s").want(-1, "start a", "start b", "start a", "start a", "start a")
	w.play("a fails ENOENT; b dies of TERM").want(127, "start a", "start b", "start a", "start a", "start a", "TERM b")
	w = newWorld(t, several("a:restart b")).play("start; a fails EAGAIN; b dies of TERM")
	w.want(126, "start a", "start b", "TERM b")
}
