package procfs_test

import (
	"strings"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/zombie"
)

// kernels has the same process, a stopped Python with pid 37, as kernels of different
// versions and kinds show it.
var kernels = map[string]struct {
	stat, status string
	signals      bool // it tells what the process does with them
	nspid        bool
}{
	"Linux 3.10": {
		"37 (python) T 1 37 37 0 -1 1077960704 900 0 0 0 11 3 0 0 20 0 1 0 4242 123252736 2000 18446744073709551615 4194304 7023381 140731312341 140731312000 140000000000 0 0 16781312 2 18446744071579755205 0 0 17 1 0 0 0 0 0 9316816 10102544 23117824 140731312341 140731312361 140731312361 140731312362 0\n",
		"Name:\tpython\nState:\tT (stopped)\nTgid:\t37\nPid:\t37\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nFDSize:\t256\nGroups:\t1000 \nVmPeak:\t  120364 kB\nVmHWM:\t    8200 kB\nVmRSS:\t    8000 kB\nThreads:\t1\nSigQ:\t0/1024\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000001001000\nSigCgt:\t0000000000000002\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000001fffffffff\nSeccomp:\t0\nCpus_allowed:\tff\n",
		true, false,
	},
	"Linux 6.18, more lines and fields": {
		"37 (python) T 1 37 37 0 -1 1077960704 900 0 0 0 11 3 0 0 20 0 1 0 4242 123252736 2000 18446744073709551615 1 1 0 0 0 0 0 16781312 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0 99 100\n",
		"Name:\tpython\nUmask:\t0022\nState:\tT (stopped)\nTgid:\t37\nNgid:\t0\nPid:\t37\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nFDSize:\t256\nGroups:\t \nNStgid:\t37\nNSpid:\t37\nNSpgid:\t37\nNSsid:\t37\nKthread:\t0\nVmPeak:\t  120364 kB\nVmHWM:\t    8200 kB\nVmRSS:\t    8000 kB\nVmSwap:\t       0 kB\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\nThreads:\t1\nSigQ:\t0/1024\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000001001000\nSigCgt:\t0000000000000002\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\nSpeculation_Store_Bypass:\tvulnerable\nx86_Thread_features:\t\n",
		true, true,
	},
	"mips, with 128 signals": {
		"37 (python) T 1 37 37 0 -1 1077960704 900 0 0 0 11 3 0 0 20 0 1 0 4242 123252736 2000 2147483647 1 1 0 0 0 0 0 16781312 2 0 0 0 18 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		"Name:\tpython\nState:\tT (stopped)\nTgid:\t37\nPid:\t37\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t\nNSpid:\t37\nVmHWM:\t    8200 kB\nVmRSS:\t    8000 kB\nThreads:\t1\nSigPnd:\t00000000000000000000000000000000\nShdPnd:\t00000000000000000000000000004000\nSigBlk:\t00000000000000000000000000000000\nSigIgn:\t00000000000000000000000001001000\nSigCgt:\t00000000000000000000000000000002\n",
		true, true,
	},
	"gVisor": {
		"37 (python) T 1 37 37 0 0 0 0 0 0 0 11 3 0 0 20 0 1 0 4242 123252736 2000 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		"Name:\tpython\nState:\tT (stopped)\nTgid:\t37\nPid:\t37\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nFDSize:\t4\nVmSize:\t120364 kB\nVmRSS:\t8000 kB\nVmData:\t0 kB\nThreads:\t1\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nSeccomp:\t0\nMems_allowed:\t1\n",
		false, false,
	},
}

// TestKernels checks that what all kernels report is the same, and that what a kernel
// does not report is unknown.
func TestKernels(t *testing.T) {
	for name, kernel := range kernels {
		tree := proctest.New(t)
		for _, dir := range []string{"37/", "37/task/37/"} {
			tree.File(dir+"stat", kernel.stat)
			tree.File(dir+"status", kernel.status)
		}
		for _, s := range []*procfs.Scanner{newScanner(t, tree.FS()), newKeeper(t, tree.FS())} {
			stats, err := s.Scan(nil)
			if err != nil || len(stats) != 1 || stats[0].Comm != "python" || stats[0].State != procfs.StateStopped ||
				stats[0].UTime != 11 || stats[0].Start != 4242 || stats[0].RSS != 2000 || stats[0].ExitCode != 0 {
				t.Errorf("%s: Scan = %+v, %v", name, stats, err)
			}
		}
		r, err := zombie.ReadReaper(tree.FS(), 37)
		if err != nil || r.UID != 1000 || r.Sigs.Known != kernel.signals {
			t.Errorf("%s: Reaper = %+v, %v", name, r, err)
		}
		if want := map[bool]string{true: "default", false: "unknown"}[kernel.signals]; r.CHLD() != want && !strings.HasPrefix(name, "mips") {
			t.Errorf("%s: CHLD = %q, want %q", name, r.CHLD(), want)
		}
		if kernel.signals && (r.Sigs.Disposition(2) != procfs.Caught || r.Sigs.Disposition(13) != procfs.Ignored || !r.Sigs.SharedPending.Has(15)) {
			t.Errorf("%s: Sigs = %+v", name, r.Sigs)
		}
		status, err := tree.FS().Status(37)
		if err != nil || (len(status.NSpid) == 1) != kernel.nspid || status.RSS != 8000*procfs.KiB {
			t.Errorf("%s: Status = %+v, %v", name, status, err)
		}
	}
}

// TestTruncatedStatus checks that a truncated status gives an error or the lines that
// it has, and never a part of the signal sets.
func TestTruncatedStatus(t *testing.T) {
	for name, kernel := range kernels {
		whole, err := procfs.ParseStatus([]byte(kernel.status))
		check(t, err)
		for n := range len(kernel.status) {
			s, err := procfs.ParseStatus([]byte(kernel.status[:n]))
			if err == nil && s.Sigs.Known && s.Sigs.Ignored != whole.Sigs.Ignored {
				t.Errorf("%s: the first %d bytes: %+v, want %+v", name, n, s.Sigs, whole.Sigs)
			}
		}
	}
}
