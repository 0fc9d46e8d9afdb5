package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

// Masks of real processes, from SigCgt.
const (
	caughtYinit    = 0xfffffffffffbfeff // yinit with its own handlers
	caughtOSSignal = 0xfffffffd7ffbfeff // yinit with os/signal, and any Go program that catches all
	caughtGo       = 0xfffffffd7fc1feff // yinit top, and any Go program
	caughtDumbInit = 0x7ffbfeff
)

func TestIsYinit(t *testing.T) {
	for name, tt := range map[string]struct {
		comm   string
		caught procfs.SignalSet
		want   verdict.Answer
		reaps  bool
	}{
		"yinit":                       {"yinit", caughtYinit, verdict.Yes, true},
		"in the place of docker-init": {"docker-init", caughtYinit, verdict.Yes, true},
		"under a name of its own":     {"my-app", caughtYinit, verdict.Unknown, false},
		"yinit by os/signal":          {"yinit", caughtOSSignal, verdict.Unknown, true},
		"a Go program":                {"my-app", caughtOSSignal, verdict.Unknown, false},
		"yinit top":                   {"yinit", caughtGo, verdict.No, true},
		"stock docker-init":           {"docker-init", 0, verdict.No, true},
		"dumb-init":                   {"dumb-init", caughtDumbInit, verdict.No, true},
		"shell":                       {"sh", procfs.NewSignalSet(17), verdict.No, false},
	} {
		tree := proctest.New(t)
		tree.Process(proctest.Process{PID: 1, Comm: tt.comm, Sigs: procfs.Signals{Known: true, Caught: tt.caught}})
		if got := IsYinit(tree.FS(), 1); got != tt.want {
			t.Errorf("%s: IsYinit = %v, want %v", name, got, tt.want)
		}
		if got := Reaps(tree.FS(), 1); got != tt.reaps {
			t.Errorf("%s: Reaps = %v, want %v", name, got, tt.reaps)
		}
		if got := RelayOf(tree.FS(), 1); (got != nil) != (tt.want == verdict.Yes) {
			t.Errorf("%s: RelayOf = %v", name, got)
		}
	}
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "yinit", Status: proctest.NoSignals()}) // gVisor
	for pid, why := range map[int]string{1: "a kernel that does not show it", 2: "no process"} {
		if got := IsYinit(tree.FS(), pid); got != verdict.Unknown {
			t.Errorf("%s: IsYinit = %v, want unknown", why, got)
		}
	}
}

// TestIsYinitByTheFile: a process that runs the same file and catches all signals is
// yinit, whatever its name.
func TestIsYinitByTheFile(t *testing.T) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "my-app", Exe: self, Sigs: procfs.Signals{Known: true, Caught: caughtOSSignal}})
	tree.Process(proctest.Process{PID: 2, Comm: "yinit", Exe: self, Sigs: procfs.Signals{Known: true, Caught: caughtGo}})
	if got := IsYinit(tree.FS(), 1); got != verdict.Yes {
		t.Errorf("IsYinit of the init = %v, want yes", got)
	}
	if got := IsYinit(tree.FS(), 2); got != verdict.No {
		t.Errorf("IsYinit of the inspector = %v, want no", got)
	}
}

// TestIsYinitByTheRing: a process that writes a ring is yinit, whatever signals it
// catches.
func TestIsYinitByTheRing(t *testing.T) {
	w, err := Create(Origin{PID: os.Getpid(), Relay: Relay{15: 10}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if got := IsYinit(procfs.FS{}, os.Getpid()); got != verdict.Yes {
		t.Errorf("IsYinit = %v, want yes", got)
	}
	if got := RelayOf(procfs.FS{}, os.Getpid()); got == nil || got.Forwards(15) != 10 || got.Forwards(1) != 0 {
		t.Errorf("RelayOf = %v, want what the header says", got)
	}
	s, err := Find(procfs.FS{}, os.Getpid())
	if err != nil || s.Init.PID != os.Getpid() || s.Init.Start == 0 || !s.Alive() {
		t.Fatalf("Find = %+v, %v", s, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestNotFound: the error says why there is no history, and what to do.
func TestNotFound(t *testing.T) {
	yinit := procfs.Signals{Known: true, Caught: caughtYinit}
	denied, broken := &fs.PathError{Op: "open", Path: "fd", Err: fs.ErrPermission}, errors.New("out of memory")
	for name, tt := range map[string]struct {
		init   proctest.Process
		err    error
		denied bool
		want   string
	}{
		"another user's":          {proctest.Process{Comm: "yinit", Sigs: yinit, UID: 7}, denied, true, "the history belongs to user 7: run this as that user or as root (docker exec -u)"},
		"possibly another user's": {proctest.Process{Comm: "app", Sigs: yinit, UID: 7}, denied, false, "this user has no permission to see whether PID 1 (app) is yinit: run this as user 7 or as root (docker exec -u)"},
		"no ring":                 {proctest.Process{Comm: "yinit", Sigs: yinit}, broken, false, "PID 1 is yinit, but its history cannot be read: out of memory"},
		"tini":                    {proctest.Process{Comm: "docker-init"}, denied, false, "no history is kept: PID 1 is docker-init, not yinit"},
		"another yinit":           {proctest.Process{Comm: "yinit"}, ErrNoRing, false, "no history is kept: PID 1 is another program named yinit"},
		"unknown":                 {proctest.Process{Comm: "app", Sigs: yinit}, ErrNoRing, false, "no history is kept: PID 1 is app"},
	} {
		tree := proctest.New(t)
		tree.Uptime(time.Hour)
		tt.init.PID, tt.init.Sigs.Known = 1, true
		tree.Process(tt.init)
		got := explain(tree.FS(), tt.err)
		if got.Error() != tt.want || got.Denied != tt.denied || !errors.Is(got, tt.err) {
			t.Errorf("%s: %q, denied %v, want %q, %v", name, got, got.Denied, tt.want, tt.denied)
		}
	}
	tree := proctest.New(t)
	if _, err := Find(tree.FS(), 0); err == nil || !strings.Contains(err.Error(), "is neither a proc filesystem nor a copy of one") {
		t.Errorf("not a proc filesystem: %v, want that said", err)
	}
	tree.Uptime(time.Hour)
	if _, err := Find(tree.FS(), 5); err == nil || !strings.HasPrefix(err.Error(), "PID 1 is hidden from this user (hidepid)") {
		t.Errorf("PID 1 is hidden: %v, want that said", err)
	}
}

// TestFindOthers: if PID 1 keeps no history, as in a pod whose containers share a PID
// namespace, the history of another process is found, and all inits are listed.
func TestFindOthers(t *testing.T) {
	tree := proctest.New(t)
	tree.Uptime(time.Hour)
	yinit := procfs.Signals{Known: true, Caught: caughtYinit}
	// ring gives the process a descriptor of a ring, which names this pid as the init.
	ring := func(pid, named int) {
		t.Helper()
		w, err := Create(Origin{Program: "yinit test", PID: named, Relay: Relay{15: uint8(pid)}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Close)
		fd := filepath.Join(tree.Root(), strconv.Itoa(pid), "fd")
		if err := os.Mkdir(fd, 0o755); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(fd, ringBase) // the kernel shows this name, without a directory
		if err := os.Symlink(fmt.Sprintf("/proc/self/fd/%d", w.fd), file); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(file, filepath.Join(fd, "4")); err != nil {
			t.Fatal(err)
		}
	}
	us := uint32(os.Getuid())
	tree.Process(proctest.Process{PID: 1, Comm: "pause", Sigs: procfs.Signals{Known: true}})
	tree.Process(proctest.Process{PID: 5, Comm: "yinit", Sigs: yinit, Cmdline: []string{"yinit", "web", "-x"}, Start: 55, UID: us})
	tree.Process(proctest.Process{PID: 6, Comm: "app-init", Sigs: yinit, UID: us})
	tree.Process(proctest.Process{PID: 7, Comm: "yinit", Sigs: yinit}) // has no ring
	tree.Process(proctest.Process{PID: 8, Comm: "reader", Sigs: procfs.Signals{Known: true}, UID: us})
	tree.Process(proctest.Process{PID: 9, Comm: "yinit", Sigs: yinit, UID: us + 1}) // has the ring of another user
	tree.Process(proctest.Process{PID: 10, Comm: "yinit", Sigs: yinit, UID: us})    // has the ring of another process
	for _, pid := range []int{5, 6, 8, 9} {
		ring(pid, pid)
	}
	ring(10, 11)
	for _, tt := range []struct {
		asked, pid int
		inits      string
	}{
		{0, 5, "5 (yinit web -x), 6"},
		{7, 5, "5 (yinit web -x), 6"}, // which keeps none
		{6, 6, ""},
		{5, 5, ""},
	} {
		s, err := Find(tree.FS(), tt.asked)
		if err != nil {
			t.Errorf("Find(%d): %v", tt.asked, err)
			continue
		}
		if h, err := s.Header(); err != nil || s.Init.PID != tt.pid || h.InitPID != tt.pid || strings.Join(s.Inits, ", ") != tt.inits {
			t.Errorf("Find(%d) = that of %v, inits %q, %v; want %d, %q", tt.asked, s.Init, s.Inits, err, tt.pid, tt.inits)
		}
		if !s.Alive() || s.Own {
			t.Errorf("Find(%d): it is alive, and not our own", tt.asked)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	s, err := Find(tree.FS(), 5)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tree.Process(proctest.Process{PID: 5, Comm: "other", Start: 56}) // the pid was reused
	if s.Alive() {
		t.Error("another process of this pid is taken for the init")
	}
	if got := RelayOf(tree.FS(), 6); got == nil || got.Forwards(15) != 6 {
		t.Errorf("RelayOf = %v, want what the ring says", got)
	}
}
