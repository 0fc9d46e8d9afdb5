package history

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// full is a record with every field set.
var full = Record{
	Kind: KindExit, Time: time.Unix(1_700_000_000, 123456789).UTC(), PID: 37, Start: 123456, UID: 1000,
	Comm: "git", Cmdline: "git gc --auto", PPID: 12, Parent: "gunicorn", OriginPPID: 11,
	Known: true, Status: 1 << 8, ReapedByInit: true, Runtime: 5120 * time.Millisecond, CPU: 310 * time.Millisecond,
	MaxRSS: 8120 * procfs.KiB, ZombieFor: 3 * time.Millisecond, Group: 30, Text: "a reason",
}

// ring returns a writer and the bytes of its ring, which a test may damage.
func ring(t testing.TB) (*Writer, *bytes.Reader) {
	t.Helper()
	w := &Writer{mem: make([]byte, ringSize), next: 1, run: 1}
	w.begin(Origin{Program: "yinit test", PID: 1, Start: 5, Watch: time.Second}, time.Unix(1, 0))
	return w, bytes.NewReader(w.mem)
}

type noClose struct{ *bytes.Reader }

func (noClose) Close() error { return nil }

func open(t testing.TB, src *bytes.Reader) *Reader {
	t.Helper()
	r, err := NewReader(noClose{src})
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	long := full
	long.Cmdline, long.Text = strings.Repeat("c", 300), strings.Repeat("t", 300)
	cut := long
	cut.Cmdline, cut.Text = long.Cmdline[:MaxText/2], long.Text[:MaxText/2]
	signal := Record{
		Kind: KindSignal, Time: full.Time, PID: 0, UID: 0, Signal: 64, Code: -6, Passed: 15, Action: ActionRewritten, To: []int{7, 8},
	}
	names := Record{Kind: KindStart, StopSignal: 28, Time: full.Time, Comm: "sixteen bytes or more", Parent: "a) S 2 (\x1b["}
	again := signal
	again.Count, again.Last = 300, signal.Time.Add(time.Minute)
	namesCut := names
	namesCut.Comm = names.Comm[:lenComm]
	for name, tt := range map[string]struct{ in, out Record }{
		"all fields":     {full, full},
		"texts too long": {long, cut},
		"signal":         {signal, signal},
		"repeats":        {again, again},
		"odd names":      {names, namesCut},
		"empty":          {Record{Time: full.Time}, Record{Time: full.Time}},
	} {
		t.Run(name, func(t *testing.T) {
			w, src := ring(t)
			w.Add(&tt.in)
			got, err := open(t, src).Read(0)
			if err != nil || len(got.Records) != 1 {
				t.Fatalf("Read(0) = %d records, %v, want 1", len(got.Records), err)
			}
			tt.out.Seq, tt.out.Run = 1, 1
			if !reflect.DeepEqual(got.Records[0], tt.out) {
				t.Errorf("read\n\t%+v, want\n\t%+v", got.Records[0], tt.out)
			}
		})
	}
}

// TestHeader: the reader gets what the writer wrote into the header.
func TestHeader(t *testing.T) {
	w, src := ring(t)
	o := Origin{Program: "yinit test", PID: 7, Start: 5, Watch: 2 * time.Second, Relay: *PlainRelay()}
	o.Relay[1], o.Relay[15], o.Relay[64] = 64, 0, 1
	w.begin(o, time.Unix(3, 0))
	w.Missed(4)
	w.Unwatched(5)
	got, err := open(t, src).Header()
	want := Header{
		Program: o.Program, InitPID: o.PID, InitStart: o.Start, Run: 1, Started: time.Unix(3, 0).UTC(), Watch: o.Watch,
		Missed: 4, Unwatched: 5, Relay: o.Relay,
	}
	if err != nil || got != want {
		t.Errorf("Header() = %+v, %v; want %+v", got, err, want)
	}
}

func TestRingGoesRound(t *testing.T) {
	slots := int(slotsOf[areaExits])
	for _, n := range []int{1, 63, 64, 65, slots - 1, slots, slots + 1, 2*slots + 17} {
		w, src := ring(t)
		for i := range n {
			w.Add(&Record{Kind: KindExit, PID: i + 1})
		}
		b, err := open(t, src).Read(0)
		kept := min(n, slots)
		if err != nil || len(b.Records) != kept || b.Lost != uint64(n-kept) || b.Next != uint64(n) {
			t.Fatalf("%d written: Read(0) = %d records, lost %d, next %d, %v; want %d, %d, %d",
				n, len(b.Records), b.Lost, b.Next, err, kept, n-kept, n)
		}
		for i, r := range b.Records {
			if want := n - kept + i + 1; r.PID != want || r.Seq != uint64(want) {
				t.Fatalf("%d written: record %d is number %d of pid %d, want %d", n, i, r.Seq, r.PID, want)
			}
		}
		if again, _ := open(t, src).Read(b.Next); len(again.Records) != 0 || again.Lost != 0 {
			t.Errorf("%d written: Read(%d) = %d records, lost %d, want none", n, b.Next, len(again.Records), again.Lost)
		}
	}
}

// TestUnreadableRecords: a record that is overwritten while it is read is lost, and
// one whose bytes another process has changed is damaged.
func TestUnreadableRecords(t *testing.T) {
	const slots = 1000 // of failures
	for name, tt := range map[string]struct {
		written       int
		spoil         func(w *Writer)
		lost, damaged uint64
	}{
		"damaged":               {3, func(w *Writer) { w.mem[headerSize+recordSize+offCmdlineByte] ^= 1 }, 0, 1},
		"damaged in a full one": {slots, func(w *Writer) { w.mem[headerSize+offCmdlineByte] ^= 1 }, 0, 1},
		"both":                  {slots + 2, func(w *Writer) { w.mem[headerSize+offCmdlineByte] ^= 1 }, 2, 1},
		"being overwritten": {slots, func(w *Writer) {
			w.store(offAreas+offWriting, slots+1)
			w.mem[headerSize+offCmdlineByte] ^= 1
		}, 1, 0},
		"zeroed": {9, func(w *Writer) { clear(w.mem[headerSize : headerSize+2*recordSize]) }, 0, 2},
	} {
		w, src := ring(t)
		for range tt.written {
			r := full
			w.Add(&r)
		}
		tt.spoil(w)
		b, err := open(t, src).Read(0)
		if err != nil || len(b.Records) != tt.written-int(tt.lost+tt.damaged) || b.Lost != tt.lost || b.Damaged != tt.damaged {
			t.Errorf("%s: Read(0) of %d = %d records, lost %d, damaged %d, %v; want lost %d, damaged %d",
				name, tt.written, len(b.Records), b.Lost, b.Damaged, err, tt.lost, tt.damaged)
		}
	}
}

const offCmdlineByte = offPayload + 3

func TestForeign(t *testing.T) {
	w, _ := ring(t)
	newer := bytes.Clone(w.mem)
	newer[offVersion] = 9
	older := bytes.Clone(w.mem)
	older[offVersion] = 2
	for name, b := range map[string][]byte{
		"empty":         {},
		"short":         w.mem[:100],
		"text":          bytes.Repeat([]byte("x"), ringSize),
		"newer version": newer,
		"older version": older,
	} {
		if _, err := NewReader(noClose{bytes.NewReader(b)}); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: NewReader: %v, want ErrForeign", name, err)
		}
	}
}

func TestTruncatedWhileReading(t *testing.T) {
	w, _ := ring(t)
	for range 100 {
		r := full
		w.Add(&r)
	}
	r := open(t, bytes.NewReader(w.mem[:headerSize+10*recordSize]))
	if b, err := r.Read(0); !errors.Is(err, ErrForeign) || len(b.Records) != 0 {
		t.Errorf("Read(0) = %d records, %v; want ErrForeign", len(b.Records), err)
	}
}

// TestSealed proves that the kernel lets only the owner of the first mapping write
// the ring.
func TestSealed(t *testing.T) {
	w, err := Create(Origin{PID: os.Getpid()}, time.Now())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	t.Cleanup(w.Close)
	rec := full
	w.Add(&rec)
	path := ringOf(t)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, unix.EPERM) {
		t.Errorf("write: %v, want EPERM", err)
	}
	if _, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_WRITE, unix.MAP_SHARED); !errors.Is(err, unix.EPERM) {
		t.Errorf("mmap for writing: %v, want EPERM", err)
	}
	for _, size := range []int64{0, 2 * ringSize} {
		if err := f.Truncate(size); !errors.Is(err, unix.EPERM) {
			t.Errorf("truncate to %d: %v, want EPERM", size, err)
		}
	}
	r, err := Open(procfs.FS{}, os.Getpid())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	if b, err := r.Read(0); err != nil || len(b.Records) != 1 || b.Records[0].Cmdline != full.Cmdline {
		t.Errorf("Read(0) = %+v, %v; want the record", b, err)
	}
}

func ringOf(t *testing.T) string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", os.Getpid())
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if link, _ := os.Readlink(filepath.Join(dir, e.Name())); link == ringLink {
			return filepath.Join(dir, e.Name())
		}
	}
	t.Fatal("no ring among our descriptors")
	return ""
}

// TestOnlyTheWriterIsFound: Open finds neither a process that only reads a ring, nor
// one that keeps a ring for its own use.
func TestOnlyTheWriterIsFound(t *testing.T) {
	own, err := CreateOwn(Origin{PID: os.Getpid()}, time.Now())
	if err != nil {
		t.Fatalf("CreateOwn: %v", err)
	}
	t.Cleanup(own.Close)
	rec := full
	own.Add(&rec)
	mine, err := own.Reader()
	if err != nil {
		t.Fatalf("Reader: %v", err)
	}
	defer mine.Close()
	if b, err := mine.Read(0); err != nil || len(b.Records) != 1 {
		t.Errorf("Reader().Read(0) = %+v, %v; want the record", b, err)
	}
	wantNone := func(what string) {
		t.Helper()
		if r, err := Open(procfs.FS{}, os.Getpid()); !errors.Is(err, ErrNoRing) {
			t.Errorf("%s: Open: %v, want ErrNoRing", what, err)
			_ = r.Close()
		}
	}
	wantNone("a ring of its own")

	file := filepath.Join(t.TempDir(), "ring")
	w, err := CreateFile(file, Origin{PID: os.Getpid()}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(procfs.FS{}, os.Getpid())
	if err != nil {
		t.Errorf("the writer of a file: Open: %v", err)
	} else {
		_ = r.Close()
	}
	w.Close()
	if r, err = OpenFile(file); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	wantNone("the reader of a file")

	if w, err = Create(Origin{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(ringOf(t))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	w.Close()
	wantNone("the reader of a memfd")
}

// TestReadWhileWritten lets a reader race with the writer: the records that it gets
// are complete and in order, and none is counted twice.
func TestReadWhileWritten(t *testing.T) {
	w, err := Create(Origin{PID: os.Getpid()}, time.Now())
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	t.Cleanup(w.Close)
	f, err := os.Open(ringOf(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const total = 40 * 2000
	var done atomic.Bool
	go func() {
		defer done.Store(true)
		for i := range total {
			w.Add(&Record{Kind: KindExit, PID: i + 1, Cmdline: fmt.Sprint(i + 1)})
		}
	}()
	seen, lost, next := uint64(0), uint64(0), uint64(0)
	for finished := false; !finished; {
		finished = done.Load()
		b, err := r.Read(next)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range b.Records {
			if fmt.Sprint(rec.PID) != rec.Cmdline || rec.Seq != uint64(rec.PID) || rec.Seq <= next {
				t.Fatalf("a torn record: %+v", rec)
			}
			next = rec.Seq
		}
		next = b.Next
		seen, lost = seen+uint64(len(b.Records)), lost+b.Lost
		if b.Damaged != 0 {
			t.Fatalf("Read(%d) calls %d records damaged that were overwritten", next, b.Damaged)
		}
	}
	if seen+lost != total {
		t.Errorf("%d seen and %d lost, want %d together", seen, lost, total)
	}
}

// TestFile: the next run continues a ring in a file.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	for run := 1; run <= 2; run++ {
		w, err := CreateFile(path, Origin{PID: run}, time.Now())
		if err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		if _, err := CreateFile(path, Origin{}, time.Now()); err == nil {
			t.Errorf("run %d: a second writer is let in", run)
		}
		rec := full
		w.Add(&rec)
		w.End(time.Now())
		w.Close()
	}
	r, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Read(0)
	r.Close()
	if err != nil || len(b.Records) != 2 || b.Records[0].Run != 1 || b.Records[1].Run != 2 || b.Records[1].Seq != 2 {
		t.Errorf("Read(0) = %+v, %v; want a record of each run", b, err)
	}
}

func TestNilWriter(*testing.T) {
	var w *Writer
	w.Add(&Record{})
	w.End(time.Now())
	w.Missed(1)
}

func FuzzReader(f *testing.F) {
	w, _ := ring(f)
	for range 5 {
		r := full
		w.Add(&r)
	}
	f.Add(w.mem[:headerSize+5*recordSize], uint64(0))
	f.Add(w.mem[:headerSize], uint64(1<<63))
	f.Fuzz(func(t *testing.T, b []byte, after uint64) {
		r, err := NewReader(noClose{bytes.NewReader(b)})
		if err != nil {
			return
		}
		batch, _ := r.Read(after)
		for _, rec := range batch.Records {
			if len(rec.Cmdline)+len(rec.Text) > MaxText {
				t.Errorf("more text than a record holds: %+v", rec)
			}
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	w, _ := ring(b)
	r := full
	b.ReportAllocs()
	for b.Loop() {
		w.Add(&r)
	}
}

func BenchmarkRead(b *testing.B) {
	w, src := ring(b)
	for range Capacity {
		r := full
		w.Add(&r)
	}
	r := open(b, src)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Read(0); err != nil {
			b.Fatal(err)
		}
	}
}
