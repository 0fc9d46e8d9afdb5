package procfs

import (
	"slices"
	"testing"
)

// TestMountLines: fields are found behind any number of optional fields, paths are decoded,
// and lines that are not whole are left out.
func TestMountLines(t *testing.T) {
	const text = `31 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
36 35 98:0 /mnt1 /mnt\0402\134 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue

37 35 98:0 / /x rw
38 35 98:0 / /y rw - ext4
39 35 98:0 / /z rw - proc proc rw`
	want := []MountLine{
		{ID: "31", Parent: "23", Root: "/", Point: "/sys/fs/cgroup", Options: "ro,nosuid", Kind: "tmpfs", Super: "ro,mode=755"},
		{ID: "36", Parent: "35", Root: "/mnt1", Point: `/mnt 2\`, Options: "rw,noatime", Kind: "ext3", Super: "rw,errors=continue"},
		{ID: "39", Parent: "35", Root: "/", Point: "/z", Options: "rw", Kind: "proc", Super: "rw"},
	}
	if got := slices.Collect(MountLines([]byte(text))); !slices.Equal(got, want) {
		t.Errorf("MountLines returns %+v\nwant %+v", got, want)
	}
	for m := range MountLines([]byte(text)) {
		if m.ID != "31" {
			t.Errorf("the loop was left at the first line, and got %+v", m)
		}
		break
	}
}

// BenchmarkMountLines reads as many mounts as a container has.
func BenchmarkMountLines(b *testing.B) {
	var text []byte
	for range 30 {
		text = append(text, "36 35 98:0 /docker/0123456789abcdef /sys/fs/cgroup/memory rw,noatime master:1 - cgroup cgroup rw,memory\n"...)
	}
	for b.Loop() {
		for range MountLines(text) {
		}
	}
}
