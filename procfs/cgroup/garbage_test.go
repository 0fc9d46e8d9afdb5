//go:build !race

// The race detector moves all memory that a system call writes to the heap.

package cgroup

import (
	"runtime"
	"testing"

	"yinit/procfs"
)

// TestOOMKillsGarbage: the init counts in each scan, so that a buffer on the heap would fill
// it. Only names are allocated.
func TestOOMKillsGarbage(t *testing.T) {
	const calls, most = 100, 256
	g := Find(procfs.FS{}, "self", "")
	read := func() bool { _, ok := g.OOMKills(); return ok }
	if !read() { // The root of version 2 has no memory.events.
		read = func() bool { _, ok := g.unified.keyed("cpu.stat", "usage_usec"); return ok }
	}
	if !read() {
		t.Fatal("neither memory.events nor cpu.stat can be read")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		read()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / calls; each > most {
		t.Errorf("a call allocates %d bytes, want at most %d", each, most)
	}
}
