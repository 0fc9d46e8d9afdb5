package initcore

import (
	"testing"

	"yinit/procfs"
)

func TestOOMShare(t *testing.T) {
	for limit, want := range map[procfs.Bytes]int{
		0:                   0, // no limit
		procfs.MiB:          1000,
		3 * procfs.MiB:      1000,
		16 * procfs.MiB:     188,
		64 * procfs.MiB:     47,
		1024 * procfs.MiB:   3,
		102400 * procfs.MiB: 1,
	} {
		if got := oomShare(limit); got != want {
			t.Errorf("oomShare(%d MiB) = %d, want %d", limit/procfs.MiB, got, want)
		}
	}
}
