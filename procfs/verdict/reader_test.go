package verdict_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

// TestOutcomesWithoutReasons checks that a target without the files that only reasons
// depend on has the outcomes of a complete one.
func TestOutcomesWithoutReasons(t *testing.T) {
	tree := proctest.New(t)
	tree.Uptime(time.Hour)
	for _, p := range []proctest.Process{
		{PID: 1, Comm: "init", Sigs: procfs.Signals{Caught: setOf(term)}},
		{PID: 7, PPID: 1, Exe: "/usr/bin/python3", Sigs: procfs.Signals{Caught: setOf(intr), Ignored: setOf(hup)}},
		{PID: 8, PPID: 1, State: procfs.StateZombie},
		{PID: 9, PPID: 1, State: procfs.StateStopped, Sigs: procfs.Signals{Blocked: setOf(term)}},
		{PID: 10, PPID: 1, Threads: []proctest.Thread{{TID: 11, Blocked: setOf(hup)}}},
	} {
		tree.Process(p)
	}
	tree.File("7/limits", "Max core file size        0                    0                    bytes     \n")
	tree.File("sys/kernel/core_pattern", "core\n")
	r := verdict.NewReader(tree.FS(), nil)
	check(t, r.Scan())
	for i := range r.Processes {
		pid := r.Processes[i].PID
		full, err := r.Read(pid)
		check(t, err)
		lean, err := r.ReadOutcomes(pid)
		check(t, err)
		if lean.CoreOff != verdict.Unknown || lean.Language != verdict.NoLanguage {
			t.Errorf("process %d: %v, %v, want no file read for a reason", pid, lean.CoreOff, lean.Language)
		}
		if pid == 7 && (full.CoreOff != verdict.Yes || full.Language != verdict.Python) {
			t.Errorf("process %d: %v, %v, want both reasons", pid, full.CoreOff, full.Language)
		}
		for n := 1; n <= 64; n++ {
			want, _ := verdict.Of(full, n, r.Caller)
			if got, _ := verdict.Of(lean, n, r.Caller); got != want {
				t.Errorf("process %d, signal %d: %v, want %v", pid, n, got, want)
			}
		}
	}
}

// TestOnlyThreadIsReadOnce checks that the status of a process with one thread is not read
// a second time as that of its thread.
func TestOnlyThreadIsReadOnce(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Sigs: procfs.Signals{Known: true, Blocked: setOf(hup), Pending: setOf(term)}})
	want, err := verdict.Read(tree.FS(), 7, verdict.Anyone())
	check(t, err)
	check(t, os.Remove(filepath.Join(tree.Root(), "7/task/7/status")))
	got, err := verdict.Read(tree.FS(), 7, verdict.Anyone())
	check(t, err)
	if len(got.Tasks) != 1 || got.Tasks[0] != want.Tasks[0] || got.Sigs != want.Sigs || got.MainBlocked != setOf(hup) || got.Partial {
		t.Errorf("Target = %+v, want %+v", got, want)
	}
}

// TestRelayIsAskedFor asks PID 1 and what may be another init what it does with its signals, but
// not each Go program, which catches nearly as many.
func TestRelayIsAskedFor(t *testing.T) {
	const goRuntime, initAll = procfs.SignalSet(0xfffffffd7fc1feff), procfs.SignalSet(0xfffffffffffbfeff)
	tree := proctest.New(t)
	for pid, caught := range map[int]procfs.SignalSet{1: 0, 7: goRuntime, 8: initAll, 9: setOf(cont)} {
		tree.Process(proctest.Process{PID: pid, Sigs: procfs.Signals{Known: true, Caught: caught}})
	}
	var asked []int
	r := verdict.NewReader(tree.FS(), func(pid int) verdict.Relay {
		asked = append(asked, pid)
		return nil
	})
	for _, pid := range []int{1, 7, 8, 9} {
		_, err := r.ReadOutcomes(pid)
		check(t, err)
	}
	if !slices.Equal(asked, []int{1, 8}) {
		t.Errorf("asked about %v, want 1 and 8", asked)
	}
}
