package procfs

import (
	"bytes"
	"encoding/binary"
	"syscall"
)

// readEntries is getdents64(2), retried if a signal interrupts it.
func readEntries(fd int, buf []byte) (int, error) {
	for tries := 0; ; tries++ {
		n, err := syscall.ReadDirent(fd, buf)
		if err != syscall.EINTR || tries == maxInterrupts {
			return max(n, 0), err
		}
	}
}

// appendNumericEntries appends the names in buf that are positive numbers. The format
// of an entry is linux_dirent64 of getdents64(2): inode and offset of 8 bytes each, 2
// bytes for the length of the entry, 1 for its type, and the NUL-terminated name.
func appendNumericEntries(dst []int, buf []byte) []int {
	const lengthAt, nameAt = 16, 19
	for len(buf) > nameAt {
		length := int(binary.NativeEndian.Uint16(buf[lengthAt:]))
		if length <= nameAt || length > len(buf) {
			return dst // The kernel does not do this; do not loop for ever.
		}
		name, _, _ := bytes.Cut(buf[nameAt:length], []byte{0})
		if n, ok := parseInt(name); ok && n > 0 {
			dst = append(dst, n)
		}
		buf = buf[length:]
	}
	return dst
}
