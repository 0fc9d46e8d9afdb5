package early

import (
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ring holds the signals that have arrived. It is memory of the process, where no
// other process can take a signal out or put one in, as root could through /proc/PID/fd
// if it were a pipe. Several handlers may write at once, on different threads; only the
// loop reads.
//
// A handler reserves a place by incrementing tail, and the signal is complete when its
// seq is the number of that place plus one. The reader waits for the oldest place: it
// returns no later signal before, even if that is complete.
// The kernel queues only real-time signals, and the handler blocks those early, see
// realTimeRoom. So the ring needs few places.
const ringSize = 512 // a power of two

// realTimeRoom is how many unread signals the ring holds when the handler begins to block
// the real-time signals, so that the kernel queues them. When it delivers one of a long
// queue, which takes up to a millisecond, it delivers the next one before the thread goes
// on. So the reader would run only once the ring is full, and find a SIGTERM behind all
// that. On a busy machine 64 of them took seconds.
const realTimeRoom = 8

var (
	ring [ringSize]Info
	tail uint64 // number of places that were reserved, ever
	head uint64 // number of signals that were read, ever

	// bell is an eventfd(2), to which a handler writes one after its signal is complete;
	// -1: there is none yet. A descriptor of that kind cannot be opened through /proc.
	bell = int32(-1)
	one  = uint64(1)
)

// open creates the descriptor that becomes readable when a signal arrives.
func (f *Feed) open() error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("eventfd2", err)
	}
	f.fd = fd
	atomic.StoreInt32(&bell, int32(fd))
	return nil
}

// FD returns the descriptor that becomes readable when a signal arrives.
func (f *Feed) FD() int { return f.fd }

// Read moves signals into buf and returns their number. It never blocks. Fewer than
// fit means that no more have arrived. If it is as many as fit, the descriptor may be
// unreadable although there are more. It lets the kernel deliver more of the real-time
// signals that it has queued only if buf is not full, so a caller for which time matters
// should pass room for few. Before Read returns a SIGCHLD, it lets the next
// one through, so a caller that reaps all children after Read misses no death.
func (f *Feed) Read(buf []Info) int {
	n := f.take(buf)
	for n < len(buf) {
		n += takeKept(buf[n:])
		if atomic.LoadUint64(&kept) != 0 || atomic.SwapUint32(&choked, 0) == 0 {
			break
		}
		// Now the kernel delivers the signals that it has queued because the ring was
		// full. The caller must get them before it reaps the program that sent them.
		setMask(&none)
		n += f.take(buf[n:])
	}
	heard(buf[:n])
	return n
}

// heard lets the next SIGCHLD through if one is among the signals.
func heard(infos []Info) {
	for _, info := range infos {
		if info.Signal == int32(unix.SIGCHLD) {
			atomic.StoreUint32(&dead, 0)
		}
	}
}

// take moves signals from the ring into buf and returns their number. It makes the
// descriptor unreadable first, so that a signal which arrives later makes it readable.
// [Feed.Sleep] calls it between entersyscall and exitsyscall.
//
//go:nosplit
//go:norace
func (f *Feed) take(buf []Info) (n int) {
	var count uint64
	// An error means that no handler has written. EINTR cannot occur, since it never
	// blocks.
	unix.RawSyscall(unix.SYS_READ, uintptr(f.fd), uintptr(unsafe.Pointer(&count)), unsafe.Sizeof(count))
	at := atomic.LoadUint64(&head)
	for ; n < len(buf); n++ {
		place := &ring[at%ringSize]
		if atomic.LoadUint32(&place.seq) != uint32(at+1) {
			break
		}
		buf[n] = *place
		buf[n].seq = 0
		at++
	}
	atomic.StoreUint64(&head, at) // now handlers may write to these places again
	return n
}

// takeKept moves the signals for which the ring had no room into buf. A handler may run
// at any time, on this or another thread. It does not write a slot while the slot's bit
// in claimed is set, so a slot cannot change while it is read. A signal of the same
// number that arrives meanwhile merges with this one, which is still unhandled.
func takeKept(buf []Info) int {
	n := 0
	for sig := 1; sig <= 64 && n < len(buf) && atomic.LoadUint64(&kept) != 0; sig++ {
		bit := uint64(1) << (sig - 1)
		if atomic.LoadUint64(&kept)&bit == 0 {
			continue
		}
		buf[n] = slots[sig]
		buf[n].seq = 0
		atomic.AndUint64(&kept, ^bit)
		atomic.AndUint64(&claimed, ^bit)
		n++
	}
	return n
}
