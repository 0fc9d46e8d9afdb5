//go:build !mips && !mipsle && !mips64 && !mips64le

package procfs

import "syscall"

// oddSignal is the signal that all architectures but mips have.
const (
	oddSignal     = syscall.SIGSTKFLT
	oddSignalName = "STKFLT"
)
