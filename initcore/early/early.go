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

// What the assembly fills in. It holds no pointers that the collector minds.
var (
	entered  uint64    // entry ran, before the runtime
	hooked   uint64    // the runtime called hook
	released uint64    // hook lets the runtime's handlers pass
	ready    uint64    // setup ran
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
	kept     uint64    // signals that found no room in the pipe
	choked   uint32    // the pipe was full, so the real-time signals are blocked
	realTime = ^uint64(1<<(rtMin-1) - 1)
	dead     uint32 // SIGCHLD came since the last Read
	pid      int32  // our own
	pipeFD   = [2]int32{-1, -1}
	original [65]sigaction // dispositions as they were inherited
	wanted   [65]sigaction // dispositions as the runtime wants them
	faulty   sigaction     // how fault is installed
	slots    [65]Info      // one for each signal in kept

	action = sigaction{flags: siginfo | onStack | restart | restorerFlag, mask: ^uint64(0)}
)

// What the Go runtime needs for its start. Where there is less, entry refuses in
// one line what the runtime would do in a hundred.
var (
	threadsLeast = uint32(7) // beside the first one, and with the program; see also Spare
	noThreads    = "yinit: there may not be as many processes and threads as yinit needs, which is 8; raise the limit (docker update --pids-limit, ulimit -u), or look from the host with --pid or --proc\n"
	pidsMax      = [2]string{"/sys/fs/cgroup/pids.max\x00", "/sys/fs/cgroup/pids/pids.max\x00"}
	// Measured with Go 1.26: with less than 750 MB it never starts, with more than
	// 1.3 GB always, and in between with some sizes.
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
)

// taken are the signals that get our handler: all but KILL and STOP, which
// nobody can catch, and the synchronous ones, by which a program learns of its
// own faults.
var taken = ^uint64(1<<(unix.SIGKILL-1) | 1<<(unix.SIGSTOP-1) | 1<<(unix.SIGILL-1) | 1<<(unix.SIGTRAP-1) | 1<<(unix.SIGABRT-1) |
	1<<(unix.SIGBUS-1) | 1<<(unix.SIGFPE-1) | 1<<(unix.SIGSEGV-1) | 1<<(unix.SIGSYS-1))

// sigaction is the kernel's struct sigaction, see rt_sigaction(2).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// rtMin is the first real-time signal for the kernel, see signal(7).
const rtMin = 32

// siQueue is [Info.Code] of a signal with a value, see sigqueue(3).
const siQueue = -1

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

const infoSize = int(unsafe.Sizeof(Info{}))

// Inherited is what the process was started with.
type Inherited struct {
	Mask    uint64      // blocked signals, bit n-1 is signal n
	Ignored uint64      // ignored signals
	Nofile  unix.Rlimit // RLIMIT_NOFILE, before the runtime raised it
	Space   unix.Rlimit // RLIMIT_AS, before entry changed it; Max 0: it did not
	Closed  [3]bool     // descriptors 0 to 2 that were not open
	Exact   bool        // the process began in entry: Mask and Closed are complete
}

// A Feed is the descriptor from which signals are read.
type Feed struct {
	fd      int
	Inherit Inherited
	Senders bool // Info says who sent a signal
}

// The main goroutine may leave the main thread as soon as the initialisers are
// done, and only there can it be held.
func init() { runtime.LockOSThread() }

// Take makes the main thread the one that signals prefer, and returns the feed.
// It must be called by the main goroutine, once.
func Take() (*Feed, error) {
	f := &Feed{Inherit: Inherited{
		Mask: mask, Ignored: ignored, Nofile: unix.Rlimit{Cur: nofile[0], Max: nofile[1]}, Exact: entered != 0,
	}}
	if asHere[1] != 0 {
		f.Inherit.Space = unix.Rlimit{Cur: as[0], Max: as[1]}
	}
	for i := range f.Inherit.Closed {
		f.Inherit.Closed[i] = closed>>i&1 != 0
	}
	setMask(&none)
	if hooked == 0 {
		return f, f.notify()
	}
	f.Senders = true
	f.fd = int(pipeFD[0])
	if f.fd < 0 {
		return f, f.pipe() // the first try failed for want of descriptors or memory
	}
	return f, nil
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

// setMask sets the signal mask of this thread.
func setMask(set *uint64) {
	// It cannot fail with these arguments, see rt_sigprocmask(2).
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(set)), 0, 8, 0, 0)
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

// takeKept moves the signals that found no room in the pipe.
func takeKept(buf []Info) int {
	n := 0
	for sig := 1; sig <= 64 && n < len(buf) && atomic.LoadUint64(&kept) != 0; sig++ {
		bit := uint64(1) << (sig - 1)
		if atomic.LoadUint64(&kept)&bit == 0 {
			continue
		}
		buf[n] = slots[sig]
		atomic.AndUint64(&kept, ^bit)
		n++
	}
	return n
}

// Release gives the signals back to the Go runtime, as if this package did not
// exist, and repeats to the process those that have come meanwhile. It is for
// the roles of the program that are not an init, and must be called by the main
// goroutine, which is then no longer held on the main thread.
func Release() {
	defer runtime.UnlockOSThread()
	if hooked == 0 {
		return
	}
	setMask(&mask)
	atomic.StoreUint64(&released, 1)
	for sig := 1; sig <= 64; sig++ {
		if taken>>(sig-1)&1 == 0 {
			continue
		}
		act := wanted[sig]
		if act.handler == 0 {
			act = original[sig]
		}
		// It fails for no signal in taken, see sigaction(2).
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
	}
	f := Feed{fd: int(pipeFD[0])}
	var buf [8]Info
	for n := f.Read(buf[:]); n > 0; n = f.Read(buf[:]) {
		for _, info := range buf[:n] {
			if info.Signal != int32(unix.SIGCHLD) {
				_ = unix.Kill(os.Getpid(), unix.Signal(info.Signal)) // to ourselves: it cannot be refused
			}
		}
	}
}
