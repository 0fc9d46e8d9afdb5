//go:build mips || mipsle || mips64 || mips64le

package procfs

import "syscall"

// oddSignal is the signal that only mips has.
const (
	oddSignal     = syscall.SIGEMT
	oddSignalName = "EMT"
)
