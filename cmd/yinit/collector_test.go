package main

import (
	"runtime"
	"testing"
)

// TestCollector: the heap is collected before the read in which it would reach its goal, and
// not before the first one, after which nobody knows how much a read allocates.
func TestCollector(t *testing.T) {
	var c collector
	for i, read := range []struct {
		allocated, heap uint64
		due             bool
	}{
		{allocated: 90, heap: 90},
		{allocated: 95, heap: 95},
		{allocated: 97, heap: 97},
		{allocated: 102, heap: 102, due: true},
		{allocated: 107, heap: 60},
	} {
		if got := c.due(&runtime.MemStats{TotalAlloc: read.allocated, HeapAlloc: read.heap, NextGC: 100}); got != read.due {
			t.Errorf("before read %d of %+v a collection is due: %t, want %t", i, read, got, read.due)
		}
	}
}
