package history

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShares: a flood of records of one kind does not overwrite those of another kind, and
// the records are read in the order in which they were written, at once or bit by bit.
func TestShares(t *testing.T) {
	failure := Record{Kind: KindExit, PID: 7, Known: true, Status: 7 << 8}
	for name, flood := range map[string]func(i int) Record{
		"signals":   func(i int) Record { return Record{Kind: KindSignal, Signal: 23, PID: i} },
		"starts":    func(int) Record { return Record{Kind: KindStart} },
		"adoptions": func(int) Record { return Record{Kind: KindAdopt} },
		"successes": func(int) Record { return Record{Kind: KindExit, Known: true} },
		"unknown":   func(int) Record { return Record{Kind: KindExit} },
		"mixed":     func(i int) Record { return Record{Kind: [...]Kind{KindNote, KindAdopt, KindExit, KindStart}[i%4]} },
	} {
		t.Run(name, func(t *testing.T) {
			w, src := ring(t)
			bits, failures, lost, next := open(t, src), 0, uint64(0), uint64(0)
			warned := false
			for i := range 5 * Capacity {
				r := flood(i)
				if i%1000 == 500 {
					r = failure
					failures++
				}
				if i == 700 {
					r = Record{Kind: KindNote, Text: "a warning", Warning: true}
				}
				w.Add(&r)
				if i%700 == 0 {
					b, err := bits.Read(next)
					if err != nil {
						t.Fatal(err)
					}
					wantOrder(t, next, b.Records)
					next, lost = b.Next, lost+b.Lost
				}
			}
			if lost != 0 {
				t.Errorf("a reader that reads often has lost %d", lost)
			}
			b, err := open(t, src).Read(0)
			if err != nil || b.Damaged != 0 || b.Lost+uint64(len(b.Records)) != 5*Capacity {
				t.Fatalf("Read(0) = %d records, lost %d, damaged %d, %v", len(b.Records), b.Lost, b.Damaged, err)
			}
			wantOrder(t, 0, b.Records)
			for i := range b.Records {
				if Failed(&b.Records[i]) {
					failures--
				}
				warned = warned || b.Records[i].Warning
			}
			if !warned {
				t.Error("the warning is missing")
			}
			if failures != 0 {
				t.Errorf("%d failures are missing", failures)
			}
			rest, err := open(t, src).Read(b.Next - 10)
			if err != nil || len(rest.Records) != 10 || rest.Lost != 0 {
				t.Errorf("Read(%d) = %d records, lost %d, %v; want the last 10", b.Next-10, len(rest.Records), rest.Lost, err)
			}
		})
	}
}

// wantOrder checks that the numbers of the records increase, from after on.
func wantOrder(t *testing.T, after uint64, records []Record) {
	t.Helper()
	for _, r := range records {
		if r.Seq <= after {
			t.Fatalf("number %d follows number %d", r.Seq, after)
		}
		after = r.Seq
	}
}

// TestRepeats: records that count repeats are added to that of the first signal if both
// are read together.
func TestRepeats(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0).UTC() }
	first := Record{Kind: KindSignal, Time: at(0), Signal: 23, Action: ActionForwarded, Passed: 23, To: []int{6}}
	again := func(count, from, to int) Record {
		r := first
		r.Count, r.Time, r.Last = count, at(from), at(to)
		return r
	}
	w, src := ring(t)
	other := first
	other.PID = 9
	counted := again(3, 5, 9)
	counted.PID = 9
	live := open(t, src)
	var lines []string
	next := uint64(0)
	for _, r := range []Record{first, other, again(100, 1, 2), {Kind: KindExit, Time: at(3)}, again(200, 3, 8), counted} {
		w.Add(&r)
		b, err := live.Read(next)
		if err != nil {
			t.Fatal(err)
		}
		next = b.Next
		for _, r := range b.Records {
			lines = append(lines, r.SignalText(" > "))
		}
	}
	if want := "SIGURG from outside the container > forwarded to 6 (100 times in 1s)"; len(lines) != 6 || lines[2] != want {
		t.Errorf("while it is written: %q, want the third of six to be %q", lines, want)
	}
	b, err := open(t, src).Read(0)
	if err != nil || len(b.Records) != 3 || b.Lost != 0 || b.Next != 6 {
		t.Fatalf("Read(0) = %+v, %v; want 3 records", b, err)
	}
	if r := b.Records[0]; r.Count != 301 || r.Time != at(0) || r.Last != at(8) || r.Seq != 1 {
		t.Errorf("the first is %+v, want 301 signals until %v", r, at(8))
	}
	if r := b.Records[1]; r.Count != 4 || r.Last != at(9) {
		t.Errorf("the second is %+v, want 4 signals until %v", r, at(9))
	}
	if got, want := b.Records[0].JSON(), `"count":301,"last":"1970-01-01T00:16:48.000Z"`; !strings.Contains(got, want) {
		t.Errorf("JSON = %s, want %s in it", got, want)
	}
}

// TestKilledWhileWriting: a record that was complete when the init was killed, but not
// announced yet, is kept, and its number is not given to another one.
func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	w, err := CreateFile(path, Origin{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r := full
		w.Add(&r)
	}
	w.store(offWritten, 2)
	w.Close()
	if w, err = CreateFile(path, Origin{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Add(&Record{Kind: KindNote})
	r, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := r.Read(0); err != nil || len(b.Records) != 4 || b.Records[2].Seq != 3 || b.Records[3].Seq != 4 || b.Lost != 0 {
		t.Errorf("Read(0) = %+v, %v; want 4 records", b, err)
	}
}
