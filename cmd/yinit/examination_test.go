package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
)

// TestSameGroup: what a command reads of its control group is said of PID 1 only if it holds
// for that.
func TestSameGroup(t *testing.T) {
	for name, tt := range map[string]struct {
		ours, theirs string
		want         bool
	}{
		"a container":              {"0::/\n", "0::/\n", true},
		"version 1":                {"9:pids:/docker/a\n8:cpu,cpuacct:/docker/a\n", "9:pids:/docker/a\n8:cpu,cpuacct:/docker/a\n", true},
		"systemd in a container":   {"0::/\n", "0::/init.scope\n", true},
		"a machine":                {"0::/user.slice/session-1.scope\n", "0::/init.scope\n", false},
		"another container":        {"0::/docker/a\n", "0::/docker/ab\n", false},
		"one hierarchy is another": {"9:pids:/x\n8:cpu:/docker/a\n", "9:pids:/\n8:cpu:/docker/a\n", false},
		"not readable":             {"", "", true},
	} {
		dir := t.TempDir()
		for pid, text := range map[string]string{"self": tt.ours, "1": tt.theirs} {
			if err := os.MkdirAll(filepath.Join(dir, pid), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, pid, "cgroup"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := sameGroup(node.Own(procfs.New(dir))); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestLeaveOutGroup: the limits of the control group of a command are not those of a PID 1 in
// another one.
func TestLeaveOutGroup(t *testing.T) {
	own := doctor.Checks{OOMKills: 3, OOMGroup: true}
	near := snapshot.Host{Pids: 99, PidsMax: 100, PidsHits: 7, MemMax: procfs.MiB}
	first := snapshot.Process{ID: procfs.ID{PID: 1}, Comm: "sh"}
	kernel := snapshot.Process{ID: procfs.ID{PID: 2}, Comm: "kthreadd", Sigs: procfs.Signals{Known: true, Ignored: ^procfs.SignalSet(0)}}
	for name, tt := range map[string]struct {
		procs []snapshot.Process
		want  string
	}{
		"a container": {[]snapshot.Process{first}, "not-checked"},
		"a machine":   {[]snapshot.Process{first, kernel}, ""},
	} {
		l := examination{facts: doctor.Facts{Procs: tt.procs, Host: near, Checks: own}}
		l.leaveOutGroup()
		found, _ := doctor.Examine(&l.facts)
		for _, x := range found {
			switch x.ID {
			case "pids-limit", "pids-limit-hit", "oom-kills", "oom-group":
				t.Errorf("%s: found %s: %s", name, x.ID, x.What)
			}
		}
		if got := slices.ContainsFunc(found, func(x doctor.Finding) bool { return x.ID == "not-checked" }); got != (tt.want != "") {
			t.Errorf("%s: not-checked is %v", name, got)
		}
	}
}
