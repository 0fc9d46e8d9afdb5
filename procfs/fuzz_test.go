package procfs

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// FuzzEntries checks that for any result of getdents64(2) the parser terminates and
// returns only positive numbers.
func FuzzEntries(f *testing.F) {
	entry := func(name string, length int) []byte {
		b := make([]byte, 19, 64)
		binary.NativeEndian.PutUint16(b[16:], uint16(length))
		return append(append(b, name...), 0)
	}
	f.Add(entry("37", 22))
	f.Add(slices.Concat(entry("1", 21), entry("self", 24), entry("-3", 22)))
	f.Add(entry("37", 0))
	f.Add(entry("37", 65535))
	f.Add([]byte{})
	if dir, err := os.Open("/proc"); err == nil {
		buf := make([]byte, 4096)
		if n, err := syscall.ReadDirent(int(dir.Fd()), buf); err == nil {
			f.Add(buf[:n])
		}
		_ = dir.Close()
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := appendNumericEntries([]int{7}, b)
		if got[0] != 7 || slices.ContainsFunc(got, func(n int) bool { return n <= 0 }) || len(got) > 1+len(b)/20 {
			t.Errorf("appendNumericEntries(%q) = %v", b, got)
		}
	})
}

func FuzzMountOptions(f *testing.F) {
	f.Add([]byte("mnt_id:\t26\n"), []byte("26 1 0:21 / /proc rw,relatime shared:5 - proc proc rw,hidepid=2\n"))
	f.Add([]byte("pos:\t0\nmnt_id:\t2"), []byte("2 - \n"))
	f.Fuzz(func(t *testing.T, info, mounts []byte) {
		if id, ok := mountID(info); ok {
			_, _ = mountOptions(mounts, id) // It must not panic.
		}
	})
}

func FuzzParseUptime(f *testing.F) {
	f.Add([]byte("12.34 56.78\n"))
	f.Add([]byte("9223372036.854775807"))
	f.Add([]byte("9223372036.854775808"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseUptime(b)
		if d < 0 || err != nil && (!errors.Is(err, ErrFormat) || d != 0) {
			t.Errorf("ParseUptime(%q) = %v, %v", b, d, err)
		}
		for _, start := range []Ticks{0, 1, 1 << 63, ^Ticks(0)} {
			if age := Age(d, start); age < 0 || age > d {
				t.Errorf("Age(%v, %d) = %v", d, start, age)
			}
		}
	})
}

// FuzzWaitStatus checks that the methods agree with each other.
func FuzzWaitStatus(f *testing.F) {
	for _, v := range []uint32{0, 1 << 8, 9, 0x8b, 0x7f, 0xffff, 0x137f, ^uint32(0)} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v uint32) {
		w := WaitStatus(v)
		if (w.ExitCode() < 0) != w.Signaled() || (w.Signal() != 0) != w.Signaled() || w.CoreDumped() && !w.Signaled() || w.Shell() < 0 || w.Shell() > 255 {
			t.Errorf("%#x: code %d, signal %d, core %v, shell %d", v, w.ExitCode(), w.Signal(), w.CoreDumped(), w.Shell())
		}
	})
}

// FuzzListeners checks that no table of sockets makes a parser panic, and that each
// address has its protocol.
func FuzzListeners(f *testing.F) {
	f.Add("tcp", []byte("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1 0 100 0 0 10 0\n"))
	f.Add("udp6", []byte("   0: 00000000000000000000000001000000:1F90 0:0 07 0:0 00:0 0 0 0 7\n"))
	f.Add("unix", []byte("0000000000000000: 00000002 00000000 00010000 0001 01    12 /run/a b.sock\n"))
	f.Fuzz(func(t *testing.T, table string, b []byte) {
		found := map[uint64]string{}
		addListeners(found, table, b)
		addUnixListeners(found, b)
		for inode, address := range found {
			if inode == 0 || !strings.Contains(address, " ") {
				t.Errorf("%d: %q", inode, address)
			}
		}
	})
}
