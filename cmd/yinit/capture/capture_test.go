package capture

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
	"yinit/tui"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600))

// example returns a snapshot in which no field has its zero value.
func example() *tui.Saved {
	sigs := procfs.Signals{Known: true, Pending: 1, SharedPending: 2, Blocked: 4, Ignored: 8, Caught: 1 << 63}
	id := procfs.ID{PID: 37, Start: 1234}
	target := &verdict.Target{
		ID: id, Comm: "git\xff", State: procfs.StateSleeping, Kernel: true, PGRP: 3, Session: 4, UID: [4]uint32{1, 2, 3, 4}, NSpid: []int{37, 5}, Tracer: 9,
		Sigs: sigs, Tasks: []verdict.Task{{
			TID: 37, State: procfs.StateDisk, Killed: true, Exiting: true, Blocked: 5, Wchan: "do_wait", Sigwait: verdict.No, Awaited: 6, AwaitedRead: true,
		}}, MainBlocked: 7, Partial: true, SignalFDs: 8, FDsRead: true, Dying: verdict.Killed,
		Blocker:  &verdict.Blocker{PID: 5, Comm: "x", State: procfs.StateZombie, Tracer: 6, By: "gdb", More: 2},
		Orphaned: verdict.Yes, CoreOff: verdict.No, Freezer: verdict.Freezer2, Language: verdict.Node, Relay: history.PlainRelay(),
		Before: verdict.Masks{Blocked: 9, Ignored: 10}, UserNS: verdict.NSBelow, Permitted: verdict.Yes,
	}
	stat := procfs.Stat{PID: 38, Start: 5, Comm: "z", State: procfs.StateZombie, PPID: 37, Threads: 1, ExitCode: 256}
	return &tui.Saved{
		Snapshot: snapshot.Snapshot{
			Time: noon, Since: time.Second, Caller: verdict.Caller{PID: 99, Session: 98, UID: [4]uint32{1, 2, 3, 4}, CapEff: 0x20, Depth: 2, AllIDs: true, Unrestricted: true, Above: true},
			Host: snapshot.Host{
				Name: "web\x1b[2J", Init: "yinit 0.1.0", Uptime: time.Hour, CPUs: 2, Pids: 3, PidsMax: 100, PidsHits: 8, Mem: 5, MemMax: 6, CPU: 0.5, CPUMax: 2, Missed: 7, NoAccess: "none", Hosts: snapshot.Hosts{Mem: true, CPUMax: true},
			},
			Procs: []snapshot.Process{{
				ID: id, PPID: 1, PGRP: 3, Session: 4, Threads: 2, State: procfs.StateSleeping, User: "app", UID: 1000, Comm: "git\xff", Cmdline: []string{"git", "\u202egc\n"},
				CPU: 0.25, CPUTime: time.Minute, RSS: 4096, Age: time.Hour, Sigs: sigs, Target: target, Term: verdict.OutcomePending, Status: 256, Known: true, Culprit: 12,
				Outside: true, Place: snapshot.PlaceOther, Container: "0123",
			}},
		},
		Details: map[procfs.ID]snapshot.Details{id: {Sigs: sigs, Target: target, Cwd: "/srv", Exe: "/bin/\xfe"}},
		Dead:    map[procfs.ID]time.Time{id: noon.Add(-time.Minute)},
		Stuck:   map[procfs.ID]time.Time{id: noon.Add(-time.Hour)},
		Trend:   []tui.Moment{{Time: noon, Zombies: 1, Pids: 2, Mem: 3}},
		History: tui.History{Since: "recorded by yinit", Policy: &doctor.Policy{Known: true, Delay: time.Second, KillAfter: time.Minute, Grace: time.Hour, StopOK: true, Stays: true}, Checks: &doctor.Checks{
			OOMKills: 1, OOMGroup: true, ShmSize: 2, ShmFree: 1, PidFiles: []doctor.PidFile{{Path: "/run/\xff.pid", PID: 3, Written: noon}}, OpenMax: map[procfs.ID]uint64{id: 1 << 40}, Unread: []string{"/run"},
		}, Memory: doctor.Memory{None: "no history", Hidden: true, Blind: true, Missing: []string{"5"}}, Lost: 3, Next: 13, Records: []history.Record{{
			Seq: 12, Run: 2, Time: noon, Kind: history.KindExit, PID: 37, Start: 7, UID: 8, User: "app", Comm: "git", Renamed: true, Cmdline: "git gc",
			PPID: 12, Parent: "gunicorn", OriginPPID: 11, Inspector: true, Foreign: true, Group: 37, StopSignal: 15, Known: true, Status: 9, ReapedByInit: true, ReapedByKernel: true,
			Runtime: time.Second, CPU: time.Millisecond, MaxRSS: 1024, Accounted: true, ZombieFor: time.Second,
			Signal: 15, Code: -1, Passed: 2, Action: history.ActionRewritten, To: []int{12, 13}, Count: 3, Last: noon, Warning: true, Text: "why\a",
		}}},
		Blame: &zombie.Report{Init: zombie.InitReaps, Hidden: 2, Culprits: []*zombie.Culprit{{
			Blame: zombie.Blame{Culprit: 37, Cause: zombie.CauseWaitsForOther, Of: 5, Origin: zombie.OriginChild}, Cmdline: "git gc",
			Reaper:  zombie.Reaper{Stat: procfs.Stat{PID: 37, Start: 7, Comm: "git", State: procfs.StateSleeping, PPID: 1, Threads: 1}, UID: 3, Tracer: 4, Sigs: sigs, Waits: []zombie.Wait{{PID: 5, Other: true}}, Hidden: true, InVfork: true, Child: 6, Init: true},
			Zombies: []zombie.Zombie{{Stat: stat, Known: true, Age: time.Minute, Dead: time.Second, Exact: true, Origin: zombie.OriginOrphan}},
		}}},
	}
}

// TestRoundTrip writes and reads a snapshot in which every field is set.
func TestRoundTrip(t *testing.T) {
	want := example()
	for _, v := range []any{want.Snapshot, want.Snapshot.Procs[0], *want.Snapshot.Procs[0].Target, want.History.Records[0], want.Snapshot.Host, *want} {
		for i := range reflect.TypeOf(v).NumField() {
			if reflect.ValueOf(v).Field(i).IsZero() {
				t.Errorf("the example does not set %T.%s", v, reflect.TypeOf(v).Field(i).Name)
			}
		}
	}
	b := Encode(want, "yinit test")
	for _, r := range string(bytes.TrimSuffix(b, []byte("\n"))) {
		if !procfs.PrintableRune(r) {
			t.Errorf("the file has the character %q", r)
		}
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	relays := cmp.Comparer(func(a, b verdict.Relay) bool {
		for n := range 65 {
			if n > 0 && (a.Forwards(n) != b.Forwards(n) || a.Drops(n) != b.Drops(n) || a.Reason(n) != b.Reason(n)) {
				return false
			}
		}
		return true
	})
	if diff := cmp.Diff(want, got, relays, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRefused reads files that are foreign, cut or wrong.
func TestRefused(t *testing.T) {
	good := string(Encode(example(), "yinit test"))
	for name, tt := range map[string]struct{ file, want string }{
		"empty":            {" \n", "it is empty"},
		"text":             {"hello", "it is no snapshot"},
		"a list":           {"[1]", "it is no snapshot"},
		"other JSON":       {`{"seq":1}`, "it is no snapshot"},
		"cut":              {good[:len(good)/2], "it has been cut after"},
		"two files":        {good + good, "it is no snapshot"},
		"a later version":  {strings.Replace(good, `"version":1`, `"version":2`, 1), "version 2"},
		"another type":     {strings.Replace(good, `"pid":37`, `"pid":"x"`, 1), "does not fit"},
		"a pid of 0":       {strings.Replace(good, `"pid":37`, `"pid":0`, 1), "its pid"},
		"a negative pid":   {strings.Replace(good, `"ppid":1`, `"ppid":-1`, 1), "none"},
		"a state":          {strings.Replace(good, `"state":"S"`, `"state":"\u001b["`, 1), "no letter"},
		"a verdict":        {strings.Replace(good, `"term":"pending"`, `"term":"x"`, 1), "verdict"},
		"an enumeration":   {strings.Replace(good, `"userns":3`, `"userns":77`, 1), "userns is 77"},
		"a set":            {strings.Replace(good, `"main_blocked":"`, `"main_blocked":"x`, 1), "hexadecimal"},
		"a kind":           {strings.Replace(good, `"kind":"exit"`, `"kind":"x"`, 1), "its kind"},
		"a signal":         {strings.Replace(good, `"signal":15`, `"signal":7000`, 1), "does not fit"},
		"the same twice":   {strings.Replace(good, `"processes":[`, `"processes":[{"pid":37,"state":"S","term":"unknown"},`, 1), "twice"},
		"no time":          {strings.Replace(good, `"time":"2026-11-23T12:00:00+01:00"`, `"time":"0001-01-01T00:00:00Z"`, 1), "no time"},
		"a number as text": {strings.Replace(good, `"age_ms":3600000`, `"age_ms":1e999`, 1), "does not fit"},
	} {
		_, err := Decode([]byte(tt.file))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %v, want one line with %q", name, err, tt.want)
		}
	}
	if _, err := Decode([]byte(strings.Replace(good, `"program"`, `"new_field":[{}],"program"`, 1))); err != nil {
		t.Errorf("a new field: %v", err)
	}
}

// draw draws all pages of a snapshot, and the panes over them. All that is not text must be
// a sequence of SGR.
func draw(t *testing.T, s *tui.Saved) {
	t.Helper()
	frames := []string{tui.Frame(s.Snapshot, s.History, 80, 24, tui.Options{Replay: s})}
	var m tea.Model = tui.New(nil, nil, tui.Options{Replay: s})
	m, _ = m.Update(tea.WindowSizeMsg{Width: 100, Height: 40})
	for range 8 {
		for _, code := range []rune{tea.KeyDown, 'e', tea.KeyEscape, tea.KeyEnter, tea.KeyEscape, ' ', tea.KeyEnd, '?', tea.KeyEscape, tea.KeyTab} {
			m, _ = m.Update(tea.KeyPressMsg{Code: code, Text: strings.Trim(string(code), "\x00\t\x1b")})
			frames = append(frames, m.View().Content)
		}
	}
	for _, frame := range frames {
		for _, line := range strings.Split(ansi.Strip(strings.TrimSuffix(frame, "\n")), "\n") {
			for _, r := range line {
				if !procfs.PrintableRune(r) {
					t.Fatalf("a line has %q: %q", r, line)
				}
			}
		}
	}
}

// TestHostile draws a snapshot in which one text after the other would act on a terminal.
func TestHostile(t *testing.T) {
	good := string(Encode(example(), "yinit test"))
	draw(t, example())
	drawn := 0
	for _, at := range regexp.MustCompile(`"[^"\\]*"[,}\]]`).FindAllStringIndex(good, -1) {
		bad := good[:at[0]+1] + `\u001b[2J\u001b]0;x\u0007\u202e\u009b31m` + good[at[1]-2:]
		if s, err := Decode([]byte(bad)); err == nil {
			draw(t, s)
			drawn++
		}
	}
	if drawn < 20 {
		t.Errorf("only %d texts were tried", drawn)
	}
}

// FuzzDecode checks that whatever is read can be drawn and written again.
func FuzzDecode(f *testing.F) {
	good := Encode(example(), "yinit test")
	f.Add(good)
	f.Add([]byte(`{"format":"yinit-snapshot","version":1,"time":"2026-11-23T12:00:00Z","processes":[{"pid":1,"state":"S","term":"handler","age_ms":-1,"cpu":1e300}]}`))
	f.Add([]byte(`{"format":"yinit-snapshot","version":1,"time":"2026-11-23T12:00:00Z","processes":[{"pid":2,"ppid":3,"state":"Z","term":"unknown"},{"pid":3,"ppid":2,"state":"?","term":"unknown"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		draw(t, s)
		if _, err := Decode(Encode(s, "yinit test")); err != nil {
			t.Errorf("what was read and written cannot be read: %v", err)
		}
	})
}

// TestDocumented checks that docs/json.md names every field.
func TestDocumented(t *testing.T) {
	b, err := os.ReadFile("../../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "## The snapshot of `yinit top`")
	if !ok {
		t.Fatal("docs/json.md has no section about the snapshot")
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/json.md does not describe the field %s of %s", name, typ.Name())
			}
			visit(typ.Field(i).Type)
		}
	}
	visit(reflect.TypeFor[file]())
	if !json.Valid(Encode(&tui.Saved{}, "")) {
		t.Error("an empty snapshot is no JSON")
	}
}
