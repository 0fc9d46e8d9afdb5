package procfs_test

import (
	"slices"
	"testing"

	"yinit/procfs"
)

func TestCapabilityNames(t *testing.T) {
	for set, want := range map[uint64][]string{
		0:             nil,
		1:             {"CHOWN"},
		1<<13 | 1<<19: {"NET_RAW", "SYS_PTRACE"},
		1<<40 | 1<<63: {"CHECKPOINT_RESTORE", "63"},
		1 << 21:       {"SYS_ADMIN"},
		1<<5 | 1<<7:   {"KILL", "SETUID"},
		1 << 34:       {"SYSLOG"},
	} {
		if got := procfs.CapabilityNames(set); !slices.Equal(got, want) {
			t.Errorf("CapabilityNames(%#x) = %q, want %q", set, got, want)
		}
	}
}
