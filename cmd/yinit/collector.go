package main

import "runtime"

// A collector collects the garbage before a read of all processes if the heap would reach its
// goal during the read. A collection at that time finds the rows of the last read in use as
// well as the new ones, and takes for used what is allocated while it runs.
type collector struct {
	allocated uint64 // bytes that the program had allocated at the last read
}

// beforeRead is called before each read.
func (c *collector) beforeRead() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if c.due(&m) {
		runtime.GC()
	}
}

// due reports whether the heap would come near its goal, where the runtime begins a
// collection, if as much is allocated until the next read as since the last one.
func (c *collector) due(m *runtime.MemStats) bool {
	first, since := c.allocated == 0, m.TotalAlloc-c.allocated
	c.allocated = m.TotalAlloc
	return !first && m.HeapAlloc+since > m.NextGC/8*7
}
