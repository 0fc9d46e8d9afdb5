package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// headed returns a world with this host in its header, as plain text.
func headed(h snapshot.Host, width, height int) *world {
	w := world{canvas: canvas{width: width, height: height, plain: true}}
	w = w.addSnapshot(snapshot.Snapshot{Time: noon, Since: time.Second, Host: h})
	return &w
}

func TestMeters(t *testing.T) {
	const gib = procfs.GiB
	for _, test := range []struct {
		name string
		host snapshot.Host
		want []string
		not  string
	}{
		{"half full", snapshot.Host{Pids: 50, PidsMax: 100}, []string{"pids ███░░░ 50/100"}, "%"},
		{"no limit", snapshot.Host{Pids: 50}, []string{"pids 50"}, "/"},
		{"almost empty", snapshot.Host{Pids: 1, PidsMax: 100}, []string{"pids █░░░░░ 1/100"}, "██"},
		{"nothing", snapshot.Host{CPU: 0, CPUMax: 2}, []string{"cpu ░░░░░░ 0.00/2"}, "█"},
		{"near the limit says so in words", snapshot.Host{Pids: 80, PidsMax: 100}, []string{"pids █████░ 80/100 80%"}, "FULL"},
		{"very near", snapshot.Host{Pids: 995, PidsMax: 1000}, []string{"pids █████░ 995/1000 99%"}, "FULL"},
		{"at the limit", snapshot.Host{Pids: 100, PidsMax: 100}, []string{"pids ██████ 100/100 FULL"}, "%"},
		{"above the limit", snapshot.Host{Pids: 300, PidsMax: 100}, []string{"pids ██████ 300/100 FULL"}, "███████"},
		{"memory", snapshot.Host{Mem: gib, MemMax: 2 * gib}, []string{"mem ███░░░ 1.0G/2.0G"}, "pids"},
		{"memory of a machine without a limit", snapshot.Host{Mem: gib}, []string{"mem 1.0G"}, "/"},
		{"one and a half CPUs of two", snapshot.Host{CPU: 1.5, CPUMax: 2}, []string{"cpu █████░ 1.50/2"}, "2.00"},
		{"half a CPU is the limit", snapshot.Host{CPU: 0.1, CPUMax: 0.5}, []string{"cpu █░░░░░ 0.10/0.50"}, ""},
		{"CPUs without a limit", snapshot.Host{CPU: 1, CPUMax: 4, Hosts: snapshot.Hosts{CPUMax: true}}, []string{" cpu ██░░░░ 1/host 4"}, "host cpu"},
		{"CPUs of the machine", snapshot.Host{CPU: 1, CPUMax: 4, Hosts: snapshot.Hosts{CPU: true, CPUMax: true}}, []string{"host cpu ██░░░░ 1/4"}, "/host"},
		{"memory without a limit", snapshot.Host{Mem: gib, MemMax: 2 * gib, Hosts: snapshot.Hosts{MemMax: true}}, []string{" mem ███░░░ 1.0G/host 2.0G"}, "host mem"},
		{"memory of the machine", snapshot.Host{Mem: gib, MemMax: 2 * gib, Hosts: snapshot.Hosts{Mem: true, MemMax: true}}, []string{"host mem ███░░░ 1.0G/2.0G"}, "/host"},
		{"something cannot be read", snapshot.Host{NoAccess: "3 processes are hidden"}, []string{"3 processes are hidden"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := headed(test.host, 100, 24).header()[1]
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("the meters are %q, want %q in them", got, want)
				}
			}
			if test.not != "" && strings.Contains(got, test.not) {
				t.Errorf("the meters are %q, want no %q", got, test.not)
			}
		})
	}
}

// TestFilled: a bar that looks full is full, and one that looks empty is empty.
func TestFilled(t *testing.T) {
	for _, test := range []struct {
		part  float64
		cells int
		want  int
	}{
		{0, 3, 0},
		{0.001, 3, 1},
		{0.4, 3, 1},
		{0.5, 3, 2},
		{0.88, 3, 2},
		{0.999, 3, 2},
		{1, 3, 3},
		{3, 3, 3},
		{0.88, 12, 11},
		{0.97, 12, 11},
		{0.5, 1, 0},
		{-1, 6, 0},
	} {
		if got := filled(test.part, test.cells); got != test.want {
			t.Errorf("%v of a bar of %d cells fills %d, want %d", test.part, test.cells, got, test.want)
		}
	}
}

// TestMetersOfFirstSnapshot checks that the first snapshot shows no rates, which need
// two snapshots.
func TestMetersOfFirstSnapshot(t *testing.T) {
	w := world{canvas: canvas{width: 80, height: 24, plain: true}}
	w = w.addSnapshot(snapshot.Snapshot{Time: noon, Host: snapshot.Host{Name: "web", CPUMax: 2, Missed: 7}})
	if got := strings.Join(w.header(), "\n"); strings.Contains(got, "cpu") || strings.Contains(got, "missed") {
		t.Errorf("after the first snapshot the header is\n%s", got)
	}
}

func TestMissed(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "missed 0.5/s", 19: "missed 9.5/s", 24: "missed 12/s", 2000: "missed 1000/s"} {
		w := headed(snapshot.Host{Name: "web", Missed: n}, 80, 24)
		w.snap.Since = 2 * time.Second
		if got := w.missedPiece().text; got != want {
			t.Errorf("%d missed in 2 s: %q, want %q", n, got, want)
		}
	}
}

// TestNarrowHeader checks that a narrow header keeps problems longest.
func TestNarrowHeader(t *testing.T) {
	src := newFakeSource()
	s, _ := src.Snapshot()
	for width, want := range map[int]string{
		200: "web-7f9c  yinit 0.1.0 up 3d04h  9 procs  9 threads  3 zombies  missed 12/s",
		60:  "web-7f9c  yinit 0.1.0 up 3d04h  9 procs  3 zombies",
		30:  "web-7f9c  9 procs  3 zombies",
		20:  "9 procs  3 zombies",
		12:  "3 zombies",
	} {
		w := world{canvas: canvas{width: width, height: 24, plain: true}}
		w = w.addSnapshot(s)
		if got := strings.TrimSpace(w.header()[0]); got != want {
			t.Errorf("%d cells wide the first line is %q, want %q", width, got, want)
		}
	}
}

// TestHeaderFits checks that the header fits the screen at every size.
func TestHeaderFits(t *testing.T) {
	src := newFakeSource()
	src.host.NoAccess = "123 processes are hidden from this user"
	s, _ := src.Snapshot()
	for width := range 120 {
		for _, height := range []int{10, 24} {
			w := world{canvas: canvas{width: width, height: height}}
			for _, read := range []bool{false, true} {
				if read {
					w = w.addSnapshot(s)
				}
				lines := w.header()
				if len(lines) != w.headerLines() {
					t.Fatalf("%dx%d: %d lines, want %d", width, height, len(lines), w.headerLines())
				}
				for _, line := range lines {
					if n := ansi.StringWidth(line); n > width {
						t.Fatalf("%dx%d: a line of %d cells: %q", width, height, n, line)
					}
				}
			}
		}
	}
}
