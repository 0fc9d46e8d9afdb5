package procfs_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// kernelStatus is a status file of Linux 6.18 without some lines that are not
// parsed.
const kernelStatus = `Name:	a\nb\\c
Umask:	0022
State:	T (stopped)
Tgid:	37
Ngid:	0
Pid:	38
PPid:	12
TracerPid:	9
Uid:	1000	1001	1002	1003
Gid:	2000	2001	2002	2003
FDSize:	256
Groups:	4 27 1000 
NStgid:	37	7
NSpid:	38	8
VmPeak:	    3060 kB
VmHWM:	    1596 kB
VmRSS:	    1500 kB
VmSwap:	      12 kB
Threads:	3
SigQ:	0/7848
SigPnd:	0000000000000200
ShdPnd:	0000000000004000
SigBlk:	8000000000000800
SigIgn:	0000000000001000
SigCgt:	0000000000010002
CapInh:	0000000000000000
CapPrm:	000001ffffffffff
CapEff:	00000000a80425fb
NoNewPrivs:	1
Seccomp:	2
Seccomp_filters:	1
voluntary_ctxt_switches:	150
nonvoluntary_ctxt_switches:	7
`

func TestParseStatusLines(t *testing.T) {
	want := procfs.Status{
		Name: "a\nb\\c", State: procfs.StateStopped, Tgid: 37, PID: 38, PPID: 12, TracerPID: 9,
		UID: [4]uint32{1000, 1001, 1002, 1003}, GID: [4]uint32{2000, 2001, 2002, 2003},
		Groups: []uint32{4, 27, 1000}, NSpid: []int{38, 8}, Threads: 3,
		RSS: 1500 * procfs.KiB, Peak: 1596 * procfs.KiB, Swap: 12 * procfs.KiB,
		CapPrm: 0x1ffffffffff, CapEff: 0xa80425fb, NoNewPrivs: true, Seccomp: 2, Switches: 157,
		Sigs: procfs.Signals{
			Known: true, Pending: procfs.NewSignalSet(10), SharedPending: procfs.NewSignalSet(15),
			Blocked: procfs.NewSignalSet(12, 64), Ignored: procfs.NewSignalSet(13), Caught: procfs.NewSignalSet(2, 17),
		},
	}
	got, err := procfs.ParseStatus([]byte(kernelStatus))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseStatus = %+v, %v\nwant %+v", got, err, want)
	}
}

func TestParseStatusNames(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"empty":                {"Name:\t", ""},
		"spaces around":        {"Name:\t a ", " a "},
		"tab first":            {"Name:\t\ta", "\ta"},
		"colon":                {"Name:\tState:\tZ", "State:\tZ"},
		"newline":              {`Name:	a\nPid: 3`, "a\nPid: 3"},
		"backslash before n":   {`Name:	a\\nb`, `a\nb`},
		"backslash at the end": {`Name:	a\`, `a\`},
		"escape sequence":      {"Name:\t\x1b[2J", "\x1b[2J"},
		"invalid UTF-8":        {"Name:\t\xff", "\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := procfs.ParseStatus([]byte(test.line + "\nPid:\t1\n"))
			if err != nil || got.Name != test.want || got.PID != 1 {
				t.Errorf("ParseStatus(%q) = %q, pid %d, %v, want %q, 1", test.line, got.Name, got.PID, err, test.want)
			}
		})
	}
}

func TestParseStatusWithoutLines(t *testing.T) {
	gvisor := "Name:\tsh\nState:\tS (sleeping)\nPid:\t3\nThreads:\t1\n"
	for name, text := range map[string]string{
		"gVisor":             gvisor,
		"one signal line":    gvisor + "SigCgt:\t0000000000000002\n",
		"all but one signal": gvisor + "SigPnd:\t0\nShdPnd:\t0\nSigIgn:\t1\nSigCgt:\t2\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := procfs.ParseStatus([]byte(text))
			if err != nil || got.Sigs != (procfs.Signals{}) || got.Name != "sh" {
				t.Errorf("ParseStatus = %q, %+v, %v, want sh with unknown signals", got.Name, got.Sigs, err)
			}
			if got.UID[procfs.Real] != procfs.NoID || got.GID[procfs.Filesystem] != procfs.NoID || got.Seccomp != -1 {
				t.Errorf("ParseStatus = uid %v, gid %v, seccomp %d, want NoID and -1", got.UID, got.GID, got.Seccomp)
			}
		})
	}
}

func TestParseStatusRejects(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"no known line":    "Hello:\tworld\n",
		"no number":        "Pid:\tx\n",
		"no pid":           "Pid:\n",
		"three uids":       "Uid:\t1\t2\t3\n",
		"uid too large":    "Uid:\t1\t2\t3\t4294967296\n",
		"group":            "Groups:\t1 x\n",
		"namespace pid":    "NSpid:\t1\tx\n",
		"not hexadecimal":  "SigCgt:\t000000000000000g\n",
		"no set":           "SigCgt:\t\n",
		"mips, not hex":    "SigCgt:\tg0000000000000000\n",
		"memory too large": "VmRSS:\t18446744073709551615 kB\n",
		"no state":         "State:\t\n",
		"no switches":      "nonvoluntary_ctxt_switches:\t-\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := procfs.ParseStatus([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
				t.Errorf("ParseStatus(%q) = %+v, %v, want ErrFormat", text, got, err)
			}
		})
	}
}

func TestParseStatusOfMips(t *testing.T) {
	zeros := strings.Repeat("0", 31)
	text := "SigPnd:\t0" + zeros + "\nShdPnd:\t0" + zeros + "\nSigBlk:\t8" + zeros + "\nSigIgn:\t" + zeros + "1\nSigCgt:\t0" + zeros + "\n"
	got, err := procfs.ParseStatus([]byte(text))
	if err != nil || !got.Sigs.Known || got.Sigs.Ignored != procfs.NewSignalSet(1) || !got.Sigs.Blocked.Empty() {
		t.Errorf("ParseStatus = %+v, %v, want signal 1 ignored, none blocked", got.Sigs, err)
	}
}

func TestStatusParseResets(t *testing.T) {
	var s procfs.Status
	check(t, s.Parse([]byte(kernelStatus)))
	check(t, s.Parse([]byte("Pid:\t1\n")))
	want, err := procfs.ParseStatus([]byte("Pid:\t1\n"))
	check(t, err)
	s.Groups, s.NSpid = nil, nil // They keep their room.
	if !reflect.DeepEqual(s, want) {
		t.Errorf("second Parse = %+v, want %+v", s, want)
	}
}

func TestStatusReadsAFake(t *testing.T) {
	tree := proctest.New(t)
	sigs := procfs.Signals{Known: true, Caught: procfs.NewSignalSet(15), Blocked: procfs.NewSignalSet(1)}
	tree.Process(proctest.Process{
		PID: 37, PPID: 1, Comm: "a\nb\\", UID: 5, Groups: []uint32{1, 2}, NSpid: []int{37, 1}, RSS: 2,
		Sigs: sigs, Status: map[string]string{"NoNewPrivs": "1", "Seccomp": "-"},
	})
	got, err := tree.FS().Status(37)
	if err != nil || got.Name != "a\nb\\" || got.UID[procfs.Effective] != 5 || len(got.Groups) != 2 ||
		len(got.NSpid) != 2 || got.RSS != 8*procfs.KiB || got.Sigs != sigs || !got.NoNewPrivs || got.Seccomp != -1 {
		t.Errorf("Status(37) = %+v, %v", got, err)
	}
	if _, err := tree.FS().Status(38); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("Status(38) = %v, want ErrGone", err)
	}
}

func TestStatusOfManyGroups(t *testing.T) {
	tree := proctest.New(t)
	groups := make([]uint32, 65536) // what setgroups(2) allows
	for i := range groups {
		groups[i] = 4_000_000_000 + uint32(i)
	}
	tree.Process(proctest.Process{PID: 1, Groups: groups, Sigs: procfs.Signals{Caught: 1}})
	got, err := tree.FS().Status(1)
	if err != nil || !reflect.DeepEqual(got.Groups, groups) || got.Sigs.Caught != 1 {
		t.Errorf("Status(1) has %d groups, caught %v, %v, want %d, SIGHUP", len(got.Groups), got.Sigs.Caught, err, len(groups))
	}
}

func TestStatusParseAllocatesNothing(t *testing.T) {
	text := []byte(strings.Replace(kernelStatus, `a\nb\\c`, "nginx", 1))
	var s procfs.Status
	if got := testing.AllocsPerRun(10, func() { _ = s.Parse(text) }); got != 0 {
		t.Errorf("Status.Parse allocates %v times, want 0", got)
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte(kernelStatus))
	f.Add([]byte("Name:\t\\\nUid:\t1\n"))
	f.Add([]byte("SigCgt:\t" + strings.Repeat("f", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := procfs.ParseStatus(b)
		if err != nil && !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseStatus(%q) = %v, want ErrFormat", b, err)
		}
		if !s.Sigs.Known && s.Sigs != (procfs.Signals{}) {
			t.Errorf("ParseStatus(%q) = %+v, unknown and not empty", b, s.Sigs)
		}
	})
}

func BenchmarkParseStatus(b *testing.B) {
	text := []byte(kernelStatus)
	var s procfs.Status
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
