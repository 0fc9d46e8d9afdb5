package pacct_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/pacct"
)

// record returns struct acct_v3 as the kernel of a machine with this byte order writes it.
func record(e binary.ByteOrder, version, flags byte, status uint32) []byte {
	b := make([]byte, pacct.Size)
	b[0], b[1] = flags, version
	e.PutUint32(b[4:], status)
	e.PutUint32(b[8:], 1000)
	e.PutUint32(b[16:], 37)
	e.PutUint32(b[20:], 12)
	e.PutUint32(b[24:], 1_000_000)
	e.PutUint32(b[28:], math.Float32bits(250)) // 2.5 s
	e.PutUint16(b[32:], 3)                     // 30 ms
	e.PutUint16(b[34:], 1<<13|2)               // 2 × 8 ticks: 160 ms
	e.PutUint16(b[42:], 2<<13|5)               // 5 × 64 faults
	copy(b[48:], "git")
	return b
}

func TestParse(t *testing.T) {
	whole := pacct.Record{
		PID: 37, PPID: 12, UID: 1000, Comm: "git", Known: true,
		End: time.Unix(1_000_002, 0), Elapsed: 2500 * time.Millisecond, CPU: 190 * time.Millisecond, MinorFaults: 320,
	}
	with := func(status procfs.WaitStatus, known bool) pacct.Record {
		r := whole
		r.Status, r.Known = status, known
		return r
	}
	for name, c := range map[string]struct {
		b    []byte
		want pacct.Record
	}{
		"exit 0":                       {record(binary.LittleEndian, 3, 0, 0), with(0, true)},
		"exit 7":                       {record(binary.LittleEndian, 3, 2, 7<<8), with(7<<8, true)},
		"big-endian":                   {record(binary.BigEndian, 0x83, 0, 7<<8), with(7<<8, true)},
		"signal":                       {record(binary.LittleEndian, 3, 0x10, 9), with(9, true)},
		"core":                         {record(binary.LittleEndian, 3, 0x18, 0x80|11), with(0x80|11, true)},
		"main thread, then a signal":   {record(binary.LittleEndian, 3, 0x10, 0), with(0, false)},
		"the record is followed by 64": {append(record(binary.LittleEndian, 3, 0, 0), make([]byte, 64)...), with(0, true)},
	} {
		got, err := pacct.Parse(c.b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, b := range map[string][]byte{
		"version 2": record(binary.LittleEndian, 2, 0, 0), "a part": record(binary.LittleEndian, 3, 0, 0)[:63], "nothing": nil,
	} {
		if r, err := pacct.Parse(b); !errors.Is(err, pacct.ErrFormat) {
			t.Errorf("%s: %+v, %v; want ErrFormat", name, r, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(record(binary.LittleEndian, 3, 0x10, 9))
	f.Add(record(binary.BigEndian, 0x83, 0, 7<<8))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := pacct.Parse(b)
		if err == nil && (r.Elapsed < 0 || r.CPU < 0 || strings.ContainsRune(r.Comm, 0) || len(r.Comm) > 16) {
			t.Errorf("Parse(%q) = %+v", b, r)
		}
	})
}

func TestPlaces(t *testing.T) {
	line := func(at, options, kind, super string) string {
		return "36 35 0:40 / " + at + " " + options + " shared:1 - " + kind + " none " + super + "\n"
	}
	root := line("/", "rw,relatime", "overlay", "rw,lowerdir=/a")
	shm := line("/dev/shm", "rw,nosuid", "tmpfs", "rw,size=65536k")
	for name, c := range map[string]struct{ mounts, want string }{
		"Docker":                       {root + shm, "/dev/shm"},
		"--ipc=none":                   {root + line("/dev", "rw,nosuid", "tmpfs", "rw"), "/dev/shm /dev"},
		"read-only root":               {line("/", "ro,relatime", "overlay", "rw") + shm, "/dev/shm"},
		"a disk only":                  {line("/", "rw", "ext4", "rw"), ""},
		"read-only file system":        {root + line("/dev/shm", "rw", "tmpfs", "ro"), ""},
		"tmpfs for /tmp":               {root + line("/tmp", "rw", "tmpfs", "rw"), "/tmp"},
		"all in memory, NFS below":     {line("/", "rw", "tmpfs", "rw") + line("/tmp", "rw", "nfs4", "rw") + line("/var", "rw", "nfs4", "rw"), "/dev/shm /run / /dev"},
		"FUSE as root":                 {line("/", "rw", "fuse.fuse-overlayfs", "rw"), ""},
		"the later mount is on top":    {root + shm + line("/dev/shm", "ro", "tmpfs", "rw"), ""},
		"a mount with a longer name":   {root + line("/dev/shm2", "rw", "tmpfs", "rw") + line("/runner", "rw", "tmpfs", "rw"), ""},
		"a line that is cut":           {shm + "36 35 0:40 / /tmp", "/dev/shm"},
		"a line without a file system": {shm + "36 35 0:40 / /tmp rw - ", "/dev/shm"},
	} {
		if s := strings.Join(pacct.Places(procfs.ParseMounts([]byte(c.mounts))), " "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
}
