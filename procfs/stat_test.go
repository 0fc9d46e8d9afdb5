package procfs_test

import (
	"errors"
	"strings"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// statTail has fields 4 to 52 of a line, all different.
const statTail = " 4 5 6 7 8 9 10 11 12 13 14 15 16 17 -18 -19 20 21 22 23 24 18446744073709551615 26 27 28 29 30" +
	" 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 256\n"

func TestParseStatFields(t *testing.T) {
	want := procfs.Stat{
		PID: 1, Comm: "init", State: procfs.StateSleeping,
		PPID: 4, PGRP: 5, Session: 6, TTY: 7, TPGID: 8, Flags: 9,
		MinorFaults: 10, CMinorFaults: 11, MajorFaults: 12, UTime: 14, STime: 15, CUTime: 16, CSTime: 17,
		Priority: -18, Nice: -19, Threads: 20, Start: 22, VSize: 23, RSS: 24,
		ExitSignal: 38, Processor: 39, ExitCode: 256,
	}
	got, err := procfs.ParseStat([]byte("1 (init) S" + statTail))
	if err != nil || got != want {
		t.Errorf("ParseStat = %+v, %v\nwant %+v", got, err, want)
	}
	if got, want := got.ID(), (procfs.ID{PID: 1, Start: 22}); got != want {
		t.Errorf("ID() = %v, want %v", got, want)
	}
}

func TestParseStatNames(t *testing.T) {
	for name, comm := range map[string]string{
		"plain":               "nginx",
		"empty":               "",
		"like a stat line":    "a) S 2 (",
		"only a parenthesis":  ")",
		"parentheses":         "((sd-pam))",
		"newline":             "a\nb",
		"newline at the end":  "a\n",
		"escape sequence":     "\x1b[2J\x1b]0;x\a",
		"invalid UTF-8":       "\xff\xfe",
		"spaces around":       "  a  ",
		"longest of a kernel": strings.Repeat("k", 63),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := procfs.ParseStat([]byte("37 (" + comm + ") Z" + statTail))
			if err != nil || got.Comm != comm || got.PID != 37 || got.State != procfs.StateZombie || got.PPID != 4 {
				t.Errorf("ParseStat = pid %d, %q, %v, ppid %d, %v, want 37, %q, Z, 4",
					got.PID, got.Comm, got.State, got.PPID, err, comm)
			}
		})
	}
}

func TestParseStatRejects(t *testing.T) {
	for name, line := range map[string]string{
		"nothing":            "",
		"no pid":             "(init) S" + statTail,
		"two pids":           "1 2 (init) S" + statTail,
		"no name":            "1 S" + statTail,
		"parentheses astray": "1 )init( S" + statTail,
		"no state":           "1 (init)" + statTail,
		"long state":         "1 (init) SS" + statTail,
		"pid too large":      "99999999999999999999 (init) S" + statTail,
		"letters":            "1 (init) S" + strings.Replace(statTail, " 13 14", " 13 x14", 1),
		"two spaces":         "1 (init) S" + strings.Replace(statTail, " 14", "  14", 1),
		"uint64 overflow":    "1 (init) S" + strings.Replace(statTail, " 22 ", " 18446744073709551616 ", 1),
		"lone minus":         "1 (init) S" + strings.Replace(statTail, "-18", "-", 1),
		"a field less":       "1 (init) S" + strings.Replace(statTail, " 51", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := procfs.ParseStat([]byte(line)); !errors.Is(err, procfs.ErrFormat) {
				t.Errorf("ParseStat(%q) = %+v, %v, want ErrFormat", line, got, err)
			}
		})
	}
}

func TestParseStatTruncated(t *testing.T) {
	for _, line := range []string{"1 (init) S" + statTail, "1 (a) S 2 (b\n) S" + statTail} {
		for end := range line {
			if got, err := procfs.ParseStat([]byte(line[:end])); !errors.Is(err, procfs.ErrFormat) {
				t.Errorf("ParseStat(%q) = %+v, %v, want ErrFormat", line[:end], got, err)
			}
		}
	}
}

func TestParseStatWithMoreFields(t *testing.T) {
	line := "1 (init) S" + strings.TrimSuffix(statTail, "\n") + " 53 54\n"
	if got, err := procfs.ParseStat([]byte(line)); err != nil || got.ExitCode != 256 {
		t.Errorf("ParseStat = exit code %d, %v, want 256, nil", got.ExitCode, err)
	}
}

func TestStatZombie(t *testing.T) {
	for name, test := range map[string]struct {
		stat procfs.Stat
		want bool
	}{
		"zombie":                {procfs.Stat{State: procfs.StateZombie, Threads: 1}, true},
		"gone while being read": {procfs.Stat{State: procfs.StateZombie, Threads: 0}, true},
		"main thread ended":     {procfs.Stat{State: procfs.StateZombie, Threads: 3}, false},
		"sleeping":              {procfs.Stat{State: procfs.StateSleeping, Threads: 1}, false},
	} {
		if got := test.stat.Zombie(); got != test.want {
			t.Errorf("%s: Zombie() = %t, want %t", name, got, test.want)
		}
	}
}

func TestStatReadsAFake(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 37, PPID: 12, Comm: "a) S 2 (", Start: 99, RSS: 7, ExitCode: 9})
	got, err := tree.FS().Stat(37)
	if err != nil || got.Comm != "a) S 2 (" || got.PPID != 12 || got.Start != 99 || got.RSS != 7 || got.ExitCode != 9 {
		t.Errorf("Stat(37) = %+v, %v", got, err)
	}
	_, err = tree.FS().Stat(38)
	if !errors.Is(err, procfs.ErrGone) || !strings.Contains(err.Error(), "/38/stat") {
		t.Errorf("Stat(38) = %v, want ErrGone with the path", err)
	}
	tree.Process(proctest.Process{PID: 37, Files: map[string]string{"stat": "37 (x"}})
	if _, err := tree.FS().Stat(37); !errors.Is(err, procfs.ErrFormat) || !strings.Contains(err.Error(), "/37/stat") {
		t.Errorf("Stat(37) of a cut off file = %v, want ErrFormat with the path", err)
	}
}

func TestStateStrings(t *testing.T) {
	for state, want := range map[procfs.State][2]string{
		procfs.StateRunning: {"R", "running"}, procfs.StateSleeping: {"S", "sleeping"},
		procfs.StateDisk: {"D", "disk sleep"}, procfs.StateStopped: {"T", "stopped"},
		procfs.StateTraced: {"t", "traced"}, procfs.StateZombie: {"Z", "zombie"},
		procfs.StateDead: {"X", "dead"}, procfs.StateIdle: {"I", "idle"},
		procfs.StateParked: {"P", "parked"}, 0: {"?", "unknown"}, 0x1b: {"?", "unknown"},
		'[': {"?", "unknown"}, 'W': {"W", "unknown"},
	} {
		if got := [2]string{state.String(), state.Word()}; got != want {
			t.Errorf("String, Word of %q = %q, want %q", byte(state), got, want)
		}
	}
	if !procfs.StateTraced.Stopped() || !procfs.StateStopped.Stopped() || procfs.StateDisk.Stopped() {
		t.Error("Stopped() is not that of T and t alone")
	}
}

func TestStatParseAllocatesNothing(t *testing.T) {
	line := []byte("1 (init) S" + statTail)
	var s procfs.Stat
	if got := testing.AllocsPerRun(10, func() { _ = s.Parse(line) }); got != 0 {
		t.Errorf("Stat.Parse allocates %v times, want 0", got)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("1 (init) S" + statTail))
	f.Add([]byte("1 (a) S 2 (b\n) S" + statTail))
	f.Add([]byte("1 () S"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := procfs.ParseStat(b)
		if err != nil && (!errors.Is(err, procfs.ErrFormat) || s != procfs.Stat{}) {
			t.Errorf("ParseStat(%q) = %+v, %v, want an empty Stat and ErrFormat", b, s, err)
		}
		if err == nil && !strings.Contains(string(b), "("+s.Comm+") "+string(rune(s.State))) && s.State < 0x80 {
			t.Errorf("ParseStat(%q) has the name %q and state %v", b, s.Comm, s.State)
		}
	})
}

func BenchmarkParseStat(b *testing.B) {
	line := []byte("1 (init) S" + statTail)
	var s procfs.Stat
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}
