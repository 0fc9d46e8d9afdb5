package watch

import (
	"os"
	"testing"

	"yinit/initcore/history"
	"yinit/procfs"
)

// TestOwn: an Own records processes in its own goroutine, and after Close only its Reader
// is open.
func TestOwn(t *testing.T) {
	before := openFiles(t)
	s := newShell(t)
	o, err := StartOwn(procfs.FS{}, "yinit of a test")
	check(t, err)
	defer o.Close()
	h, err := o.Reader.Header()
	if err != nil || h.Program != "yinit of a test" || h.InitPID != os.Getpid() || h.Watch != ownInterval {
		t.Errorf("Header = %+v, %v", h, err)
	}
	var seen []history.Record
	var after uint64
	eventually(t, "an exit is recorded", func() bool {
		b, err := o.Reader.Read(after)
		check(t, err)
		seen, after = append(seen, b.Records...), b.Next
		for _, r := range seen {
			if r.Kind == history.KindExit && r.Known && r.Status == 7<<8 {
				return true
			}
		}
		s.does("sh -c 'sleep 0.3; exit 7'; echo 0") // some are missed, not all
		return false
	})
	o.Close()
	o.Close()
	if _, err := o.Reader.Read(0); err != nil {
		t.Errorf("after Close: %v, want that it can be read", err)
	}
	check(t, o.Reader.Close())
	check(t, s.in.Close())
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	if n := openFiles(t); n != before {
		t.Errorf("%d descriptors are open, want %d as before", n, before)
	}
}

// TestOwnFails: without /proc there is an error, and no descriptor stays open.
func TestOwnFails(t *testing.T) {
	before := openFiles(t)
	if _, err := StartOwn(procfs.New(t.TempDir()+"/none"), "yinit"); err == nil {
		t.Error("no error without /proc")
	}
	if n := openFiles(t); n != before {
		t.Errorf("%d descriptors are open, want %d as before", n, before)
	}
}
