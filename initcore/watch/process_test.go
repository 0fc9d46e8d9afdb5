package watch

import (
	"testing"
	"unsafe"
)

// TestProcessSize: a burst of processes must not make the heap so large that it is
// collected.
func TestProcessSize(t *testing.T) {
	const most = 240
	if got := unsafe.Sizeof(process{}); got > most {
		t.Errorf("a process takes %d bytes, want %d at most", got, most)
	}
}
