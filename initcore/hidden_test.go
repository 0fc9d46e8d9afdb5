package initcore

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// member is the exit of a member of a pipeline of the program 11: it started at 10 s,
// and ended before the program by that much.
func member(pid int, comm string, status procfs.WaitStatus, before time.Duration) history.Record {
	return history.Record{
		Kind: history.KindExit, Time: time.Unix(1000, 0).Add(-before), PID: pid, Comm: comm, Start: 1000, Runtime: 2 * time.Second,
		PPID: 11, OriginPPID: 11, Group: 11, Known: true, Status: status,
	}
}

// TestHiddenFailures: which failures the status 0 of a program hides.
func TestHiddenFailures(t *testing.T) {
	const exit1, exit3 = 1 << 8, 3 << 8
	with := func(r history.Record, change func(*history.Record)) history.Record { change(&r); return r }
	tee := member(13, "tee", 0, 0)
	app := member(12, "app", exit3, 0)
	for name, tt := range map[string]struct {
		exits []history.Record
		want  string // the pids
	}{
		"a pipeline":                         {[]history.Record{app, tee}, "12"},
		"its members in another order":       {[]history.Record{tee, app}, "12"},
		"the pipe took a while to empty":     {[]history.Record{member(12, "app", exit3, 4*time.Second), tee}, "12"},
		"long ago":                           {[]history.Record{member(12, "app", exit3, time.Minute), tee}, ""},
		"two of three":                       {[]history.Record{app, member(14, "sed", exit1, 0), tee}, "12 14"},
		"killed":                             {[]history.Record{member(12, "app", 9, 0), tee}, "12"},
		"dumped core":                        {[]history.Record{member(12, "app", 0x80|11, 0), tee}, "12"},
		"told to end":                        {[]history.Record{member(12, "app", procfs.WaitStatus(unix.SIGTERM), 0), tee}, ""},
		"told to end, by its handler":        {[]history.Record{member(12, "app", 143<<8, 0), tee}, ""},
		"wrote to a reader that had gone":    {[]history.Record{member(12, "yes", procfs.WaitStatus(unix.SIGPIPE), 0), tee}, ""},
		"a shell's number for that":          {[]history.Record{member(12, "sh", 141<<8, 0), tee}, ""},
		"grep found nothing":                 {[]history.Record{member(12, "grep", exit1, 0), tee}, ""},
		"grep failed":                        {[]history.Record{member(12, "grep", 2<<8, 0), tee}, "12"},
		"a step of a script":                 {[]history.Record{app, with(tee, func(r *history.Record) { r.Start, r.Runtime = 1200, time.Second })}, ""},
		"a step whose end was noticed late":  {[]history.Record{app, with(tee, func(r *history.Record) { r.Start = 1198 })}, ""},
		"nothing beside it":                  {[]history.Record{app}, ""},
		"what ran beside it ended first":     {[]history.Record{member(12, "app", exit3, 0), member(13, "tee", 0, time.Millisecond)}, ""},
		"its reader was seen to end first":   {[]history.Record{member(12, "app", 0x80|11, 0), member(13, "tee", 0, time.Millisecond)}, "12"},
		"a shell's number for that crash":    {[]history.Record{member(12, "sh", 134<<8, 0), member(13, "tee", 0, time.Millisecond)}, "12"},
		"crashed long after what ran beside": {[]history.Record{member(12, "app", 0x80|11, 0), member(13, "tee", 0, 500*time.Millisecond)}, ""},
		"killed after what ran beside it":    {[]history.Record{member(12, "app", 9, 0), member(13, "tee", 0, time.Millisecond)}, ""},
		"what ran beside it ended long ago":  {[]history.Record{member(12, "app", exit3, 5*time.Second), member(13, "tee", 0, 4*time.Second)}, ""},
		"what ran beside it failed, too":     {[]history.Record{app, member(13, "tee", exit1, 0)}, ""},
		"a child of another process":         {[]history.Record{app, with(tee, func(r *history.Record) { r.OriginPPID = 20 })}, ""},
		"its parent is unknown":              {[]history.Record{with(app, func(r *history.Record) { r.OriginPPID = 0 }), with(tee, func(r *history.Record) { r.OriginPPID = 0 })}, ""},
		"another process group":              {[]history.Record{with(app, func(r *history.Record) { r.Group = 12 }), tee}, ""},
		"its status is unknown":              {[]history.Record{with(app, func(r *history.Record) { r.Known = false }), tee}, ""},
		"its start is unknown":               {[]history.Record{with(app, func(r *history.Record) { r.Start = 0 }), tee}, ""},
		"a pipeline below the program":       {[]history.Record{with(app, func(r *history.Record) { r.OriginPPID = 20 }), with(tee, func(r *history.Record) { r.OriginPPID = 20 })}, "12"},
		"a subshell, and what failed in it":  {[]history.Record{with(member(15, "app", exit3, 0), func(r *history.Record) { r.OriginPPID = 12 }), member(12, "sh", exit3, 0), tee}, "15"},
		"a subshell, and another failure":    {[]history.Record{with(member(15, "app", exit1, 0), func(r *history.Record) { r.OriginPPID = 12 }), member(12, "sh", exit3, 0), tee}, "12"},
		"a child that was never waited for":  {[]history.Record{with(app, func(r *history.Record) { r.ReapedByInit = true })}, "12"},
		"a helper killed before the exit":    {[]history.Record{with(member(12, "app", 9, 0), func(r *history.Record) { r.ReapedByInit = true })}, ""},
		"a child that outlived the program":  {[]history.Record{with(member(16, "app", exit3, 0), func(r *history.Record) { r.ReapedByInit = true })}, ""},
		"a grandchild that nobody waits for": {[]history.Record{with(app, func(r *history.Record) { r.ReapedByInit, r.OriginPPID = true, 20 })}, ""},
	} {
		s := success{id: procfs.ID{PID: 11, Start: 900}, group: 11, at: time.Unix(1000, 0), alive: map[int]bool{16: true}}
		var got []string
		for _, r := range s.failures(tt.exits) {
			got = append(got, procfs.ID{PID: r.PID}.String())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestTellHidden: what the log says, and that a stop makes failures ordinary.
func TestTellHidden(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    Config
		script string
		code   procfs.WaitStatus
		want   string
	}{
		"a success":                {one(), "start", 0, "exit status 0, but 12 (app) exited 3, 13 (app) was killed by SIGSEGV"},
		"a failure":                {one(), "start", 1 << 8, ""},
		"after SIGTERM":            {one(), "start; TERM", 0, ""},
		"after SIGINT":             {one(), "start; INT", 0, ""},
		"after another signal":     {one(), "start; USR1", 0, "exit status 0, but 12 (app) exited 3, 13 (app) was killed by SIGSEGV"},
		"one of several":           {several("app web"), "start", 0, "app: exit status 0, but 12 (app) exited 3, 13 (app) was killed by SIGSEGV"},
		"one of several, stopping": {several("app web"), "start; TERM", 0, ""},
	} {
		w := reporting(t, tt.cfg)
		var log strings.Builder
		w.log = slog.New(&textHandler{w: &log, level: slog.LevelWarn})
		w.clock = time.Unix(1000, 0)
		w.play(tt.script)
		for _, r := range []history.Record{member(12, "app", 3<<8, 0), member(13, "app", 11, 0), member(14, "cat", 0, 0)} {
			w.hist.Add(&r)
		}
		w.died(&death{PID: 11, Status: tt.code, Stat: procfs.Stat{PID: 11, PGRP: 11, Start: 900, Comm: "app"}}, w.clock)
		w.tellHidden()
		want := ""
		if tt.want != "" {
			want = "yinit: warning: " + tt.want + "\n"
		}
		if got := log.String(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestVictimTold: only a victim that a warning has named counts as told, however many
// failures it names, and however many follow.
func TestVictimTold(t *testing.T) {
	failed := func(pids ...int) (list []*history.Record) {
		for _, pid := range pids {
			list = append(list, &history.Record{PID: pid, Start: 5, Status: 9, Known: true})
		}
		return list
	}
	for name, tt := range map[string]struct {
		told [][]*history.Record
		want bool
	}{
		"the only one":      {[][]*history.Record{failed(7)}, true},
		"the third":         {[][]*history.Record{failed(1, 2, 7, 3, 4)}, true},
		"not named":         {[][]*history.Record{failed(1, 2, 3, 7)}, false},
		"another":           {[][]*history.Record{failed(8)}, false},
		"others came after": {[][]*history.Record{failed(7), failed(8, 9), failed(10)}, true},
	} {
		w := newWorld(t, one())
		w.victims.add(procfs.ID{PID: 7, Start: 5}, "app", "the memory limit was hit")
		for _, list := range tt.told {
			w.nameFailures(list)
		}
		if got := w.victimsText() == ""; got != tt.want {
			t.Errorf("%s: told %v, want %v", name, got, tt.want)
		}
	}
}

// counter is the pids controller of a control group.
type counter struct{ hits *uint64 }

func (c counter) PidsHits() (uint64, bool) { return *c.hits, true }
func (counter) PidsLimit() uint64          { return 30 }

// TestTellLimits: a limit that was hit is told if the exit status is 0.
func TestTellLimits(t *testing.T) {
	const victim = "the memory limit was hit (oom_kill 0 → 1)"
	for name, tt := range map[string]struct {
		status  int
		victims []procfs.ID
		hits    uint64
		unseen  uint64
		want    []string
	}{
		"nothing": {0, nil, 0, 0, nil},
		"a failure": {
			3, []procfs.ID{{PID: 13}}, 5, 1, []string{"the limit on processes and threads (pids.max 30) was hit 5 times, also by attempts of docker exec if there were any: processes or threads could not be started"},
		},
		"one victim":                {0, []procfs.ID{{PID: 13}}, 0, 0, []string{"13 (app) was killed by SIGKILL: " + victim}},
		"one, told already":         {0, []procfs.ID{{PID: 7}}, 0, 0, nil},
		"two victims":               {0, []procfs.ID{{PID: 7}, {PID: 13}}, 0, 0, []string{"2 processes were killed because of the memory limit; the last one was 13 (app): " + victim}},
		"a victim, not seen":        {0, nil, 0, 1, []string{"the memory limit was hit (oom_kill 0 → 1, memory.max 32 MiB) by a process whose exit was not seen"}},
		"several victims, not seen": {0, nil, 0, 3, []string{"the memory limit was hit (oom_kill 0 → 3, memory.max 32 MiB) by 3 processes whose exits were not seen"}},
		"the pids limit": {
			0, nil, 1, 0, []string{"the limit on processes and threads (pids.max 30) was hit once: a process or a thread could not be started"},
		},
		"the pids limit, often": {
			0, nil, 4, 0, []string{"the limit on processes and threads (pids.max 30) was hit 4 times, also by attempts of docker exec if there were any: processes or threads could not be started"},
		},
	} {
		w := reporting(t, one())
		var log strings.Builder
		w.log = slog.New(&textHandler{w: &log, level: slog.LevelWarn})
		hits, kills := uint64(9), uint64(0)
		k := &kernel{oom: oomWatch{meter: meter{kills: &kills}}}
		k.oom.startCounting(w.clock)
		k.pids.startCounting(counter{&hits})
		w.limits, w.status, w.hasStatus = k, tt.status, true
		for _, id := range tt.victims {
			w.victims.add(id, "app", victim)
			if id.PID == 7 {
				w.nameFailures([]*history.Record{{PID: 7}})
			}
		}
		hits, kills = hits+tt.hits, tt.unseen
		w.tellLimits(w.clock)
		var want strings.Builder
		for _, text := range tt.want {
			before := "exit status 0, but "
			if tt.status != 0 {
				before = fmt.Sprintf("exit status %d; ", tt.status)
			}
			want.WriteString("yinit: warning: " + before + text + "\n")
		}
		if got := log.String(); got != want.String() {
			t.Errorf("%s: %q, want %q", name, got, want.String())
		}
	}
}
