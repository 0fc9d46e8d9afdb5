package watch

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs/pacct"
)

// TestQueue: what comes out of a queue is what was put in, in this order.
func TestQueue(t *testing.T) {
	var q queue
	defer q.clear()
	record := func(pid int) waiting {
		return waiting{
			Record: pacct.Record{
				PID: pid, PPID: 1, UID: 4294967294, Comm: "fifteen bytes..", Status: 0x0b00, Known: true, End: time.Unix(1_700_000_000, 0),
				Elapsed: 2500 * time.Millisecond, CPU: 10 * time.Millisecond, MinorFaults: 1 << 33,
			},
			at: time.Unix(1_700_000_000, 5), parent: "sh", since: 3, tried: 4,
		}
	}
	for pid := range maxLater {
		r := record(pid)
		if !q.push(&r) {
			t.Fatalf("no room for record %d", pid)
		}
	}
	if r := record(0); q.push(&r) {
		t.Errorf("there was room for more than %d", maxLater)
	}
	q.filter(func(p *packed) bool { return p.pid%2 == 1 })
	next := 1
	q.filter(func(p *packed) bool {
		if diff := cmp.Diff(record(next), q.unpack(p), cmp.AllowUnexported(waiting{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		next += 2
		return false
	})
	if q.n != 0 || next != maxLater+1 {
		t.Errorf("%d are left, and the next is %d; want 0 and %d", q.n, next, maxLater+1)
	}
	if q.release(); q.mem != nil {
		t.Error("the memory was not released")
	}
	bare := waiting{Record: pacct.Record{PID: 7, End: time.Unix(1, 0)}}
	q.push(&bare)
	if diff := cmp.Diff(bare, q.unpack(&q.all[0]), cmp.AllowUnexported(waiting{})); diff != "" {
		t.Errorf("a record without names: -want +got:\n%s", diff)
	}
	if q.release(); q.mem == nil || q.n != 1 {
		t.Error("release has dropped a record")
	}
}
