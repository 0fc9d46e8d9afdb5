package initcore

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs/verdict"
)

// TestStopIsRecorded: a stop and its continuation are recorded and said, but not each one of
// hundreds.
func TestStopIsRecorded(t *testing.T) {
	const stop, cont = "app was stopped by SIGSTOP", "app was continued after 5s"
	for _, tt := range []struct {
		script  string
		says    string   // the log, warnings only
		records []string // the last ones
		most    int      // of all notes
	}{
		{"noshell; start; app stops by STOP; 5s; app stops by CONT", "yinit: warning: app was stopped by SIGSTOP; it does nothing until it gets SIGCONT (pid 11)\n", []string{stop, cont}, 2},
		{"noshell; start; app stops by TSTP; app stops by CONT", "yinit: warning: continued app, which Ctrl-Z had stopped: no shell with job control is above yinit to continue it (pid 11)\n", nil, 2},
		{"start; app stops by TSTP; 5s; app stops by CONT", "", []string{"app was stopped by SIGTSTP", cont}, 2},
		{"start; app stops by CONT", "", nil, 0},
		{"noshell; start" + strings.Repeat("; app stops by STOP; 5s; app stops by CONT", 2), "yinit: warning: app was stopped by SIGSTOP; it does nothing until it gets SIGCONT (pid 11)\n", []string{stop, cont, stop, cont}, 4},
		{"noshell; start" + strings.Repeat("; app stops by STOP; 1ms; app stops by CONT", 500), "yinit: warning: app was stopped by SIGSTOP; it does nothing until it gets SIGCONT (pid 11)\n", nil, 2 * pauseBurst},
	} {
		var b bytes.Buffer
		w := newWorld(t, one())
		w.log = slog.New(&textHandler{w: &b, level: slog.LevelWarn})
		path := filepath.Join(t.TempDir(), "ring")
		var err error
		w.hist, err = history.CreateFile(path, history.Origin{PID: 1}, w.clock)
		check(t, err)
		w.play(tt.script)
		if got := b.String(); got != tt.says {
			t.Errorf("%.80s: the log says\n%s, want\n%s", tt.script, got, tt.says)
		}
		ring, err := history.OpenFile(path)
		check(t, err)
		batch, err := ring.Read(0)
		check(t, err)
		check(t, ring.Close())
		var notes []string
		for _, r := range batch.Records {
			if r.Kind == history.KindNote {
				notes = append(notes, r.Text)
			}
		}
		if len(notes) > tt.most || len(notes) < len(tt.records) {
			t.Fatalf("%.80s: %d notes, want %d to %d: %q", tt.script, len(notes), len(tt.records), tt.most, notes)
		}
		for i, want := range tt.records {
			if got := notes[len(notes)-len(tt.records)+i]; got != want {
				t.Errorf("%.80s: note %d is %q, want %q", tt.script, i, got, want)
			}
		}
	}
}

// TestStopsForHours: a program that is stopped and continued for hours, as by cpulimit(1),
// takes few records, none of a warning's, and the rest are counted.
func TestStopsForHours(t *testing.T) {
	w := reporting(t, one())
	w.blocks = map[string]stopAnswer{"app": {obstacle: verdict.Obstacle{Does: "ignores SIGTERM"}}}
	w.play("noshell; start; TERM; 1m")
	const hours = 3
	for range hours * 3600 {
		w.play("app stops by STOP; 500ms; app stops by CONT; 500ms")
	}
	w.play("app exits 0")
	notes := lastRecords(t, w.hist, history.Capacity, history.KindNote)
	stops, counted, warned := 0, 0, false
	for _, r := range notes {
		var n int
		switch {
		case strings.Contains(r.Text, "ignores SIGTERM"):
			warned = r.Warning
		case r.Text == "app was stopped by SIGSTOP":
			stops++
		default:
			if _, err := fmt.Sscanf(r.Text, "app was stopped and continued %d more times", &n); err == nil {
				counted += n
			}
		}
	}
	if most := 2*pauseBurst + 3*6*hours; len(notes) > most+1 || stops+counted != hours*3600 || !warned {
		t.Errorf("%d notes, %d stops and %d counted, the warning is kept: %v; want at most %d notes of %d stops", len(notes), stops, counted, warned, most, hours*3600)
	}
}

// TestStopsDoNotStarve: a child that is stopped and continued all the time does not keep the
// loop from other events, and nothing is lost by that.
func TestStopsDoNotStarve(t *testing.T) {
	f := newFaulty(t, one())
	f.loop.startPrograms()
	for range 3 * maxStops {
		f.reaps = append(f.reaps, death{PID: f.programs[0].pid, Stopped: 19})
	}
	f.loop.step()
	if got := len(f.reaps); got != 2*maxStops || !f.loop.unfinished {
		t.Fatalf("one step left %d stops, unfinished %v, want %d and true", got, f.loop.unfinished, 2*maxStops)
	}
	begun := time.Now()
	f.loop.wait()
	if d := time.Since(begun); d > time.Minute {
		t.Errorf("the loop waited %v", d)
	}
	f.loop.step()
	f.loop.step()
	if f.loop.step(); len(f.reaps) > 0 || f.loop.unfinished {
		t.Errorf("%d stops are left, unfinished %v", len(f.reaps), f.loop.unfinished)
	}
}

// TestSlowFloodAtTheEnd: the end does not wait for signals that the kernel delivers slowly.
func TestSlowFloodAtTheEnd(t *testing.T) {
	f := newFaulty(t, one())
	f.loop.startPrograms()
	f.loop.read = func(buf []early.Info) int {
		f.clock = f.clock.Add(20 * time.Millisecond)
		return copy(buf, make([]early.Info, len(buf)))
	}
	f.dies("app", 7<<8)
	f.runs(t)
	// The last step and what follows it each read once.
	if took := f.clock.Sub(f.started); f.exitStatus() != 7 || took > time.Second {
		t.Errorf("it ended with %d after %v, want 7 within 1s", f.exitStatus(), took)
	}
}

// TestFloodsDoNotStarve: in a flood of signals and deaths each step handles some of both, and
// what is due.
func TestFloodsDoNotStarve(t *testing.T) {
	cfg := one()
	cfg.KillAfter = time.Second
	f := newFaulty(t, cfg)
	f.loop.startPrograms()
	signals := 0
	f.loop.read = func(buf []early.Info) int {
		for i := range buf {
			buf[i] = early.Info{Signal: int32(unix.SIGUSR1), PID: 55}
		}
		signals += len(buf)
		return len(buf)
	}
	for pid := range 10 * maxDeaths {
		f.reaps = append(f.reaps, death{PID: 1000 + pid})
	}
	f.comes(unix.SIGTERM)
	f.loop.step()
	if left := len(f.reaps); signals == 0 || signals > 1000 || left == 0 || left == 10*maxDeaths || !f.loop.unfinished {
		t.Errorf("a step handled %d signals, and left %d of %d deaths, unfinished %v", signals, left, 10*maxDeaths, f.loop.unfinished)
	}
	f.clock = f.clock.Add(time.Second)
	f.loop.step()
	if !slices.Contains(f.did, "KILL app") {
		t.Errorf("a second after SIGTERM: %v, want KILL app", f.did[len(f.did)-3:])
	}
}

// TestSlowFlood: where the kernel delivers queued signals slowly, and the machine is busy, a
// step still ends soon, so that the program is killed when it is due.
func TestSlowFlood(t *testing.T) {
	cfg := one()
	cfg.KillAfter = time.Second
	f := newFaulty(t, cfg)
	f.loop.startPrograms()
	f.loop.read = func(buf []early.Info) int {
		for i := range buf {
			buf[i] = early.Info{Signal: 34, Code: siQueue, PID: 55}
			f.clock = f.clock.Add(20 * time.Millisecond)
		}
		return len(buf)
	}
	f.comes(unix.SIGTERM)
	begun := f.clock
	for !slices.Contains(f.did, "KILL app") {
		f.loop.step()
		if took := f.clock.Sub(begun); took > 1500*time.Millisecond {
			t.Fatalf("%v after SIGTERM: %v, want KILL app", took, f.did[len(f.did)-1])
		}
	}
}
