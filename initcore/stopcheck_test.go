package initcore

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

func TestStopThatDoesNothing(t *testing.T) {
	killAfter := func(c *Config) { c.KillAfter = 2 * time.Second }
	rewrite := func(c *Config) { c.Rewrite[unix.SIGTERM] = int8(unix.SIGQUIT) }
	ignores := stopAnswer{obstacle: verdict.Obstacle{Does: "ignores SIGTERM", Which: "which it ignores"}}
	withINT := ignores
	withINT.answers = unix.SIGINT
	withTERM := stopAnswer{obstacle: verdict.Obstacle{Does: "does nothing"}, answers: unix.SIGTERM}
	now := withINT
	now.comm = "sleep"
	waits := stopAnswer{obstacle: verdict.Obstacle{
		Does: "waits for its child 12 (sleep)", Which: "for which its trap waits", Child: procfs.ID{PID: 12},
	}, childAge: 500 * time.Millisecond}
	trap := stopAnswer{trap: true}
	handles := stopAnswer{obstacle: verdict.Obstacle{Which: "which it handles"}}
	const warns = "yinit: warning: "
	for _, tt := range []struct {
		name, script string
		cfg          Config
		answer       stopAnswer
		says         string
	}{
		{"it handles the signal", "start; TERM; 1h", one(), handles, ""},
		{"nothing is known", "start; TERM; 1h", one(), stopAnswer{}, ""},
		{"it ignores the signal", "start; TERM; 100ms", one(), ignores, warns + "app (pid 11) ignores SIGTERM; use --kill-after\n"},
		{"once is enough", "start; TERM; 1s; TERM; 1h", one(), ignores, warns + "app (pid 11) ignores SIGTERM; use --kill-after\n"},
		{"another signal would help", "start; TERM; 100ms", one(), withINT, warns + "app (pid 11) ignores SIGTERM; use --rewrite TERM:INT or --kill-after\n"},
		{"it is rewritten already", "start; TERM; 100ms", one(rewrite), withINT, warns + "app (pid 11) ignores SIGTERM; use --rewrite TERM:INT or --kill-after\n"},
		{"the rewrite is at fault", "start; TERM; 100ms", one(rewrite), withTERM, warns + "app (pid 11) does nothing; drop the rewrite TERM:QUIT, or use --kill-after\n"},
		{"the rewrite is at fault, for several", "start; TERM; 100ms", several("app c", rewrite), withTERM, warns + "app (pid 11) does nothing, and is killed 20s after the signal; drop the rewrite TERM:QUIT\n"},
		{"it was another program", "start; TERM; 100ms", one(), now, warns + "app (now sleep, pid 11) ignores SIGTERM; use --rewrite TERM:INT or --kill-after\n"},
		{"a shell waits, first", "start; TERM; 1s", one(), waits, ""},
		{"a shell waits", "start; TERM; 1600ms", one(), waits, warns + "app (pid 11) waits for its child 12 (sleep); start the command with exec, or use --group or --kill-after\n"},
		{"a shell runs its trap", "start; TERM; 1h", one(), trap, ""},
		{"it ends at once", "start; TERM; app exits 0; 1h", one(), ignores, ""},
		{"it is killed", "start; TERM; 3s", one(killAfter), ignores, warns + "app (pid 11) ignores SIGTERM, and is killed 2s after the signal\n" +
			warns + "killing app, pid 11: still running 2s after SIGTERM, which it ignores\n"},
		{"it is killed, with a handler", "start; TERM; 3s", one(killAfter), handles, warns + "killing app, pid 11: still running 2s after SIGTERM, which it handles\n"},
		{"killed again", "start; TERM; 13s", one(killAfter), handles, warns + "killing app, pid 11: still running 2s after SIGTERM, which it handles\n" +
			warns + "killing app, pid 11: still running after SIGKILL\n"},
		{"one of several", "start; c exits 0; 100ms", several("app:QUIT c"), withINT, warns + "app (pid 11) ignores SIGTERM, and is killed 20s after the signal; set stop_signal = \"INT\"\n"},
		{"INT from inside", "start; INT; 1h", one(), ignores, ""},
		{"HUP", "start; HUP; 1h", one(), ignores, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := newWorld(t, tt.cfg)
			w.log = slog.New(&textHandler{w: &b, level: slog.LevelWarn})
			w.blocks = map[string]stopAnswer{"app": tt.answer}
			w.play(tt.script)
			if got := b.String(); got != tt.says {
				t.Errorf("the log says\n%swant\n%s", got, tt.says)
			}
			if got := strings.Contains(w.saved, "ignores SIGTERM"); got != strings.Contains(tt.says, "(pid 11) ignores") && !strings.Contains(tt.says, "now sleep") {
				t.Errorf("the report is %q", w.saved)
			}
		})
	}
}

// TestStopFromEngine: an engine may send another signal than SIGTERM, from outside.
// --kill-after has no effect on that, so it is not advised. Terminals that change their
// size send SIGWINCH too.
func TestStopFromEngine(t *testing.T) {
	rewrite := func(from, to unix.Signal) func(*Config) {
		return func(c *Config) { c.Rewrite[from] = int8(to) }
	}
	killAfter := func(c *Config) { c.KillAfter = time.Minute }
	for _, tt := range []struct {
		name    string
		sig     unix.Signal
		cfg     Config
		answers unix.Signal
		says    string
	}{
		{"INT", unix.SIGINT, one(), 0, "app (pid 11) does nothing"},
		{"QUIT", unix.SIGQUIT, one(), 0, "app (pid 11) does nothing"},
		{"HUP", unix.SIGHUP, one(), 0, ""},
		{"USR1", unix.SIGUSR1, one(), unix.SIGTERM, ""},
		{"another would help", unix.SIGINT, one(), unix.SIGTERM, "app (pid 11) does nothing; use --rewrite INT:TERM"},
		{"with --kill-after", unix.SIGINT, one(killAfter), unix.SIGTERM, "app (pid 11) does nothing; use --rewrite INT:TERM"},
		{"a rewritten one", unix.SIGINT, one(rewrite(unix.SIGINT, unix.SIGQUIT)), unix.SIGTERM, "app (pid 11) does nothing; use --rewrite INT:TERM"},
		{"a wrongly rewritten one", unix.SIGINT, one(rewrite(unix.SIGINT, unix.SIGQUIT)), unix.SIGINT, "app (pid 11) does nothing; drop the rewrite INT:QUIT"},
		{"a new size", unix.SIGWINCH, one(), unix.SIGTERM, ""},
		{"a new size, with --kill-after", unix.SIGWINCH, one(killAfter), 0, ""},
		{"WINCH that ends", unix.SIGWINCH, one(rewrite(unix.SIGWINCH, unix.SIGQUIT)), unix.SIGTERM, "app (pid 11) does nothing; use --rewrite WINCH:TERM"},
		{"WINCH by rewriting", unix.SIGQUIT, one(rewrite(unix.SIGQUIT, unix.SIGWINCH)), 0, "app (pid 11) does nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := newWorld(t, tt.cfg)
			w.log = slog.New(&textHandler{w: &b, level: slog.LevelWarn})
			w.blocks = map[string]stopAnswer{"app": {obstacle: verdict.Obstacle{Does: "does nothing"}, answers: tt.answers}}
			w.play("start")
			w.signal(early.Info{Signal: int32(tt.sig)}, false, w.clock)
			w.play("1s")
			if got := strings.TrimPrefix(strings.TrimSpace(b.String()), "yinit: warning: "); got != tt.says {
				t.Errorf("the log says %q, want %q", got, tt.says)
			}
		})
	}
}

// TestLookThatHangs: the machine gives up if /proc does not respond.
func TestLookThatHangs(t *testing.T) {
	w := newWorld(t, several("a b"))
	w.slow = 1000 * time.Hour
	w.play("start; TERM; 1m")
	w.want(-1, "start a", "start b", "TERM b", "TERM a", "KILL a", "KILL b", "KILL a", "KILL b", "KILL a", "KILL b", "KILL a", "KILL b", "KILL a", "KILL b")
	if len(w.asked) != 1 {
		t.Errorf("%d looks have begun, want 1 that does not end", len(w.asked))
	}
}

// TestBusyHelper: what could not be written because the helper was busy is written later,
// and a helper that is busy for ever does not wake the init often.
func TestBusyHelper(t *testing.T) {
	for _, tt := range []struct {
		sig  unix.Signal
		busy time.Duration // for so long, other calls are going on
		want bool          // the report is there after an hour
		most int           // tries
	}{
		{unix.SIGTERM, 0, true, 1},
		{unix.SIGQUIT, 5 * time.Second, true, 10},
		{unix.SIGINT, time.Minute, true, 14},
		{unix.SIGTERM, 1000 * time.Hour, false, 20},
	} {
		w := newWorld(t, one())
		w.blocks = map[string]stopAnswer{"app": {obstacle: verdict.Obstacle{Does: "ignores it"}}}
		w.play("start")
		w.signal(early.Info{Signal: int32(tt.sig)}, false, w.clock)
		w.saveBusyTill = w.clock.Add(tt.busy)
		w.play("1h")
		if got := w.saved != ""; got != tt.want || w.tries.save > tt.most {
			t.Errorf("%v, busy for %v: report %q after %d tries, want one %v, at most %d tries", tt.sig, tt.busy, w.saved, w.tries.save, tt.want, tt.most)
		}
	}
}

// TestNoHelper: without a helper or /proc there are no looks, and no further tries.
func TestNoHelper(t *testing.T) {
	w := newWorld(t, one())
	w.noLooks = true
	w.play("start; TERM; 1h; TERM; 1h")
	if w.tries.check != 1 {
		t.Errorf("%d looks were tried, want 1", w.tries.check)
	}
	helper, _ := newTestHelper()
	helper.inline = true
	k := &kernel{helper: helper}
	if got := k.check(1, unix.SIGTERM, time.Now()); got != never {
		t.Errorf("check without a helper = %v, want never", got)
	}
	if got := k.saveReport("", ""); got != never {
		t.Errorf("saveReport without a helper = %v, want never", got)
	}
	block := make(chan struct{})
	helper.inline = false
	helper.start(func() { <-block })
	if got := k.check(1, unix.SIGTERM, time.Now()); got != busy {
		t.Errorf("check while the helper works = %v, want busy", got)
	}
	close(block)
}

// TestReportReplaced: the report at the end replaces the one from before, and nothing
// else.
func TestReportReplaced(t *testing.T) {
	for _, tt := range []struct{ name, holds, report, earlier, want string }{
		{"empty", "", "new", "", "new"},
		{"the program's own", "own", "new", "", "own"},
		{"the earlier one", "earlier", "new", "earlier", "new"},
		{"a longer one", "old", "newer", "old", "newer"},
		{"removed at the end", "earlier", "", "earlier", ""},
		{"the program has added to it", "earlier, own", "new", "earlier", "earlier, own"},
		{"as long, but the program's own", "program", "new", "earlier", "program"},
		{"never written", "", "new", "earlier", "new"},
	} {
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(tt.holds), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (reportFile{path: path}).write(tt.report, tt.earlier); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}
