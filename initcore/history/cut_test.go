package history

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// fileRing returns a writer whose ring is in a file, which the test may truncate.
func fileRing(t *testing.T) (w *Writer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ring")
	w, err := CreateFile(path, Origin{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, path
}

func exits(w *Writer, first, last int) {
	for pid := first; pid <= last; pid++ {
		w.Add(&Record{Kind: KindExit, PID: pid, Comm: "sh", Text: "why"})
		w.Add(&Record{Kind: KindNote, PID: pid})
	}
}

// pidsOf returns the pids of records, in their order.
func pidsOf(list []Record) (pids []int) {
	for _, r := range list {
		pids = append(pids, r.PID)
	}
	return pids
}

// TestLastExits: the last exits are kept however many other records follow them.
func TestLastExits(t *testing.T) {
	w, _ := ring(t)
	if list := w.LastExits(3); len(list) != 0 {
		t.Errorf("of an empty ring: %v, want none", pidsOf(list))
	}
	exits(w, 1, 2)
	if got := pidsOf(w.LastExits(3)); len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("the last 3 of 2 are %v, want 1 and 2", got)
	}
	exits(w, 3, 45)
	if err := w.Err(); err != nil {
		t.Errorf("Err = %v, want none", err)
	}
	for range 2 * Capacity {
		w.Add(&Record{Kind: KindNote})
	}
	if got := pidsOf(w.LastExits(3)); len(got) != 3 || got[0] != 43 || got[2] != 45 {
		t.Errorf("the last 3 are %v, want 43 to 45", got)
	}
	if got := w.LastExits(1000); len(got) != ExitsKept || got[0].PID != 45-ExitsKept+1 || got[0].Text != "why" || got[0].Seq == 0 {
		t.Errorf("the last ones are %v, want %d", pidsOf(got), ExitsKept)
	}
	var none *Writer
	if none.LastExits(3) != nil || none.Err() != nil {
		t.Error("a nil Writer knows of exits, or of an error")
	}
}

// TestCutFile: whenever and wherever the file is truncated, the writer survives, reports
// it, and knows the last exits, including those after the truncation.
func TestCutFile(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for _, size := range []int64{0, 100, headerSize, headerSize + 3*recordSize} {
		for _, before := range []bool{true, false} {
			w, path := fileRing(t)
			exits(w, 1, 4)
			if before { // no record is written afterwards
				exits(w, 5, 20)
			}
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
			if !before {
				exits(w, 5, 20)
			}
			if got := pidsOf(w.LastExits(4)); len(got) != 4 || got[0] != 17 || got[3] != 20 {
				t.Errorf("truncated to %d, records before: %t: the last exits are %v, want 17 to 20", size, before, got)
			}
			w.Missed(1)
			w.Unwatched(1)
			w.End(time.Now())
			if err := w.Err(); size < headerSize && (err == nil || !strings.Contains(err.Error(), "truncated")) {
				t.Errorf("truncated to %d, records before: %t: Err = %v, want that the file was truncated", size, before, err)
			}
		}
	}
}

// TestBrokenRecord: bytes that another process wrote into the file do not become exits.
func TestBrokenRecord(t *testing.T) {
	w, path := fileRing(t)
	exits(w, 1, 3)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 6*recordSize), headerSize); err != nil {
		t.Fatal(err)
	}
	if got := pidsOf(w.LastExits(3)); len(got) != 3 || got[0] != 1 || got[2] != 3 {
		t.Errorf("the last exits are %v, want 1 to 3", got)
	}
}

// TestReadCutFile checks that a reader of a file that was cut short says so.
func TestReadCutFile(t *testing.T) {
	w, path := fileRing(t)
	exits(w, 1, 3)
	const text = "the file was cut short"
	for size, want := range map[int64]bool{ringSize: false, ringSize - 1: true, headerSize + recordSize: true} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		s, err := SourceFile(path)
		if err != nil {
			t.Fatal(err)
		}
		missing, err := s.Missing()
		if got := strings.Contains(strings.Join(missing, "\n"), text); err != nil || got != want {
			t.Errorf("of %d bytes: Missing = %q, %v; want %q in it: %t", size, missing, err, text, want)
		}
		_ = s.Close()
	}
}

// TestSymbolicLink checks that a link to a history is refused with a reason.
func TestSymbolicLink(t *testing.T) {
	_, path := fileRing(t)
	link := path + ".link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateFile(link, Origin{}, time.Now()); err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
		t.Errorf("CreateFile = %v, want that it is a symbolic link", err)
	}
}
