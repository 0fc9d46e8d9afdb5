package procfs

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"syscall"
)

// SignalSetAt reads a signal set at address in the memory of a process, see
// proc_pid_mem(5). It requires the right to trace the thread; without it the error
// matches [io/fs.ErrPermission].
func (f FS) SignalSetAt(pid, tid int, address uint64) (SignalSet, error) {
	at := place{pid: pid, tid: tid, name: "mem"}
	if address > math.MaxInt64 {
		return 0, f.wrap(at, ErrFormat)
	}
	var onStack [96]byte
	fd, err := openAt(atCWD, appendPath(onStack[:0], f.Root(), f.outside(at)), syscall.O_RDONLY)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	defer func() { _ = syscall.Close(fd) }() // Nothing was written, so nothing can be lost.
	var set [8]byte
	n, err := syscall.Pread(fd, set[:], int64(address))
	for err == syscall.EINTR {
		n, err = syscall.Pread(fd, set[:], int64(address))
	}
	if err != nil {
		return 0, f.wrap(at, err)
	}
	if n < len(set) {
		return 0, f.wrap(at, fmt.Errorf("%d bytes: %w", n, ErrFormat))
	}
	return signalsOfBytes(set), nil
}

// signalsOfBytes decodes the kernel's sigset_t, an array of unsigned long.
func signalsOfBytes(b [8]byte) SignalSet {
	if strconv.IntSize == 64 {
		return SignalSet(binary.NativeEndian.Uint64(b[:]))
	}
	return SignalSet(binary.NativeEndian.Uint32(b[:])) | SignalSet(binary.NativeEndian.Uint32(b[4:]))<<32
}
