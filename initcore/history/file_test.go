package history

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// flip changes a bit of the byte at this offset of a file.
func flip(t *testing.T, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

// pastRing returns the bytes of a file that an earlier run has left.
func pastRing(t *testing.T) []byte {
	t.Helper()
	w, path := fileRing(t)
	exits(w, 1, 4)
	w.End(time.Now())
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOpenForWriting: whatever a file holds, a history can be kept in it afterwards, and
// what was in it is not lost.
func TestOpenForWriting(t *testing.T) {
	past := pastRing(t)
	changed := func(change func(b []byte)) []byte {
		b := bytes.Clone(past)
		change(b)
		return b
	}
	for name, tt := range map[string]struct {
		holds []byte // nil: there is no file
		bad   string // why it was renamed, "": it was not
		run   int
	}{
		"none":                {nil, "", 1},
		"a ring":              {past, "", 2},
		"empty":               {[]byte{}, "", 1},
		"a zero":              {make([]byte, 1), "", 1},
		"zeros":               {make([]byte, ringSize), "", 1},
		"fewer zeros":         {make([]byte, 100_000), "", 1},
		"no magic, no record": {changed(func(b []byte) { clear(b[:8]); clear(b[headerSize:]) }), "", 1},
		"no magic":            {changed(func(b []byte) { clear(b[:8]) }), "not a yinit history", 1},
		"another magic":       {changed(func(b []byte) { b[0] = 'Z' }), "not a yinit history", 1},
		"another version":     {changed(func(b []byte) { b[offVersion] = 3 }), "written by another version of yinit, in the format 3 instead of 4", 1},
		"a longer one":        {append(changed(func(b []byte) { b[offVersion] = 5 }), 0), "written by another version of yinit, in the format 5 instead of 4", 1},
		"other areas":         {changed(func(b []byte) { b[offAreas+offSlots]++ }), "claims an area of 1001 records", 1},
		"too many records":    {changed(func(b []byte) { b[offWritten+7] = 1 }), "claims 72057594037927944 records, and 8 by their kinds", 1},
		"too many of a kind":  {changed(func(b []byte) { b[offAreas+offAreaWritten+7] = 1 }), "records of one kind", 1},
		"cut to a byte":       {past[:1], "it has 1 byte instead of 1572736", 1},
		"cut to a header":     {past[:headerSize], "it has 4096 bytes instead of", 1},
		"cut":                 {past[:100_000], "it has 100000 bytes instead of", 1},
		"too long":            {append(bytes.Clone(past), 0), "it has 1572737 bytes instead of", 1},
		"a text":              {[]byte("root:x:0:0\n"), "it has 11 bytes instead of", 1},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ring")
			if tt.holds != nil {
				if err := os.WriteFile(path, tt.holds, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			f, err := OpenForWriting(path)
			if err != nil {
				t.Fatal(err)
			}
			wantBad(t, path, f.Note, tt.bad, tt.holds)
			w, err := f.Create(Origin{}, time.Now(), false)
			if err != nil {
				t.Fatal(err)
			}
			exits(w, 5, 6)
			w.Close()
			wantFile(t, path, tt.run, 4+8*(tt.run-1))
			if info, err := os.Stat(path); err != nil || tt.bad == "" && tt.holds != nil && info.Mode().Perm() != 0o640 {
				t.Errorf("its mode is %v, %v; want that it is kept", info.Mode(), err)
			}
			if _, err := os.Lstat(path + newSuffix); !os.IsNotExist(err) {
				t.Errorf("%s%s: %v, want that it is gone", path, newSuffix, err)
			}
		})
	}
}

// wantBad checks that a file was renamed if bad is not "", with what it held.
func wantBad(t *testing.T, path, note, bad string, holds []byte) {
	t.Helper()
	got, err := os.ReadFile(path + badSuffix)
	switch {
	case bad == "" && (note != "" || !os.IsNotExist(err)):
		t.Errorf("Note = %q, %s%s: %v; want neither", note, path, badSuffix, err)
	case bad != "" && (err != nil || !bytes.Equal(got, holds)):
		t.Errorf("%s%s = %d bytes, %v; want what there was", path, badSuffix, len(got), err)
	case bad != "" && (!strings.Contains(note, bad) || !strings.HasSuffix(note, ": it is now "+path+".bad, and a new one begins")):
		t.Errorf("Note = %q, want %q in it", note, bad)
	}
}

// wantFile checks the run and the number of records in a file.
func wantFile(t *testing.T, path string, run, records int) {
	t.Helper()
	r, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.Read(0)
	h, failed := r.Header()
	if err != nil || failed != nil || h.Run != run || len(b.Records) != records || b.Damaged != 0 || b.Lost != 0 {
		t.Errorf("run %d, %d records, %d damaged, %d lost, %v, %v; want run %d, %d records", h.Run, len(b.Records), b.Damaged, b.Lost, err, failed, run, records)
	}
}

// TestOpenForWritingFails: what cannot be used is left as it is, with a reason.
func TestOpenForWritingFails(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	locked, err := os.Create(in("locked"))
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	if err := unix.Flock(int(locked.Fd()), unix.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(in("directory"), 0o755), unix.Mkfifo(in("fifo"), 0o644), os.Symlink(in("none"), in("link")),
		os.WriteFile(in("damaged"), []byte("x"), 0o644), os.MkdirAll(in("damaged.bad/full"), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"locked": "another process has locked it", "directory": "is a directory", "fifo": "not a regular file",
		"link": "is a symbolic link", "no/dir": "no such file or directory", "damaged": "renaming it to",
	} {
		before, _ := os.Lstat(in(name))
		if _, err := OpenForWriting(in(name)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), in(name)) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
		if after, _ := os.Lstat(in(name)); before != nil && (!os.SameFile(before, after) || before.Size() != after.Size()) {
			t.Errorf("%s was changed", name)
		}
		if _, err := os.Lstat(in(name) + newSuffix); err == nil {
			t.Errorf("%s%s was left behind", name, newSuffix)
		}
	}
}

// TestStartTogether: of two inits that create the file at the same time, one keeps its
// history in it.
func TestStartTogether(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "ring")
		files, failed := make(chan *File, 4), make(chan error, 4)
		for range cap(files) {
			go func() {
				f, err := OpenForWriting(path)
				files <- f
				failed <- err
			}()
		}
		var first *File
		for range cap(files) {
			f := <-files
			if err := <-failed; err != nil {
				t.Logf("refused: %v", err)
			}
			switch {
			case f == nil:
			case first != nil && f.inPlace() && first.inPlace():
				t.Error("two have the same file")
			case f.inPlace():
				first = f
			default:
				f.Close()
			}
		}
		if first == nil {
			t.Fatal("none has the file")
		}
		first.Close()
	}
}

// TestDamagedTogether: inits that find the same damaged file at the same time keep what was
// in it, and none writes to a file that another has renamed.
func TestDamagedTogether(t *testing.T) {
	damaged := []byte("evidence")
	for range 100 {
		path := filepath.Join(t.TempDir(), "ring")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		files := make(chan *File, 4)
		for range cap(files) {
			go func() {
				f, _ := OpenForWriting(path)
				files <- f
			}()
		}
		for range cap(files) {
			if f := <-files; f != nil {
				if !f.inPlace() {
					t.Error("one has a file that was renamed")
				}
				defer f.Close()
			}
		}
		if got, err := os.ReadFile(path + badSuffix); err != nil || !bytes.Equal(got, damaged) {
			t.Fatalf("%s%s = %d bytes, %v; want what there was", path, badSuffix, len(got), err)
		}
	}
}

// TestCopyFarBehind: a file is that of a ring also while the init copies into it what
// piled up when its file system did not respond.
func TestCopyFarBehind(t *testing.T) {
	w, path := fileRing(t)
	exits(w, 1, 4)
	file := w.file
	w.file = nil
	for range countApart + 1 {
		w.Add(&Record{Kind: KindExit})
	}
	w.file = file
	if err := file.announce(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenFile(path)
	if err != nil {
		t.Fatal("before the first record is copied:", err)
	}
	r.Close()
}

// TestCopyBeside: another goroutine copies while the ring goes round several times, and
// a reader of the file finds no damaged record.
func TestCopyBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	f, err := OpenForWriting(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Create(Origin{}, time.Now(), true)
	if err != nil {
		t.Fatal(err)
	}
	const total = 5 * 2000
	for i := range total {
		w.Add(&Record{Kind: KindExit, PID: i + 1, Cmdline: fmt.Sprint(i + 1)})
	}
	w.End(time.Now())
	w.Close()
	if err := w.FileErr(); err != nil || w.Behind() {
		t.Errorf("FileErr = %v, behind: %t", err, w.Behind())
	}
	r, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.Read(0)
	if err != nil || len(b.Records) != 2000 || b.Lost != total-2000 || b.Damaged != 0 || b.Records[1999].PID != total {
		t.Errorf("Read(0) = %d records, lost %d, damaged %d, %v; want the last 2000", len(b.Records), b.Lost, b.Damaged, err)
	}
	got, err := os.ReadFile(path)
	if err != nil || len(got) != ringSize {
		t.Fatalf("the file has %d bytes, %v", len(got), err)
	}
}
