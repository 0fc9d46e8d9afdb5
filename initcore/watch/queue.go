package watch

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/pacct"
)

// A queue holds waiting records, the oldest first. Its memory is not of the Go heap: a
// burst would make that so large that it is collected, which costs more than the queue,
// see heapAge in initcore.
type queue struct {
	all   []packed          // of maxLater; nil: none was needed yet
	mem   []byte            // the mapping that all is in
	n     int               // how many there are
	names map[string]string // the last ones, so that unpack need not allocate them
}

// maxNames is how many names a queue keeps.
const maxNames = 64

// packed is a waiting record without pointers.
type packed struct {
	since, tried uint64
	end          int64 // seconds since the Epoch
	at           int64 // nanoseconds since the Epoch; 0: unknown
	elapsed, cpu time.Duration
	faults       uint64
	pid, ppid    int32
	uid          uint32
	status       procfs.WaitStatus
	comm, parent name
	known        bool
}

// A name is a command name, with its length in the last byte: the name of a process has at
// most 15 bytes.
type name [16]byte

func (n *name) set(s string) { n[len(n)-1] = byte(copy(n[:len(n)-1], s)) }

// name returns n as a string.
func (q *queue) name(n *name) string {
	b := n[:n[len(n)-1]]
	if kept, ok := q.names[string(b)]; ok || len(b) == 0 {
		return kept
	}
	if q.names == nil {
		q.names = map[string]string{}
	}
	if len(q.names) >= maxNames {
		clear(q.names)
	}
	s := string(b)
	q.names[s] = s
	return s
}

func (p *packed) pack(r *waiting) {
	*p = packed{
		since: r.since, tried: r.tried, end: r.End.Unix(), elapsed: r.Elapsed, cpu: r.CPU, faults: r.MinorFaults,
		pid: int32(r.PID), ppid: int32(r.PPID), uid: r.UID, status: r.Status, known: r.Known,
	}
	if !r.at.IsZero() {
		p.at = r.at.UnixNano()
	}
	p.comm.set(r.Comm)
	p.parent.set(r.parent)
}

func (q *queue) unpack(p *packed) waiting {
	r := waiting{
		Record: pacct.Record{
			PID: int(p.pid), PPID: int(p.ppid), UID: p.uid, Comm: q.name(&p.comm), Status: p.status, Known: p.known,
			End: time.Unix(p.end, 0), Elapsed: p.elapsed, CPU: p.cpu, MinorFaults: p.faults,
		},
		parent: q.name(&p.parent), since: p.since, tried: p.tried,
	}
	if p.at != 0 {
		r.at = time.Unix(0, p.at)
	}
	return r
}

// push adds a record, and reports whether there was room.
func (q *queue) push(r *waiting) bool {
	if q.all == nil {
		const size = int(unsafe.Sizeof(packed{}))
		mem, err := unix.Mmap(-1, 0, maxLater*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
		if err != nil {
			return false
		}
		q.mem, q.all = mem, unsafe.Slice((*packed)(unsafe.Pointer(&mem[0])), maxLater)
	}
	if q.n == len(q.all) {
		return false
	}
	q.all[q.n].pack(r)
	q.n++
	return true
}

// filter keeps the records for which keep returns true, which must not push any.
func (q *queue) filter(keep func(*packed) bool) {
	kept := 0
	for i := range q.all[:q.n] {
		if keep(&q.all[i]) {
			if kept < i {
				q.all[kept] = q.all[i]
			}
			kept++
		}
	}
	q.n = kept
}

// release returns the memory of an empty queue to the kernel.
func (q *queue) release() {
	if q.n == 0 {
		q.clear()
	}
}

// clear drops all records.
func (q *queue) clear() {
	if q.mem != nil {
		_ = unix.Munmap(q.mem)
	}
	*q = queue{}
}
