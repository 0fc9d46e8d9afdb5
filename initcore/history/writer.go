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
	// memfdName is what readers look for in /proc/[pid]/fd.
	memfdName = "yinit-history"
	// ownName is that of a ring which nobody shall find.
	ownName = "yinit-watch"
)

// Origin says who writes a ring.
type Origin struct {
	Program string // name and version
	PID     int
	Start   procfs.Ticks // of the init
	Watch   time.Duration
	Relay   procfs.Relay // none, if it is no init
}

// A Writer appends to a ring. It has one owner, allocates nothing after it was
// created, takes no lock, and makes a system call once in a hundred records. The
// methods of a nil Writer do nothing: where there is no memory for a ring the init goes on without.
type Writer struct {
	mem    []byte
	fd     int
	mapped bool   // mem is the file, not a test's
	broken bool   // the file is not what it was any more
	next   uint64 // the next record's number
	run    uint16

	// The last exits of this run, in turn: the ring may be cut short or overwritten.
	exits [ExitsKept]Record
	ended int // how many there were
}

// ExitsKept is how many exits [Writer.LastExits] knows at most.
const ExitsKept = 16

// Create makes a ring in a memfd that is sealed: from then on no other process
// can write it, map it for writing or change its size, see memfd_create(2).
func Create(o Origin, now time.Time) (*Writer, error) { return create(memfdName, o, now) }

// CreateOwn makes a ring as [Create] does, for a process that is no init and reads
// it itself, by [Writer.Reader]. [Open] does not find it.
func CreateOwn(o Origin, now time.Time) (*Writer, error) { return create(ownName, o, now) }

func create(name string, o Origin, now time.Time) (*Writer, error) {
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
	w.begin(o, now)
	seals := unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		// Better no history than one that anybody could have written.
		w.Close()
		return nil, fmt.Errorf("sealing the history (needs Linux 5.1): %w", err)
	}
	return w, nil
}

// memfd opens the file. Kernels since 6.3 may be told (sysctl vm.memfd_noexec=2)
// to refuse a memfd that could be executed, older ones do not know the flag.
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

// begin writes the header. The magic comes last: a reader that is faster finds
// no ring rather than half of one.
func (w *Writer) begin(o Origin, now time.Time) {
	defer w.survive()
	le.PutUint32(w.mem[offVersion:], version)
	le.PutUint32(w.mem[offHeaderSize:], headerSize)
	le.PutUint32(w.mem[offRecordSize:], recordSize)
	le.PutUint32(w.mem[offCapacity:], Capacity)
	le.PutUint64(w.mem[offStarted:], uint64(now.UnixNano()))
	le.PutUint64(w.mem[offEnded:], 0)
	le.PutUint64(w.mem[offInitStart:], uint64(o.Start))
	le.PutUint32(w.mem[offInitPID:], uint32(o.PID))
	le.PutUint32(w.mem[offRun:], uint32(w.run))
	le.PutUint32(w.mem[offWatchMS:], uint32(o.Watch.Milliseconds()))
	clear(w.mem[offProgram : offProgram+lenProgram])
	copy(w.mem[offProgram:offProgram+lenProgram], o.Program)
	copy(w.mem[offRelay:offRelay+lenRelay], o.Relay[1:])
	copy(w.mem[offMagic:], magic)
}

// unmapEvery is after how many records the pages written are let go.
const unmapEvery = 128

// Add appends r, whose Seq it sets.
func (w *Writer) Add(r *Record) {
	if w == nil {
		return
	}
	if r.Kind == KindExit {
		kept := &w.exits[w.ended%ExitsKept]
		*kept = *r
		kept.Seq, kept.Run = w.next, int(w.run)
		w.ended++
	}
	if w.broken {
		return
	}
	defer w.survive()
	r.Seq = w.next
	w.next++
	w.store(offWriting, r.Seq)
	slot := headerSize + int((r.Seq-1)%Capacity)*recordSize
	encode(w.mem[slot:slot+recordSize], r, w.run)
	w.store(offWritten, r.Seq)
	if w.mapped && r.Seq%unmapEvery == 0 {
		// The pages stay in the memfd. In our own address space they would only
		// look like memory that the init needs.
		_ = unix.Madvise(w.mem, unix.MADV_DONTNEED) // advice
	}
}

// survive gives the ring up when its file was cut short by somebody, or its disk
// is full: touching the mapping is a SIGBUS then, which is a panic in a goroutine
// that has called [debug.SetPanicOnFault].
func (w *Writer) survive() {
	if recover() != nil {
		w.broken = true
	}
}

// End notes that the init ends now.
func (w *Writer) End(now time.Time) {
	if w != nil && !w.broken {
		defer w.survive()
		w.store(offEnded, uint64(now.UnixNano()))
	}
}

// Close gives the memory back. Readers that have the ring open keep it.
func (w *Writer) Close() {
	if w != nil {
		_, _ = unix.Munmap(w.mem), unix.Close(w.fd) // neither can fail for what Create made
	}
}

// Reader reads what w writes. It may be used beside w, and after it was closed.
func (w *Writer) Reader() (*Reader, error) {
	fd, err := unix.FcntlInt(uintptr(w.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("fcntl: %w", err)
	}
	return NewReader(os.NewFile(uintptr(fd), ownName))
}

// Missed counts processes that came and went unseen.
func (w *Writer) Missed(n uint64) {
	if w != nil && !w.broken && n > 0 {
		defer w.survive()
		w.store(offMissed, le.Uint64(w.mem[offMissed:])+n)
	}
}

// Unwatched counts processes that were seen and are not watched.
func (w *Writer) Unwatched(n uint64) {
	if w != nil && !w.broken {
		defer w.survive()
		w.store(offUnwatched, le.Uint64(w.mem[offUnwatched:])+n)
	}
}

// store writes an aligned number in one piece.
func (w *Writer) store(off int, v uint64) {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&w.mem[off])), v)
}

// LastExits returns the last n exits of this run, oldest first, and [ExitsKept] at most.
// It does not read the ring, so it knows of them whatever became of a file.
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

// Err says why the ring cannot be what was written. It is nil for a ring that is whole.
func (w *Writer) Err() error {
	if w == nil || !w.mapped {
		return nil
	}
	var st unix.Stat_t
	switch err := unix.Fstat(w.fd, &st); {
	case err == nil && st.Size != ringSize:
		return fmt.Errorf("its file was cut short: it has %d bytes of %d", st.Size, ringSize)
	case w.broken:
		return errors.New("its file could not be written: it was cut short for a while, or its disk is full")
	}
	return nil
}
