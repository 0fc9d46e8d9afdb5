package main

import (
	"encoding/binary"
	"os"
	"os/signal"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fakeRing claims to be an init named yinit: it has its name, catches the signals, and
// keeps a memfd that looks like its history. Then it sleeps.
//
//	honest    the header is right
//	unsealed  the memfd is not sealed
//	huge      it claims three million records, and that it has written 2^64-1
//	counts    it claims that it has written 2^64-1
//	other     it claims to be that of process 1
func fakeRing(kind, ready string) {
	signal.Notify(make(chan os.Signal, 1))
	name := []byte("yinit\x00")
	must(unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0))
	areas, size := []uint32{1000, 2000, 1085}, int64(4096+4085*384)
	written, pid, seals := uint64(0), os.Getpid(), unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_FUTURE_WRITE|unix.F_SEAL_SEAL
	switch kind {
	case "unsealed":
		seals = 0
	case "huge":
		areas, size, written = []uint32{1 << 20, 1 << 20, 1 << 20}, 4096+3<<20*384, 1<<64-1
	case "counts":
		written = 1<<64 - 1
	case "other":
		pid = 1
	}
	fd, err := unix.MemfdCreate("yinit-history", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	must(err)
	must(unix.Ftruncate(fd, size))
	le, b := binary.LittleEndian, make([]byte, 4096)
	copy(b, "YINITHST")
	for off, n := range map[int]uint32{8: 4, 12: 4096, 16: 384, 20: areas[0] + areas[1] + areas[2], 64: uint32(pid), 68: 1, 88: 1000} {
		le.PutUint32(b[off:], n)
	}
	le.PutUint64(b[32:], written)
	le.PutUint64(b[40:], uint64(time.Now().UnixNano()))
	copy(b[96:], "yinit fake")
	for i, slots := range areas {
		le.PutUint64(b[1024+24*i:], written)
		le.PutUint64(b[1024+24*i+8:], written)
		le.PutUint32(b[1024+24*i+16:], slots)
	}
	_, err = unix.Pwrite(fd, b, 0)
	must(err)
	_, err = unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	must(err)
	_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	must(err)
	must(os.WriteFile(ready, nil, 0o644))
	time.Sleep(time.Hour)
}
