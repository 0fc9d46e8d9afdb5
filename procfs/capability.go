package procfs

import (
	"math/bits"
	"strconv"
)

// The capabilities in the order of their numbers, see capabilities(7), without CAP_.
var capabilities = [...]string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
}

// CapabilityNames returns the names of the capabilities in a set such as
// [Status.CapEff], without CAP_, as container engines write them. A capability that is
// newer than Linux 5.9 is a number.
func CapabilityNames(set uint64) []string {
	var names []string
	for ; set != 0; set &= set - 1 {
		if n := bits.TrailingZeros64(set); n < len(capabilities) {
			names = append(names, capabilities[n])
		} else {
			names = append(names, strconv.Itoa(n))
		}
	}
	return names
}
