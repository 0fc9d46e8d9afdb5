package procfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func newScanner(t testing.TB, fs procfs.FS) *procfs.Scanner {
	t.Helper()
	s := procfs.NewScanner(fs)
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func TestScannerListsOnlyProcesses(t *testing.T) {
	tree := proctest.New(t)
	for _, pid := range []int{10, 9, 1, 4194303} {
		tree.Process(proctest.Process{PID: pid, Comm: "p" + strconv.Itoa(pid)})
	}
	tree.Loadavg(procfs.Loadavg{})
	for _, name := range []string{"0", "-3", "12x", "self"} {
		tree.File(name+"/stat", "")
	}
	s := newScanner(t, tree.FS())
	want := []int{7, 1, 9, 10, 4194303}
	for range 2 { // The second time the descriptor is rewound.
		if got, err := s.PIDs([]int{7}); err != nil || !slices.Equal(got, want) {
			t.Errorf("PIDs([7]) = %v, %v, want %v", got, err, want)
		}
	}
	stats, err := s.Scan(nil)
	if err != nil || len(stats) != 4 || stats[1].Comm != "p9" || stats[3].PID != 4194303 {
		t.Errorf("Scan = %+v, %v, want four, lowest pid first", stats, err)
	}
}

func TestScannerSeesChanges(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "one"})
	tree.Process(proctest.Process{PID: 2, Comm: "two"})
	s := newScanner(t, tree.FS())
	before, err := s.Scan(nil)
	check(t, err)
	tree.Remove(1)
	tree.Process(proctest.Process{PID: 3, Comm: "three"})
	after, err := s.Scan(nil)
	if err != nil || len(after) != 2 || after[0].Comm != "two" || after[1].Comm != "three" {
		t.Errorf("Scan after a change = %+v, %v, want two, three", after, err)
	}
	if len(before) != 2 || before[0].Comm != "one" {
		t.Errorf("the first result became %+v", before)
	}
}

func TestScanSkipsProcessesThatVanish(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "init"})
	tree.File("2/status", "") // There is no stat, as after the process was reaped.
	s := newScanner(t, tree.FS())
	if got, err := s.Scan(nil); err != nil || len(got) != 1 || s.Hidden() != 0 {
		t.Errorf("Scan = %+v, %v, %d hidden, want init alone", got, err, s.Hidden())
	}
}

func TestScanKeepsDstOnError(t *testing.T) {
	tree := proctest.New(t)
	tree.File("1/stat", "nonsense\n")
	tree.File("2/stat", "nonsense\n")
	kept := []procfs.Stat{{PID: 99}}
	got, err := newScanner(t, tree.FS()).Scan(kept)
	if !errors.Is(err, procfs.ErrFormat) || !slices.Equal(got, kept) {
		t.Errorf("Scan = %+v, %v, want what was there and ErrFormat", got, err)
	}
	missing := procfs.New(filepath.Join(tree.Root(), "missing"))
	got, err = newScanner(t, missing).Scan(kept)
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, procfs.ErrGone) || !slices.Equal(got, kept) {
		t.Errorf("Scan without a root = %+v, %v, want what was there and ErrNotExist", got, err)
	}
}

func TestScannerStatus(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "init", Sigs: procfs.Signals{Caught: 1}})
	s := newScanner(t, tree.FS())
	var status procfs.Status
	if err := s.Status(1, &status); err != nil || status.Name != "init" || status.Sigs.Caught != 1 {
		t.Errorf("Status(1) = %+v, %v", status, err)
	}
	if err := s.Status(2, &status); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Status(2) = %v, want ErrGone", err)
	}
}

func TestScannerForgetsNames(t *testing.T) {
	tree := proctest.New(t)
	s := newScanner(t, tree.FS())
	for i := range 5000 { // more names than it keeps
		comm := "name" + strconv.Itoa(i)
		tree.File("1/stat", "1 ("+comm+") S"+statTail)
		if got, err := s.Scan(nil); err != nil || len(got) != 1 || got[0].Comm != comm {
			t.Fatalf("Scan = %+v, %v, want %s", got, err, comm)
		}
	}
}

func TestScannerCloses(t *testing.T) {
	before := descriptors(t)
	s := procfs.NewScanner(procfs.FS{})
	for range 2 {
		if _, err := s.Scan(nil); err != nil {
			t.Errorf("Scan = %v", err)
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Errorf("Close twice = %v, want nil", err)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open after Close, %d before", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(entries)
}

func TestScanAllocatesNothingOnceWarm(t *testing.T) {
	tree := proctest.New(t)
	for pid := 1; pid <= 20; pid++ {
		tree.Process(proctest.Process{PID: pid, Comm: "p" + strconv.Itoa(pid)})
	}
	s := newScanner(t, tree.FS())
	stats, err := s.Scan(nil)
	check(t, err)
	if got := testing.AllocsPerRun(10, func() { stats, err = s.Scan(stats[:0]) }); got != 0 || err != nil {
		t.Errorf("Scan allocates %v times, %v, want 0", got, err)
	}
}

// BenchmarkScan scans the processes of the machine. us/process is comparable between
// machines.
func BenchmarkScan(b *testing.B) {
	s := newScanner(b, procfs.FS{})
	stats, err := s.Scan(nil)
	check(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if stats, err = s.Scan(stats[:0]); err != nil {
			b.Fatal(err)
		}
	}
	perScan := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(float64(len(stats)), "processes")
	b.ReportMetric(perScan/1000/float64(len(stats)), "us/process")
}

// TestHasty checks that a hasty Scanner reads what another one reads: files of the usual size,
// a file that is larger than the buffer, and no file of a process that has ended.
func TestHasty(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "one"})
	tree.Process(proctest.Process{PID: 2, Comm: "two", Groups: make([]uint32, 5000)})
	tree.Process(proctest.Process{PID: 3, Comm: "gone"})
	check(t, os.Remove(filepath.Join(tree.Root(), "3/stat")))
	check(t, os.Remove(filepath.Join(tree.Root(), "3/status")))
	slow, quick := newScanner(t, tree.FS()), newScanner(t, tree.FS().Hasty())
	want, err := slow.Scan(nil)
	check(t, err)
	if got, err := quick.Scan(nil); err != nil || len(got) != 2 || !slices.Equal(got, want) {
		t.Errorf("Scan = %+v, %v, want %+v", got, err, want)
	}
	for _, pid := range []int{1, 2, 3, 1} {
		var a, b procfs.Status
		err, err2 := slow.Status(pid, &a), quick.Status(pid, &b)
		if errors.Is(err, procfs.ErrGone) != errors.Is(err2, procfs.ErrGone) || (err == nil) != (err2 == nil) || a.Name != b.Name || len(a.Groups) != len(b.Groups) {
			t.Errorf("Status(%d) = %+v, %v, want %+v, %v", pid, b, err2, a, err)
		}
	}
}
