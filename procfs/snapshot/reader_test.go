package snapshot

import (
	"testing"

	"yinit/procfs"
)

// BenchmarkSnapshot reads the processes of the machine as top does at each refresh.
func BenchmarkSnapshot(b *testing.B) {
	r := NewReader(procfs.FS{}, Options{})
	defer r.Close()
	count := 0
	for range 2 {
		snap, err := r.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		count = len(snap.Procs)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Snapshot(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000/float64(count), "us/process")
}
