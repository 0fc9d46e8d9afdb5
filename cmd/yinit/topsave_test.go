package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/tui"
)

// TestWriteSnapshot checks that a snapshot is a new file for its owner alone, and that it
// goes where it may be written.
func TestWriteSnapshot(t *testing.T) {
	dir, at := t.TempDir(), time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)
	victim := filepath.Join(dir, "victim")
	if err := os.Symlink(victim, filepath.Join(dir, "yinit-20261123-123000.json")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"yinit-20261123-123000-2.json", "yinit-20261123-123000-3.json"} {
		path, err := writeSnapshot([]byte{byte('0' + i)}, at, []string{"/proc/self", dir})
		if err != nil || path != filepath.Join(dir, want) {
			t.Fatalf("it wrote %s, %v, want %s", path, err, want)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has the mode %v, %v, want 0600", path, info.Mode(), err)
		}
		if b, _ := os.ReadFile(path); string(b) != string(rune('0'+i)) {
			t.Errorf("%s has %q", path, b)
		}
	}
	if _, err := os.Lstat(victim); err == nil {
		t.Error("it followed a link")
	}
	_, err := writeSnapshot(nil, at, []string{"/proc/self", "/no/such"})
	if err == nil || !strings.Contains(err.Error(), "/no/such: no such file or directory; from outside: docker exec CONTAINER yinit top --snapshot > FILE") {
		t.Errorf("without a writable directory: %v", err)
	}
}

// TestSnapshotComplete takes a snapshot of this process and reads it back.
func TestSnapshotComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newSource(node.Own(procfs.FS{}))
	w.historyReader.once = true
	snap, hist, err := readOnce(w, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	path, err := saver{w}.Save(tui.Capture(snap, hist))
	if err != nil {
		t.Fatal(err)
	}
	saved, err := readSnapshot(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range saved.Snapshot.Procs {
		p := &saved.Snapshot.Procs[i]
		if p.ID.PID != os.Getpid() {
			continue
		}
		d, err := replay{saved}.Details(p.ID)
		if exe, _ := os.Executable(); err != nil || d.Exe != exe || d.Target == nil || p.Comm == "" {
			t.Errorf("the details of this process are %+v, %v", d, err)
		}
		return
	}
	t.Error("this process is not in the snapshot")
}
