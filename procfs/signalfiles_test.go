package procfs_test

import (
	"errors"
	"fmt"
	"testing"

	"yinit/procfs"
)

func TestParseSyscall(t *testing.T) {
	for text, want := range map[string]procfs.Syscall{
		"running\n": {Running: true},
		"running":   {Running: true},
		"128 0x7ffdd84d8a08 0x0 0x1 0x8 0x0 0x6 0x7ffdd84d89f8 0x4368e9\n": {Number: 128, Args: [6]uint64{0x7ffdd84d8a08, 0, 1, 8, 0, 6}},
		"-1 0x7ffdd84d89f8 0x4368e9\n":                                     {Number: -1},
		"0 0x0 0x0 0x0 0x0 0x0 0xffffffffffffffff 0x0 0x0\n":               {Args: [6]uint64{5: 1<<64 - 1}},
	} {
		if got, err := procfs.ParseSyscall([]byte(text)); err != nil || got != want {
			t.Errorf("ParseSyscall(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "\n", "128\n", "-1\n", "-1 0x1\n", "128 0x1 0x2 0x3 0x4 0x5 0x6 0x7\n", "128 1 2 3 4 5 6 7 8\n", "x 0x1 0x2\n",
		"128 0x7ffdd84d8a08 0x0 0x1 0x8 0x0 0x6 0x7ffdd84d89f8 0x43", "-1 0x1 0x2 0x3\n", "0 0x10000000000000000 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n",
	} {
		if got, err := procfs.ParseSyscall([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseSyscall(%q) = %+v, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestParseSignalFD(t *testing.T) {
	const head = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1057\n"
	for text, want := range map[string]procfs.SignalSet{
		head + "sigmask:\t0000000000004a03\n":                 0x4a03,
		"sigmask:\tffffffffffffffff\n":                        ^procfs.SignalSet(0),
		head + "sigmask:\t00000000000000000000000000000001\n": 1, // mips
	} {
		if got, err := procfs.ParseSignalFD([]byte(text)); err != nil || got != want {
			t.Errorf("ParseSignalFD(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", head, head + "sigmask:\t\n", head + "sigmask:\tx\n", head + "sigmask:\t0000000000004a0", "sigmask:\t1 2\n", "xsigmask:\t1\n"} {
		if got, err := procfs.ParseSignalFD([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseSignalFD(%q) = %v, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestParseCoreLimit(t *testing.T) {
	const head = "Limit                     Soft Limit           Hard Limit           Units     \n"
	line := func(soft string) string {
		return head + fmt.Sprintf("Max core file size        %-20s unlimited            bytes     \n", soft)
	}
	for text, want := range map[string]procfs.Bytes{line("0"): 0, line("1048576"): procfs.MiB, line("unlimited"): procfs.Unlimited} {
		if got, err := procfs.ParseCoreLimit([]byte(text)); err != nil || got != want {
			t.Errorf("ParseCoreLimit(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", head, line("-1"), line("x"), "Max core file size        12"} {
		if got, err := procfs.ParseCoreLimit([]byte(text)); !errors.Is(err, procfs.ErrFormat) {
			t.Errorf("ParseCoreLimit(%q) = %d, %v, want ErrFormat", text, got, err)
		}
	}
}

func TestParseSmallThings(t *testing.T) {
	for text, want := range map[string]string{"do_sigtimedwait": "do_sigtimedwait", "0": "", "": "", "ffffffff81": "", "0xffff\n": "", "pipe_read\n": "pipe_read"} {
		if got := procfs.ParseWchan([]byte(text)); got != want {
			t.Errorf("ParseWchan(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"|/usr/bin/apport %p": true, "core": false, "": false, "/tmp/|": false} {
		if got := procfs.ParseCorePattern([]byte(text)); got != want {
			t.Errorf("ParseCorePattern(%q) = %t, want %t", text, got, want)
		}
	}
}

func FuzzParseSyscall(f *testing.F) {
	f.Add([]byte("128 0x7ffdd84d8a08 0x0 0x1 0x8 0x0 0x6 0x7ffdd84d89f8 0x4368e9\n"))
	f.Add([]byte("running\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := procfs.ParseSyscall(b); err != nil && s != (procfs.Syscall{}) {
			t.Errorf("ParseSyscall(%q) = %+v beside %v", b, s, err)
		}
	})
}

func FuzzParseSignalFD(f *testing.F) {
	f.Add([]byte("pos:\t0\nsigmask:\t0000000000004a03\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := procfs.ParseSignalFD(b); err != nil && !s.Empty() {
			t.Errorf("ParseSignalFD(%q) = %v beside %v", b, s, err)
		}
	})
}

func FuzzParseCoreLimit(f *testing.F) {
	f.Add([]byte("Max core file size        unlimited            unlimited            bytes     \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := procfs.ParseCoreLimit(b); err != nil && n != 0 {
			t.Errorf("ParseCoreLimit(%q) = %d beside %v", b, n, err)
		}
	})
}

func FuzzParseWchan(f *testing.F) {
	f.Add([]byte("do_sigtimedwait"), []byte("|x"))
	f.Fuzz(func(_ *testing.T, wchan, pattern []byte) {
		procfs.ParseWchan(wchan)
		procfs.ParseCorePattern(pattern)
	})
}
