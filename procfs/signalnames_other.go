//go:build !mips && !mipsle && !mips64 && !mips64le

package procfs

import "syscall"

// oddSignal is the one that mips does not have.
const (
	oddSignal     = syscall.SIGSTKFLT
	oddSignalName = "STKFLT"
)
