package history_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

func TestKindNames(t *testing.T) {
	for kind := history.KindStart; kind <= history.KindNote; kind++ {
		if got, ok := history.ParseKind(kind.String()); !ok || got != kind {
			t.Errorf("ParseKind(%q) = %v, %v", kind, got, ok)
		}
	}
	for _, name := range []string{"", "kind0", "EXIT", "exit "} {
		if got, ok := history.ParseKind(name); ok {
			t.Errorf("ParseKind(%q) = %v, want none", name, got)
		}
	}
	if got := history.Kind(99).String(); got != "kind99" {
		t.Errorf("an unknown kind is %q", got)
	}
}

func TestActionNames(t *testing.T) {
	for action, want := range map[history.Action]string{
		history.ActionNone: "", history.ActionForwarded: "forwarded", history.ActionRewritten: "rewritten",
		history.ActionDropped: "dropped", history.ActionDelayed: "delayed", history.ActionStop: "stop", 77: "action77",
	} {
		if got := action.String(); got != want {
			t.Errorf("%d is %q, want %q", action, got, want)
		}
	}
	// A newer yinit may have written it to a file: no name is better than a wrong one.
	r := history.Record{Kind: history.KindSignal, Signal: 1, Action: 77}
	if got, want := r.SignalText(" → "), "SIGHUP from outside the container → action77"; got != want {
		t.Errorf("SignalText = %q, want %q", got, want)
	}
}

func TestFailed(t *testing.T) {
	for name, tt := range map[string]struct {
		r    history.Record
		want bool
	}{
		"exited 0":       {history.Record{Kind: history.KindExit, Known: true}, false},
		"exited 1":       {history.Record{Kind: history.KindExit, Known: true, Status: 1 << 8}, true},
		"killed":         {history.Record{Kind: history.KindExit, Known: true, Status: 15}, true},
		"unknown":        {history.Record{Kind: history.KindExit, Status: 1 << 8}, false},
		"still a zombie": {history.Record{Kind: history.KindZombie, Known: true, Status: 1 << 8}, false},
	} {
		if got := tt.r.Failed(); got != tt.want {
			t.Errorf("%s: Failed = %v, want %v", name, got, tt.want)
		}
	}
}

func TestFirstParents(t *testing.T) {
	got := history.FirstParents([]history.Record{
		{Kind: history.KindAdopt, PID: 37, Start: 5, PPID: 1, OriginPPID: 12},
		{Kind: history.KindZombie, PID: 38, Start: 6, PPID: 1, OriginPPID: 1}, // perhaps adopted before it was seen
		{Kind: history.KindAdopt, PID: 39, PPID: 1, OriginPPID: 12},           // without a start time, so it may be another process
		{Kind: history.KindExit, PID: 40, Start: 7, PPID: 1},
	})
	if want := map[procfs.ID]int{{PID: 37, Start: 5}: 12}; !maps.Equal(got, want) {
		t.Errorf("FirstParents = %v, want %v", got, want)
	}
}

// A history in a file, as --history FILE keeps it.
func ExampleSourceFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	w, err := history.CreateFile(filepath.Join(dir, "ring"), history.Origin{Program: "yinit", Watch: time.Second}, time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	w.Add(&history.Record{Kind: history.KindExit, PID: 37, Comm: "git", Known: true, Status: 1 << 8, ReapedByInit: true})
	w.End(time.Now())
	w.Close()

	s, err := history.SourceFile(filepath.Join(dir, "ring"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	batch, err := s.Read(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range batch.Records {
		fmt.Printf("%d %s: %s, reaped by %s\n", r.PID, r.Name(), r.How(), r.Reaper())
	}
	// Output: 37 git: exited 1, reaped by the init
}
