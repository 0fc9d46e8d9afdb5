package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
	caughtOSSignal = 0xfffffffd7ffbfeff // yinit that leans on os/signal, and any Go program that catches all
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
	for pid, why := range map[int]string{1: "a kernel that does not tell", 2: "nobody"} {
		if got := IsYinit(tree.FS(), pid); got != verdict.Unknown {
			t.Errorf("%s: IsYinit = %v, want untold", why, got)
		}
	}
}

// TestIsYinitByTheFile: whoever runs the same file and catches all signals is
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

// TestIsYinitByTheRing: this process writes a ring, and catches what it likes.
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

// TestNotFound: why there is no history, and what to do.
func TestNotFound(t *testing.T) {
	yinit := procfs.Signals{Known: true, Caught: caughtYinit}
	denied, broken := &fs.PathError{Op: "open", Path: "fd", Err: fs.ErrPermission}, errors.New("out of memory")
	for name, tt := range map[string]struct {
		init   proctest.Process
		err    error
		denied bool
		want   string
	}{
		"another user's":         {proctest.Process{Comm: "yinit", Sigs: yinit, UID: 7}, denied, true, "the history belongs to user 7: run this as that user or as root (docker exec -u)"},
		"perhaps another user's": {proctest.Process{Comm: "app", Sigs: yinit, UID: 7}, denied, false, "this user may not see whether PID 1 (app) is yinit: run this as user 7 or as root (docker exec -u)"},
		"no ring":                {proctest.Process{Comm: "yinit", Sigs: yinit}, broken, false, "PID 1 is yinit, but its history cannot be read: out of memory"},
		"tini":                   {proctest.Process{Comm: "docker-init"}, denied, false, "no history is kept: PID 1 is docker-init, not yinit"},
		"another yinit":          {proctest.Process{Comm: "yinit"}, ErrNoRing, false, "no history is kept: PID 1 is another program that is called yinit"},
		"who knows":              {proctest.Process{Comm: "app", Sigs: yinit}, ErrNoRing, false, "no history is kept: PID 1 is app"},
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
	if _, err := Find(tree.FS(), 0); err == nil || !strings.Contains(err.Error(), "mount /proc") {
		t.Errorf("without /proc: %v, want what to do", err)
	}
	tree.Uptime(time.Hour)
	if _, err := Find(tree.FS(), 5); err == nil || !strings.HasPrefix(err.Error(), "PID 1 is hidden from this user (hidepid)") {
		t.Errorf("PID 1 is hidden: %v, want that said", err)
	}
}

func TestSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	w, err := CreateFile(path, Origin{Program: "yinit test", PID: 5}, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.Add(&Record{Kind: KindNote, Text: "a"})
	w.Missed(2)
	w.Unwatched(1)
	s, err := SourceFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantMissing := func(want ...string) {
		t.Helper()
		got, err := s.Missing()
		if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("Missing = %q, %v; want %q", got, err, want)
		}
	}
	counted := []string{"2 processes or threads came and went between two looks, unseen", "1 process was too many to be watched"}
	const idle = "only what the init itself reaps is here: it runs with --watch 0"
	if ended, _, err := s.Ended(); err != nil || ended {
		t.Errorf("while it is written: Ended = %v, %v", ended, err)
	}
	wantMissing(append(counted, idle)...)
	if since, err := s.Since(); err != nil || !strings.HasPrefix(since, "yinit test (pid 5) keeps it since 1970-01-01 ") {
		t.Errorf("Since = %q, %v", since, err)
	}
	w.Close()
	if ended, at, err := s.Ended(); err != nil || !ended || !at.IsZero() {
		t.Errorf("killed: Ended = %v, %v, %v", ended, at, err)
	}
	wantMissing(append(counted, "the init is gone without a last record: it was killed, or the machine went down", idle)...)

	w, err = CreateFile(path, Origin{Watch: time.Second}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range Capacity + 4 {
		w.Add(&Record{Kind: KindNote, Text: "b"})
	}
	w.mem[headerSize+5*recordSize+offPayload] ^= 1
	w.End(time.Unix(9, 0))
	w.Close()
	if ended, at, err := s.Ended(); err != nil || !ended || at.Unix() != 9 {
		t.Errorf("Ended = %v, %v, %v; want the time", ended, at, err)
	}
	if b, err := s.Read(0); err != nil || len(b.Records) != Capacity-1 {
		t.Errorf("Read: %d records, %v", len(b.Records), err)
	}
	wantMissing(append([]string{"5 older records were overwritten", "1 record is damaged"}, counted...)...)
	if since, _ := s.Since(); !strings.HasSuffix(since, "; 1 record is damaged") {
		t.Errorf("Since = %q, want that a record is damaged", since)
	}
	if _, err := SourceFile(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SourceFile of nothing: %v", err)
	}
}

func TestOwnSource(t *testing.T) {
	w, err := CreateOwn(Origin{}, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	r, err := w.Reader()
	if err != nil {
		t.Fatal(err)
	}
	s := OwnSource(r, errors.New("no history is kept: PID 1 is sh, not yinit"))
	defer s.Close()
	if since, err := s.Since(); err != nil || !strings.HasPrefix(since, "watching since 1970") || !strings.HasSuffix(since, ": no history is kept: PID 1 is sh, not yinit") {
		t.Errorf("Since = %q, %v", since, err)
	}
	if !s.Own || !s.Alive() {
		t.Error("it is our own, and alive")
	}
}
