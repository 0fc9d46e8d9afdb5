package procfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func newKeeper(t testing.TB, fs procfs.FS) *procfs.Scanner {
	t.Helper()
	s := newScanner(t, fs)
	s.Keep(procfs.DefaultKeep)
	return s
}

// find scans and returns the stat of pid, nil if it was not found.
func find(t *testing.T, s *procfs.Scanner, pid int) *procfs.Stat {
	t.Helper()
	stats, err := s.Scan(nil)
	check(t, err)
	if !slices.IsSortedFunc(stats, func(a, b procfs.Stat) int { return a.PID - b.PID }) {
		t.Errorf("Scan is not in the order of pids: %v", stats)
	}
	i := slices.IndexFunc(stats, func(s procfs.Stat) bool { return s.PID == pid })
	if i < 0 {
		return nil
	}
	return &stats[i]
}

// TestKeepSeesEverything starts, ends and reaps processes while a Scanner keeps
// descriptors and lists /proc as rarely as possible.
func TestKeepSeesEverything(t *testing.T) {
	s := newKeeper(t, procfs.FS{})
	for range 30 { // more than it goes without a listing
		if find(t, s, os.Getpid()) == nil {
			t.Fatal("Scan does not find itself")
		}
	}
	if s.Kept() == 0 || !s.SparesListings() {
		t.Fatalf("%d kept, listings are spared: %v; want some, true", s.Kept(), s.SparesListings())
	}
	for range 5 {
		cmd := helper(t, "wait", true)
		pid := cmd.Process.Pid
		born := find(t, s, pid)
		if born == nil || born.PPID != os.Getpid() || born.Zombie() {
			t.Fatalf("a new child: Scan has %+v", born)
		}
		check(t, cmd.Process.Kill())
		waitUntil(t, pid, syscall.WEXITED)
		if dead := find(t, s, pid); dead == nil || !dead.Zombie() || dead.ID() != born.ID() || dead.ExitCode.Signal() != 9 {
			t.Fatalf("a killed child: Scan has %+v, want the zombie of %v", dead, born.ID())
		}
		_ = cmd.Wait() // It was killed, which is an error to Wait.
		if gone := find(t, s, pid); gone != nil {
			t.Fatalf("a reaped child: Scan has %+v", gone)
		}
	}
}

// TestKeepFindsBursts starts several processes at once, few and many, and ends all of
// them.
func TestKeepFindsBursts(t *testing.T) {
	s := newKeeper(t, procfs.FS{})
	for round := range 24 {
		children := map[int]*exec.Cmd{}
		for range 1 + round%4*(round%7)*3 {
			cmd := exec.Command("sleep", "100")
			check(t, cmd.Start())
			children[cmd.Process.Pid] = cmd
		}
		stats, err := s.Scan(nil)
		check(t, err)
		found := 0
		for i := range stats {
			if children[stats[i].PID] != nil && stats[i].PPID == os.Getpid() {
				found++
			}
		}
		if found != len(children) {
			t.Errorf("round %d: %d of %d children found", round, found, len(children))
		}
		for _, cmd := range children {
			check(t, cmd.Process.Kill())
			_ = cmd.Wait() // It was killed, which is an error to Wait.
		}
	}
}

// TestKeepLeavesThreadsOut checks that threads are left out: the kernel allocates
// their IDs like pids, and /proc/[tid] can be opened.
func TestKeepLeavesThreadsOut(t *testing.T) {
	s := newKeeper(t, procfs.FS{})
	for range 4 {
		if find(t, s, os.Getpid()) == nil {
			t.Fatal("Scan does not find itself")
		}
	}
	tids, done := make(chan int), make(chan struct{})
	defer close(done)
	for range 5 {
		go func() {
			runtime.LockOSThread()
			tids <- syscall.Gettid()
			<-done
		}()
	}
	child := helper(t, "wait", true).Process.Pid
	for range 5 {
		tid := <-tids
		for range 2 {
			if got := find(t, s, tid); got != nil && tid != os.Getpid() { // It may be the first thread.
				t.Errorf("Scan takes a thread for a process: %+v", got)
			}
		}
	}
	stats, err := s.Scan(nil)
	check(t, err)
	pids, err := s.PIDs(nil)
	check(t, err)
	if !slices.Contains(pids, child) || !slices.ContainsFunc(stats, func(s procfs.Stat) bool { return s.PID == child }) {
		t.Errorf("the child %d was not found beside the threads", child)
	}
}

// TestKeepStaysWithTheProcess checks a thread other than the main thread that calls
// execve(2): it takes over the pid, and the main thread is gone.
func TestKeepStaysWithTheProcess(t *testing.T) {
	s := newKeeper(t, procfs.FS{})
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=exec in another thread")
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	defer func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}()
	answer := make([]byte, 16)
	_, err = stdout.Read(answer)
	check(t, err)
	before := find(t, s, cmd.Process.Pid)
	kept := s.KeptAs(cmd.Process.Pid)
	_, err = stdin.Write([]byte("go\n"))
	check(t, err)
	_, err = stdout.Read(answer)
	check(t, err)
	after := find(t, s, cmd.Process.Pid)
	if before == nil || after == nil || before.ID() != after.ID() || kept < 0 || s.KeptAs(cmd.Process.Pid) != kept {
		t.Errorf("before the exec %+v, after it %+v; descriptor %d, then %d", before, after, kept, s.KeptAs(cmd.Process.Pid))
	}
}

func TestKeepClosesAll(t *testing.T) {
	before := descriptors(t)
	s := procfs.NewScanner(procfs.FS{})
	s.Keep(procfs.DefaultKeep)
	for range 2 {
		if find(t, s, os.Getpid()) == nil || s.Kept() == 0 {
			t.Errorf("Scan does not find itself, or keeps nothing: %d", s.Kept())
		}
		check(t, s.Close())
		if after := descriptors(t); after != before || s.Kept() != 0 {
			t.Errorf("%d descriptors are open after Close, %d before; %d kept", after, before, s.Kept())
		}
	}
	s.Keep(0)
	if find(t, s, os.Getpid()) == nil || s.Kept() != 0 {
		t.Errorf("Keep(0) keeps %d", s.Kept())
	}
	check(t, s.Close())
}

func TestKeepNoMoreThanAsked(t *testing.T) {
	s := newScanner(t, procfs.FS{})
	s.Keep(1)
	for range 3 {
		if find(t, s, os.Getpid()) == nil || s.Kept() != 1 {
			t.Errorf("Keep(1) keeps %d", s.Kept())
		}
	}
	s.Keep(-1)
	if find(t, s, os.Getpid()) == nil || s.Kept() != 0 {
		t.Errorf("Keep(-1) keeps %d", s.Kept())
	}
}

// TestKeepReleasesDescriptors runs a helper that may open few descriptors.
func TestKeepReleasesDescriptors(t *testing.T) {
	for range 30 {
		helper(t, "wait", true)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=keep with few descriptors")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// keepWithFew is the helper of TestKeepReleasesDescriptors.
func keepWithFew() error {
	const few = 40
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: few, Max: few}); err != nil {
		return err
	}
	s := procfs.NewScanner(procfs.FS{})
	s.Keep(procfs.DefaultKeep)
	first, err := s.Scan(nil)
	if err != nil || s.Kept() == 0 || s.Kept() > few/2 {
		return fmt.Errorf("of %d descriptors %d are kept, %w", few, s.Kept(), err)
	}
	var taken []*os.File
	for f, err := os.Open("/"); ; f, err = os.Open("/") { // Others need all that are left.
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	kept := s.Kept()
	second, err := s.Scan(nil)
	if err != nil || len(second) < len(first)-5 || s.Kept() >= kept {
		return fmt.Errorf("with none left: %d processes, before %d; %d kept, before %d; %w", len(second), len(first), s.Kept(), kept, err)
	}
	f, err := os.Open("/")
	if err != nil {
		return fmt.Errorf("after giving way: %w", err)
	}
	return errors.Join(append([]error{f.Close(), s.Close()}, closeAll(taken)...)...)
}

func closeAll(files []*os.File) (errs []error) {
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errs
}

func TestKeepAllocatesNothingOnceWarm(t *testing.T) {
	s := newKeeper(t, procfs.FS{})
	stats, err := s.Scan(make([]procfs.Stat, 0, 5000))
	check(t, err)
	stats, err = s.Scan(stats[:0])
	check(t, err)
	// Other programs may start processes during a run, so not every run counts.
	least := 1e9
	for range 10 {
		least = min(least, testing.AllocsPerRun(1, func() { stats, err = s.Scan(stats[:0]) }))
		check(t, err)
	}
	if least != 0 {
		t.Errorf("Scan with %d kept allocates %v times, want 0", s.Kept(), least)
	}
}

// TestScanShared checks that a scan without copies finds the same as one with copies, whether
// files are kept or not.
func TestScanShared(t *testing.T) {
	for _, keep := range []int{0, 100} {
		s := procfs.NewScanner(procfs.FS{})
		defer s.Close()
		s.Keep(keep)
		self := os.Getpid()
		shared, err := s.ScanShared(nil)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(shared, func(st *procfs.Stat) bool { return st.PID == self })
		if i < 0 || shared[i].Comm == "" || !slices.IsSortedFunc(shared, func(a, b *procfs.Stat) int { return a.PID - b.PID }) {
			t.Fatalf("keeping %d: this process is number %d of %d, or they are not sorted", keep, i, len(shared))
		}
		again, err := s.ScanShared(shared[:0])
		if err != nil {
			t.Fatal(err)
		}
		copied, err := s.Scan(nil)
		if err != nil {
			t.Fatal(err)
		}
		same := 0
		for _, st := range copied {
			if slices.ContainsFunc(again, func(other *procfs.Stat) bool { return other.ID() == st.ID() }) {
				same++
			}
		}
		if same < len(copied)/2 { // others start and end all the time
			t.Errorf("keeping %d: %d of %d processes are in both scans", keep, same, len(copied))
		}
	}
}

// TestKeepOfAFake checks that files of a fake tree are not kept: they do not show that
// a process is gone.
func TestKeepOfAFake(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "one"})
	tree.Process(proctest.Process{PID: 2, Comm: "two"})
	tree.Loadavg(procfs.Loadavg{LastPID: 2})
	s := newKeeper(t, tree.FS())
	for range 3 {
		stats, err := s.Scan(nil)
		if err != nil || len(stats) != 2 || s.Kept() != 0 || s.SparesListings() {
			t.Errorf("Scan = %+v, %v, %d kept, listings spared: %v", stats, err, s.Kept(), s.SparesListings())
		}
	}
	tree.Remove(1)
	tree.Process(proctest.Process{PID: 2, Comm: "another"})
	tree.Process(proctest.Process{PID: 3, Comm: "three"})
	stats, err := s.Scan(nil)
	if err != nil || len(stats) != 2 || stats[0].Comm != "another" || stats[1].PID != 3 {
		t.Errorf("Scan after a change = %+v, %v", stats, err)
	}
	kept := []procfs.Stat{{PID: 99}}
	tree.File("2/stat", "nonsense\n")
	tree.File("1/status", "")
	if got, err := s.Scan(kept); err != nil || len(got) != 2 || got[0].PID != 99 || got[1].PID != 3 || s.Unreadable() != 1 {
		t.Errorf("Scan with one nonsense = %+v, %v, %d unreadable; want what was there, the process 3, and 1 unreadable", got, err, s.Unreadable())
	}
	tree.Remove(3)
	if got, err := s.Scan(kept); !errors.Is(err, procfs.ErrFormat) || !slices.Equal(got, kept) {
		t.Errorf("Scan of nonsense = %+v, %v, want what was there and ErrFormat", got, err)
	}
	missing := newKeeper(t, procfs.New(filepath.Join(tree.Root(), "missing")))
	if got, err := missing.Scan(kept); !errors.Is(err, fs.ErrNotExist) || !slices.Equal(got, kept) {
		t.Errorf("Scan without a root = %+v, %v, want what was there and ErrNotExist", got, err)
	}
}

// TestKeepWithHidepid checks hidepid, with which a process may become visible without
// being started.
func TestKeepWithHidepid(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the test
	root := t.TempDir()
	check(t, os.Chmod(filepath.Dir(root), 0o755)) // for nobody
	if err := mountHiding(root); err != nil {
		t.Skipf("cannot mount a second proc with hidepid=noaccess, which takes CAP_SYS_ADMIN and Linux 5.8: %v", err)
	}
	defer func() { check(t, syscall.Unmount(root, syscall.MNT_DETACH)) }()
	s := newKeeper(t, procfs.New(root))
	undo := becomeNobody(t)
	some, err := s.Scan(nil)
	hidden := s.Hidden()
	undo()
	check(t, err)
	all, err := s.Scan(nil)
	check(t, err)
	if hidden == 0 || s.Hidden() != 0 || len(all) <= len(some) || s.SparesListings() {
		t.Errorf("%d processes, %d hidden; as root %d, %d; listings spared: %v", len(some), hidden, len(all), s.Hidden(), s.SparesListings())
	}
	check(t, s.Close()) // before the mount goes
}

// TestKeepInAnotherNamespace reads the proc of a PID namespace below this one: there
// LastPID does not concern the listed processes.
func TestKeepInAnotherNamespace(t *testing.T) {
	cmd := firstProcess(t)
	s := newKeeper(t, procfs.New("/proc/"+strconv.Itoa(cmd.Process.Pid)+"/root/proc"))
	for range 3 {
		stats, err := s.Scan(nil)
		check(t, err)
		if len(stats) != 2 || stats[0].PID != 1 || stats[1].PPID != 1 || s.Kept() != 2 || s.SparesListings() {
			t.Errorf("Scan = %+v, %d kept, listings spared: %v; want PID 1 and its child", stats, s.Kept(), s.SparesListings())
		}
	}
}

// mountProc mounts a proc filesystem of the namespaces of this process.
func mountProc() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("proc", "/proc", "proc", 0, "")
}

// benchmarkKeep scans the processes of the machine and keeps n of them.
func benchmarkKeep(b *testing.B, n int) {
	s := newScanner(b, procfs.FS{})
	s.Keep(n)
	stats, err := s.Scan(nil)
	check(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if stats, err = s.Scan(stats[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000/float64(len(stats)), "us/process")
}

func BenchmarkScanKeeping(b *testing.B) { benchmarkKeep(b, procfs.DefaultKeep) }
