package history

import (
	"fmt"
	"os"
	"path/filepath"
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

// TestCutFile: wherever the file is truncated, the writer reports it once a record follows,
// and keeps all records, also those that follow.
func TestCutFile(t *testing.T) {
	for _, size := range []int64{0, 100, headerSize, headerSize + 3*recordSize} {
		w, path := fileRing(t)
		exits(w, 1, 4)
		if err := w.FileErr(); err != nil {
			t.Errorf("FileErr = %v, want none", err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		exits(w, 5, 20)
		if got := pidsOf(w.LastExits(4)); len(got) != 4 || got[0] != 17 || got[3] != 20 {
			t.Errorf("truncated to %d: the last exits are %v, want 17 to 20", size, got)
		}
		w.Missed(1)
		w.Unwatched(1)
		w.End(time.Now())
		if err, want := w.FileErr(), fmt.Sprintf("it was truncated to %d of %d bytes", size, ringSize); err == nil || err.Error() != want || w.Behind() {
			t.Errorf("truncated to %d: FileErr = %v, behind: %t; want %s", size, err, w.Behind(), want)
		}
		wantExits(t, w, 20)
		if st, err := os.Stat(path); err != nil || st.Size() != size {
			t.Errorf("truncated to %d: the file has %d bytes, %v", size, st.Size(), err)
		}
	}
}

// wantExits checks that the ring in memory has the exits of all pids up to last.
func wantExits(t *testing.T, w *Writer, last int) {
	t.Helper()
	r, err := w.Reader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.Read(0)
	if err != nil || len(b.Records) != 2*last || b.Damaged != 0 || b.Lost != 0 || b.Records[2*last-1].PID != last {
		t.Errorf("the ring has %d records, %d lost, %d damaged, %v; want %d", len(b.Records), b.Lost, b.Damaged, err, 2*last)
	}
}

// TestDeletedFile: the writer says that its file was deleted, and goes on without it.
func TestDeletedFile(t *testing.T) {
	w, path := fileRing(t)
	exits(w, 1, 4)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	exits(w, 5, 20)
	if err := w.FileErr(); err == nil || err.Error() != "it was deleted" {
		t.Errorf("FileErr = %v, want that it was deleted", err)
	}
	wantExits(t, w, 20)
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
