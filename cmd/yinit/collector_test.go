package main

import (
	"runtime"
	"testing"
)

// TestCollector: the heap is collected before the read in which it would come near its goal.
// It is not before the first read: how much a read allocates is not known yet.
func TestCollector(t *testing.T) {
	var c collector
	for i, read := range []struct {
		allocated, heap uint64
		due             bool
	}{
		{allocated: 800, heap: 800},
		{allocated: 820, heap: 820},
		{allocated: 840, heap: 840},
		{allocated: 860, heap: 860, due: true},
		{allocated: 900, heap: 500},
	} {
		if got := c.due(&runtime.MemStats{TotalAlloc: read.allocated, HeapAlloc: read.heap, NextGC: 1000}); got != read.due {
			t.Errorf("before read %d of %+v a collection is due: %t, want %t", i, read, got, read.due)
		}
	}
}
