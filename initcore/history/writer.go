package history

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

const (
	// memfdName is the name that readers search for in /proc/[pid]/fd.
	memfdName = "yinit-history"
	// ownName is the name of a ring that [Open] must not find.
	ownName = "yinit-watch"
)

// An Origin describes the writer of a ring, for its [Header].
type Origin struct {
	Program string           // name and version
	PID     int              // its pid in its own PID namespace
	Start   procfs.Ticks     // its start time since boot
	Watch   time.Duration    // interval between its scans for new processes; 0: none
	Relay   Relay            // which signals it forwards; zero if it is not an init
	Blocked procfs.SignalSet // blocked when it was started
	Ignored procfs.SignalSet // ignored when it was started
}

// A Writer appends records to a ring. Only one goroutine may use it. After it was
// created it does not allocate, takes no lock, and makes one system call per 128
// records. All methods except Reader accept a nil Writer and do nothing, so that the
// init can run without a ring if there is no memory for one.
type Writer struct {
	mem    []byte // the ring
	fd     int
	mapped bool          // mem is a mapping of fd, not memory of a test
	broken bool          // writing to the mapping has failed
	next   uint64        // number of the next record
	areas  [areas]uint64 // by area: number in it of the last record
	run    uint16        // number of this run, from 1
	began  time.Time     // when it began
	last   *LastRun      // the run before this one; nil: there was none
	runs   []Run         // the last runs before this one
	file   *fileCopy     // the file into which the ring is copied; nil: none

	// exits is a ring of the last exits of this run, for those who ask often.
	exits [ExitsKept]Record
	ended int // exits of this run so far
}

// ExitsKept is the maximum number of exits that [Writer.LastExits] returns.
const ExitsKept = 16

// Create creates a ring in a sealed memfd: no other process can write to it, map it
// for writing or change its size, see memfd_create(2).
func Create(o Origin, now time.Time) (*Writer, error) { return create(memfdName, o, now) }

// CreateOwn creates a ring as [Create] does, for a process that is not an init and
// reads the ring itself with [Writer.Reader]. [Open] does not find it.
func CreateOwn(o Origin, now time.Time) (*Writer, error) { return create(ownName, o, now) }

func create(name string, o Origin, now time.Time) (*Writer, error) {
	w, err := newWriter(name)
	if err != nil {
		return nil, err
	}
	w.begin(o, now)
	return w, nil
}

// sealed is the seals of a ring: no other process can write to it or change its size,
// and none can take the seals away.
const sealed = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL

// newWriter returns a Writer of a sealed memfd with this name, which has no header yet.
func newWriter(name string) (*Writer, error) {
	fd, err := memfd(name)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	mem, err := mapRing(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	w := &Writer{mem: mem, fd: fd, mapped: true, next: 1, run: 1}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, sealed); err != nil {
		// Better no history than one that other processes could have written.
		w.Close()
		return nil, fmt.Errorf("sealing the history (needs Linux 5.1): %w", err)
	}
	return w, nil
}

// unshared returns a Writer of memory that no other process can read.
func unshared() (*Writer, error) {
	mem, err := unix.Mmap(-1, 0, ringSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return &Writer{mem: mem, fd: -1, mapped: true, next: 1, run: 1}, nil
}

// memfd creates the file. Since Linux 6.3 sysctl vm.memfd_noexec=2 makes the kernel
// refuse an executable memfd; older kernels do not know the flag and return EINVAL.
func memfd(name string) (int, error) {
	flags := unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags)
	}
	return fd, err
}

func mapRing(fd int) ([]byte, error) {
	if err := unix.Ftruncate(fd, ringSize); err != nil {
		return nil, fmt.Errorf("ftruncate: %w", err)
	}
	mem, err := unix.Mmap(fd, 0, ringSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return mem, nil
}

// begin writes the header. It writes the magic last, so that a concurrent reader
// finds no ring rather than half of one.
func (w *Writer) begin(o Origin, now time.Time) {
	w.began = now
	defer w.recoverFault()
	putLayout(w.mem)
	le.PutUint64(w.mem[offStarted:], uint64(now.UnixNano()))
	le.PutUint64(w.mem[offEnded:], 0)
	le.PutUint64(w.mem[offInitStart:], uint64(o.Start))
	le.PutUint32(w.mem[offInitPID:], uint32(o.PID))
	le.PutUint32(w.mem[offRun:], uint32(w.run))
	le.PutUint32(w.mem[offWatchMS:], uint32(o.Watch.Milliseconds()))
	clear(w.mem[offProgram : offProgram+lenProgram])
	copy(w.mem[offProgram:offProgram+lenProgram], o.Program)
	copy(w.mem[offRelay:offRelay+lenRelay], o.Relay[1:])
	le.PutUint64(w.mem[offBlocked:], uint64(o.Blocked))
	le.PutUint64(w.mem[offIgnored:], uint64(o.Ignored))
	w.store(offWritten, w.next-1)
	le.PutUint32(w.mem[offSources:], 0)
	w.writeRuns()
	copy(w.mem[offMagic:], magic)
}

// putLayout writes the numbers into a header that say how the ring is laid out.
func putLayout(header []byte) {
	le.PutUint32(header[offVersion:], version)
	le.PutUint32(header[offHeaderSize:], headerSize)
	le.PutUint32(header[offRecordSize:], recordSize)
	le.PutUint32(header[offCapacity:], Capacity)
	for area, slots := range slotsOf {
		le.PutUint32(header[entryOf(area)+offSlots:], slots)
	}
}

// unmapEvery is the number of records after which Add unmaps the written pages.
const unmapEvery = 128

// Add appends r to the ring and sets r.Seq.
func (w *Writer) Add(r *Record) {
	if w == nil {
		return
	}
	if r.Kind == KindExit && !r.Inspector && !r.Foreign {
		kept := &w.exits[w.ended%ExitsKept]
		*kept = *r
		kept.Seq, kept.Run = w.next, int(w.run)
		w.ended++
	}
	if w.broken {
		return
	}
	defer w.recoverFault()
	r.Seq = w.next
	w.next++
	area := r.area()
	number, entry := w.areas[area]+1, entryOf(area)
	w.areas[area] = number
	slot := slotAt(area, (number-1)%uint64(slotsOf[area]))
	w.store(entry+offWriting, number)
	encode(w.mem[slot:slot+recordSize], r, w.run, number)
	w.store(entry+offAreaWritten, number)
	w.store(offWritten, r.Seq)
	if w.mapped && r.Seq%unmapEvery == 0 {
		// The pages stay in the memfd. In our address space they would only add to
		// the resident set size of the init.
		_ = unix.Madvise(w.mem, unix.MADV_DONTNEED) // only advice
	}
	w.file.changed()
}

// recoverFault stops writing to a ring for which the kernel has no memory. Access to
// the mapping then raises SIGBUS, which is a panic in a goroutine that has called
// [debug.SetPanicOnFault].
func (w *Writer) recoverFault() {
	if recover() != nil {
		w.broken = true
	}
}

// End writes into the header that the init ended at now.
func (w *Writer) End(now time.Time) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		w.store(offEnded, uint64(now.UnixNano()))
		w.file.changed()
	}
}

// Close unmaps and closes the ring. Readers that have it open can still read it.
func (w *Writer) Close() {
	if w != nil {
		w.file.stop()
		_, _ = unix.Munmap(w.mem), unix.Close(w.fd) // cannot fail: the Writer owns both
	}
}

// Reader returns a Reader of the ring that w writes. The caller may use it at the
// same time as w and after w is closed, and must close it.
func (w *Writer) Reader() (*Reader, error) {
	fd, err := unix.FcntlInt(uintptr(w.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("fcntl: %w", err)
	}
	return NewReader(os.NewFile(uintptr(fd), ownName))
}

// Missed adds n to the processes and threads that started and ended unseen.
func (w *Writer) Missed(n uint64) {
	if w != nil && !w.broken && n > 0 {
		defer w.recoverFault()
		w.store(offMissed, le.Uint64(w.mem[offMissed:])+n)
		w.file.changed()
	}
}

// Unwatched adds n to the processes that were seen but are not watched.
func (w *Writer) Unwatched(n uint64) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		w.store(offUnwatched, le.Uint64(w.mem[offUnwatched:])+n)
		w.file.changed()
	}
}

// store writes the number at an aligned offset atomically.
func (w *Writer) store(off int, v uint64) {
	atomic.StoreUint64(at(w.mem, off), v)
}

// at returns the number at an aligned offset of a ring.
func at(ring []byte, off int) *uint64 { return (*uint64)(unsafe.Pointer(&ring[off])) }

// LastExits returns the last n exits of this run, but not more than [ExitsKept],
// oldest first, without those of yinit's commands and of other containers. It does not read the ring, so it works even if there was no memory for that.
func (w *Writer) LastExits(n int) []Record {
	if w == nil {
		return nil
	}
	n = min(n, w.ended, ExitsKept)
	list := make([]Record, 0, n)
	for i := w.ended - n; i < w.ended; i++ {
		list = append(list, w.exits[i%ExitsKept])
	}
	return list
}

// Err reports why records may be missing from the ring; nil if no write has failed.
func (w *Writer) Err() error {
	if w == nil || !w.broken {
		return nil
	}
	return errors.New("there was no memory for it")
}
