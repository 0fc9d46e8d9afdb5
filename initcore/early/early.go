package early

//lint:file-ignore U1000 the assembly uses what nobody else seems to

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the assembly reads and writes. It holds no pointers into the heap, so the
// collector need not know.
var (
	entered  uint64    // entry ran, before the runtime
	released uint64    // Release was called
	mask     uint64    // the inherited signal mask
	none     uint64    // the empty set
	ignored  uint64    // the signals that the parent had ignored
	closed   uint64    // which of the descriptors 0 to 2 were closed
	nofile   [2]uint64 // RLIMIT_NOFILE, soft and hard
	as       [2]uint64 // RLIMIT_AS, as it was inherited
	asHere   [2]uint64 // and as it was changed; zero: it was not
	nproc    [2]uint64 // RLIMIT_NPROC, and what else threads reads
	narrowed uint32    // entry set GOMAXPROCS
	gate     uint32    // lets the threads of the trial end
	claimed  uint64    // slots that a handler writes or has written
	kept     uint64    // slots that are complete: signals that found no room in the pipe
	choked   uint32    // the pipe was full, so the real-time signals are blocked
	realTime = ^uint64(1<<(rtMin-1) - 1)
	dead     uint32 // SIGCHLD came since the last Read
	pid      int32  // our own
	pipeFD   = [2]int32{-1, -1}
	hookAt   *uintptr      // the runtime's variable that holds the address of hook
	hookWas  uintptr       // and what it held before
	previous [65]sigaction // what would be installed without our handlers: the runtime's
	faulty   sigaction     // how hook installs fault
	slots    [65]Info      // one for each signal in kept

	// How entry installs handler.
	action = sigaction{flags: ourFlags, mask: ^uint64(0)}

	installed uint64 // the signals that have our handlers
)

// What the Go runtime needs for its start. Where there is less, entry refuses in
// one line what the runtime would do in a hundred.
var (
	// Measured with both: with a limit of 5 processes and threads it never starts, with
	// 6 sometimes, with 7 always; yinit takes one more for its program.
	threadsLeast = uint32(7) // beside the first one, and with the program; see also Spare
	noThreads    = "yinit: there may not be as many processes and threads as yinit needs, which is 8; raise the limit (docker update --pids-limit, ulimit -u), or look from the host with --pid or --proc\n"
	pidsMax      = [2]string{"/sys/fs/cgroup/pids.max\x00", "/sys/fs/cgroup/pids/pids.max\x00"}
	// Measured on amd64 with Go 1.26.8 and 1.27.4, GOMAXPROCS=1: the runtime never
	// starts with 650 MiB or less (1.27: 716 MiB), always with 750 to 1100 MiB, never
	// with 1200, and always with 1300 or more. With 800 MiB it started 40 times of 40.
	spaceLeast = uint64(800 << 20)
	spaceAmple = uint64(1500 << 20)
	// procs lets the runtime begin with one goroutine at a time, which saves threads,
	// memory and an eighth of the start.
	procs   = "GOMAXPROCS=1\x00"
	noSpace = "yinit: the Go runtime reserves 800 MiB of address space, which it does not use, and the limit is less; raise it: ulimit -v\n"
)

// The flags of sigaction(2), which x/sys/unix lacks.
const (
	siginfo = 0x4
	onStack = 0x08000000
	restart = 0x10000000

	ourFlags = siginfo | onStack | restart | restorerFlag
)

// sigIgn is SIG_IGN; SIG_DFL is 0.
const sigIgn = 1

// taken are the signals that get our handler: all but KILL and STOP, which
// nobody can catch, and the synchronous ones, which the kernel raises where a
// program has made an error.
const taken = ^uint64(1<<(unix.SIGKILL-1) | 1<<(unix.SIGSTOP-1) | 1<<(unix.SIGILL-1) | 1<<(unix.SIGTRAP-1) | 1<<(unix.SIGABRT-1) |
	1<<(unix.SIGBUS-1) | 1<<(unix.SIGFPE-1) | 1<<(unix.SIGSEGV-1) | 1<<(unix.SIGSYS-1))

// held is the same for the assembly, and what entry blocks until Take or Release.
var held = taken

// sigaction is the kernel's struct sigaction, see rt_sigaction(2).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// rtMin is the first real-time signal for the kernel, see signal(7).
const rtMin = 32

// siTkill is [Info.Code] of a signal that was sent by tgkill(2).
const siTkill = -6

// Info is the beginning of siginfo_t, see sigaction(2).
type Info struct {
	Signal int32
	Errno  int32
	Code   int32 // SI_USER, SI_QUEUE, SI_KERNEL ...
	_      int32
	PID    int32 // the sender; 0: outside the PID namespace, or the kernel; -1: unknown
	UID    uint32
	Value  uint64 // of sigqueue(3); for SIGCHLD the status
}

// Claimed reports whether the sender made up the contents of the siginfo_t, as
// sigqueue(3) lets it: pid and uid are what it says of itself. The kernel refuses
// a code of 0 or above and SI_TKILL from another process (rt_sigqueueinfo(2),
// pidfd_send_signal(2)), so these it has filled in itself.
//
//go:nosplit
func (i *Info) Claimed() bool { return i.Code < 0 && i.Code != siTkill }

// Own reports whether this process sent the signal to itself, as the kernel does
// with the SIGPIPE of a broken stderr. No other process can make a signal look so.
//
//go:nosplit
func (i *Info) Own() bool { return i.PID == pid && !i.Claimed() }

const infoSize = int(unsafe.Sizeof(Info{}))

// Inherited is what the process was started with.
type Inherited struct {
	Mask    uint64      // blocked signals, bit n-1 is signal n
	Ignored uint64      // ignored signals
	Nofile  unix.Rlimit // RLIMIT_NOFILE, before the runtime raised it
	Space   unix.Rlimit // RLIMIT_AS, before entry changed it; Max 0: it did not
	Closed  [3]bool     // descriptors 0 to 2 that were not open
	Exact   bool        // the process began in entry: all the others are complete
}

// A Feed is the descriptor from which signals are read.
type Feed struct {
	fd      int
	Inherit Inherited
	Layer   Layer // below Initialiser, Info does not say who sent a signal
}

// The main goroutine may leave the main thread as soon as the initialisers are
// done, and only there can it be held.
func init() { runtime.LockOSThread() }

// Take makes the main thread the one that signals prefer, and returns the feed.
// It must be called by the main goroutine, once.
func Take() (*Feed, error) {
	f := &Feed{Layer: layer, Inherit: Inherited{
		Mask: mask, Ignored: ignored, Nofile: unix.Rlimit{Cur: nofile[0], Max: nofile[1]}, Exact: entered != 0,
	}}
	if asHere[1] != 0 {
		f.Inherit.Space = unix.Rlimit{Cur: as[0], Max: as[1]}
	}
	for i := range f.Inherit.Closed {
		f.Inherit.Closed[i] = closed>>i&1 != 0
	}
	var err error
	switch {
	case layer == OSSignal:
		err = f.notify()
	case pipeFD[0] >= 0:
		f.fd = int(pipeFD[0])
	default:
		err = f.pipe()
	}
	setMask(&none) // what entry blocked is delivered now
	return f, err
}

// Environ is the environment that the process was started with. Until it is
// called, that of package os has what entry put into it.
func Environ() []string {
	if narrowed != 0 {
		_ = os.Unsetenv("GOMAXPROCS") // it fails for names that are none
	}
	return os.Environ()
}

// Widen lets two goroutines run at a time, for a role that reads and draws at
// once. A user who has set GOMAXPROCS has decided.
func Widen() {
	if narrowed != 0 {
		runtime.GOMAXPROCS(min(runtime.NumCPU(), 2))
	}
}

// Spare makes the runtime have n threads for goroutines, beside the main one, and
// returns when they are there; it keeps them for ever. It ends the process if it
// wants one where there may be none any more, so it is made to want them now.
func Spare(n int) {
	var here, free sync.WaitGroup
	done := make(chan struct{})
	here.Add(n)
	for range n {
		free.Go(func() {
			runtime.LockOSThread() // while it is held, nobody else can run on this thread
			here.Done()
			<-done
			runtime.UnlockOSThread()
		})
	}
	here.Wait()
	close(done)
	free.Wait()
}

func (f *Feed) pipe() error {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	f.fd = p[0]
	atomic.StoreInt32(&pipeFD[0], int32(p[0]))
	atomic.StoreInt32(&pipeFD[1], int32(p[1]))
	return nil
}

// FD is the descriptor that is readable when a signal has come.
func (f *Feed) FD() int { return f.fd }

// Read moves signals into buf and returns how many. It never blocks; 0 means
// that there is none. Before it returns a SIGCHLD, later deaths will send
// another one: whoever reaps after Read misses nobody.
func (f *Feed) Read(buf []Info) int {
	n := f.readPipe(buf)
	if n < len(buf) {
		n += takeKept(buf[n:])
		if atomic.LoadUint64(&kept) == 0 && atomic.SwapUint32(&choked, 0) != 0 {
			setMask(&none) // the kernel delivers those that it has queued meanwhile
		}
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

func (f *Feed) readPipe(buf []Info) int {
	if len(buf) == 0 {
		return 0
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), len(buf)*infoSize)
	n, _ := unix.Read(f.fd, bytes) // an error is no signal; it never blocks, so nothing interrupts it
	return max(n, 0) / infoSize    // writes of up to PIPE_BUF bytes are never torn
}

// takeKept moves the signals that found no room in the pipe. A handler may run at
// any time, here or on another thread. It leaves a slot alone while the bit in
// claimed is set, so nothing changes in a slot that is read; an equal signal that
// comes meanwhile merges with this one, which nobody has acted on yet.
func takeKept(buf []Info) int {
	n := 0
	for sig := 1; sig <= 64 && n < len(buf) && atomic.LoadUint64(&kept) != 0; sig++ {
		bit := uint64(1) << (sig - 1)
		if atomic.LoadUint64(&kept)&bit == 0 {
			continue
		}
		buf[n] = slots[sig]
		atomic.AndUint64(&kept, ^bit)
		atomic.AndUint64(&claimed, ^bit)
		n++
	}
	return n
}
