//go:build !race

// The race detector moves all memory that a system call writes to the heap.

package procfs_test

import (
	"testing"

	"yinit/procfs"
)

// TestPIDMaxGarbage: the init reads the limit in each scan.
func TestPIDMaxGarbage(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _, _ = procfs.FS{}.PIDMax() }); n != 0 {
		t.Errorf("PIDMax allocates %v times, want 0", n)
	}
}
