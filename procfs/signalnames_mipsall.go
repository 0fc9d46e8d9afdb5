//go:build mips || mipsle || mips64 || mips64le

package procfs

import "syscall"

// oddSignal is the one that mips alone has.
const (
	oddSignal     = syscall.SIGEMT
	oddSignalName = "EMT"
)
