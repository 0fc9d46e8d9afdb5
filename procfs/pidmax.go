package procfs

import (
	"bytes"
	"fmt"
)

// PIDMax reads /proc/sys/kernel/pid_max: pids are lower than this number, see
// proc_sys_kernel(5).
func (f FS) PIDMax() (int, error) {
	at := place{name: "sys/kernel/pid_max"}
	b, err := f.read(at, make([]byte, 0, 32), smallFile)
	if err != nil {
		return 0, err
	}
	n, ok := parseInt(bytes.TrimSuffix(b, []byte{'\n'}))
	if !ok || n < 1 {
		return 0, f.wrap(at, fmt.Errorf("pid_max: %w", ErrFormat))
	}
	return n, nil
}
