package initcore

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestReadOnly: only pages that can be read from the file again are returned.
func TestReadOnly(t *testing.T) {
	const static = `00400000-00750000 r-xp 00000000 fe:00 12 /yinit
00750000-00a00000 r--p 00350000 fe:00 12 /yinit
00a00000-00a60000 rw-p 00600000 fe:00 12 /yinit
00a60000-00aa0000 rw-p 00000000 00:00 0
7f0000000000-7f0000175000 rw-s 00000000 00:01 77 /memfd:yinit-history (deleted)
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]
7ffc000fe000-7ffc00100000 r-xp 00000000 00:00 0 [vdso]
`
	for _, test := range []struct {
		name, maps string
		want       []addressRange
	}{
		{"a static program", static, []addressRange{{0x400000, 0x750000}, {0x750000, 0xa00000}}},
		{"a dynamic program", static + "7f1000000000-7f1000004000 r--p 00000000 fe:00 13 /lib/libc.so.6\n", nil},
		{"nothing", "", nil},
		{"lines that are cut short", "00400000-0075\n00400000-00750000 r-xp\n", nil},
		{"an address that is none", "xyz-00750000 r-xp 00000000 fe:00 12 /yinit\n", nil},
	} {
		if diff := cmp.Diff(test.want, readOnly([]byte(test.maps)), cmp.AllowUnexported(addressRange{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
	}
}

// TestHeapAge: the first collection of the heap is noticed, once.
func TestHeapAge(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	h, now := newHeapAge(), time.Now()
	later := func() time.Time { now = now.Add(ageInterval); return now }
	if h.check(later()) {
		t.Error("a collection was noticed before there was one")
	}
	runtime.GC()
	if h.check(now.Add(ageInterval / 2)) {
		t.Error("the object was looked for too often")
	}
	if !h.check(later()) || !h.old {
		t.Error("the first collection was not noticed")
	}
	runtime.GC()
	if h.check(later()) {
		t.Error("the second collection was taken for the first one")
	}
}
