package checkup

import (
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
)

// TestHealthOfThisMachine reads what there is.
func TestHealthOfThisMachine(t *testing.T) {
	h := doctor.Health{MaxZombies: 1 << 20, OldAfter: time.Second, MaxPids: 100}
	if err := Health(&h, procfs.FS{}, cgroup.Find(procfs.FS{}, "self", "")); err != nil {
		t.Fatal(err)
	}
	if len(h.Reasons()) != 0 || h.Old > h.Zombies {
		t.Errorf("%+v: %s", h, h.Text())
	}
	if err := Health(&h, procfs.New(t.TempDir()), cgroup.Group{}); err == nil {
		t.Error("a directory without processes is healthy, want an error")
	}
}

// BenchmarkHealth is the work of one health check, without the start of the program.
func BenchmarkHealth(b *testing.B) {
	group := cgroup.Find(procfs.FS{}, "self", "")
	b.ReportAllocs()
	for b.Loop() {
		h := doctor.Health{MaxZombies: 50, OldAfter: 10 * time.Second, MaxPids: 90}
		if err := Health(&h, procfs.FS{}, group); err != nil {
			b.Fatal(err)
		}
	}
}
