package early

//lint:file-ignore U1000 used in assembly

import (
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Variables that the assembly reads and writes. They hold no pointers into the heap, so
// the garbage collector need not see the writes.
var (
	entered  uint64    // entry ran, before the runtime
	released uint64    // Release was called
	mask     uint64    // the inherited signal mask
	none     uint64    // the empty set
	ignored  uint64    // the inherited set of ignored signals
	closed   uint64    // bit n: descriptor n was closed, 0 to 2
	nofile   [2]uint64 // RLIMIT_NOFILE, soft and hard
	narrowed uint32    // entry has lowered RLIMIT_NOFILE to noFiles, and hook is to restore it
	nproc    [2]uint64 // RLIMIT_NPROC; also the read buffer of threads
	gate     uint32    // lets the threads of the trial end
	claimed  uint64    // slots that a handler is writing or has written
	kept     uint64    // slots that are complete: signals for which the ring had no room
	choked   uint32    // the ring was full, so some signals are blocked
	realTime = ^uint64(1<<(rtMin-1) - 1)
	dead     uint32        // a SIGCHLD arrived since the last Read
	pid      int32         // our own
	hookAt   *uintptr      // the runtime's variable that holds the address of hook
	hookWas  uintptr       // the value of that variable before
	previous [65]sigaction // the runtime's dispositions, which ours replace
	faulty   sigaction     // how hook installs fault
	slots    [65]Info      // one for each signal in kept
	// What handler may block while the ring is full: not what the runtime needs.
	blockable = taken &^ (1 << (unix.SIGURG - 1))

	// The argument with which entry installs handler.
	action = sigaction{flags: ourFlags, mask: ^uint64(0)}
	// The same for fault, until the runtime requests a handler for a synchronous signal.
	faultAction = sigaction{flags: ourFlags, mask: ^uint64(0)}
	// defaultAction is SIG_DFL.
	defaultAction sigaction

	installed uint64 // the signals that have our handlers
)

// Masks for the first bytes of a word.
const (
	three = "\xff\xff\xff\x00\x00\x00\x00\x00"
	five  = "\xff\xff\xff\xff\xff\x00\x00\x00"
	seven = "\xff\xff\xff\xff\xff\xff\xff\x00"
	eight = "\xff\xff\xff\xff\xff\xff\xff\xff"
)

// What the Go runtime needs to start. If the limits are lower, entry ends the process
// with a message of one line; the runtime would print a hundred.
var (
	// Measured with both Go versions below: with a limit of 5 processes and threads the
	// runtime never starts, with 6 sometimes, with 7 always; yinit needs one more for its
	// program.
	threadsLeast = uint32(7) // in addition to the first thread, with the program; see also Spare
	// So many threads are tried where other processes of the user may have used up its
	// limit: those that Spare creates need room, too.
	threadsRoom = uint32(12)
	threadsMade uint32 // how many of threadsRoom could be created
	noThreads   = "yinit needs 8; raise the limit (docker update --pids-limit, ulimit -u), or look from the host: yinit zombies --pid PID\n"
	// Commands that run one goroutine need fewer, and are to work in a container whose
	// limit is nearly reached. Measured as above: with a limit of 4 they run sometimes,
	// with 5 always. few has their names, 8 bytes each, and which of these 8 bytes count.
	threadsFew   = uint32(4)
	noThreadsFew = "this command needs 5; raise the limit (docker update --pids-limit, ulimit -u), or look from the host: yinit zombies --pid PID\n"
	few          = "zombies\x00" + eight + "signals\x00" + eight + "version\x00" + eight + "health\x00\x00" + seven +
		"kill\x00\x00\x00\x00" + five + "ps\x00\x00\x00\x00\x00\x00" + three
	// What precedes these messages, and the buffer for the number of processes and threads.
	saysYinit = "yinit: "
	saysOf    = " of "
	saysTaken = " processes and threads are taken, and "
	saysLimit = "the limit on processes and threads leaves too few: "
	pidsCount [32]byte
	moment    = [2]int64{0, 20_000_000} // for the threads of the trial to end, a timespec
	pidsNow   = [2]string{"/sys/fs/cgroup/pids.current\x00", "/sys/fs/cgroup/pids/pids.current\x00"}
	// The line of /proc/self/uid_map in the initial user namespace, in parts: the kernel
	// writes "%10u %10u %10u\n". There root has no limit, see RLIMIT_NPROC in getrlimit(2).
	uidMap   = "/proc/self/uid_map\x00"
	uidMapIs = [2]uint64{0x3020202020202020, 0x3237363934393234} // "       0", "42949672"
	noFiles  = [2]uint64{3}                                      // RLIMIT_NOFILE with which nothing can be opened; the hard one is nofile's
	noStack  = "yinit: no memory can be mapped for the stack of the Go runtime\n"
	// What hierarchy reads, and the end of "/sys/fs/cgroup".
	mountInfo = "/proc/self/mountinfo\x00"
	mounts    [mountsSize + 16]byte // it compares up to 14 bytes beyond the text
	cgroupDir = uint64(0x70756f7267632f73)
	pidsMax   = [2]string{"/sys/fs/cgroup/pids.max\x00", "/sys/fs/cgroup/pids/pids.max\x00"}
)

// mountsSize is how much of mountinfo hierarchy reads. With more mounts it tries threads.
const mountsSize = 32 << 10

// The flags of sigaction(2), which x/sys/unix lacks.
const (
	siginfo = 0x4
	onStack = 0x08000000
	restart = 0x10000000

	ourFlags = siginfo | onStack | restart | restorerFlag
)

// sigIgn is SIG_IGN; SIG_DFL is 0.
const sigIgn = 1

// synchronous are the signals that the kernel raises for program errors. Another process
// may send them, too. They get the handler fault, which tells the two cases apart.
const synchronous = uint64(1<<(unix.SIGILL-1) | 1<<(unix.SIGTRAP-1) | 1<<(unix.SIGABRT-1) |
	1<<(unix.SIGBUS-1) | 1<<(unix.SIGFPE-1) | 1<<(unix.SIGSEGV-1) | 1<<(unix.SIGSYS-1))

// taken is the set of signals that get our handler: all but KILL and STOP, which cannot
// be caught, and the synchronous signals.
const taken = ^(uint64(1<<(unix.SIGKILL-1)|1<<(unix.SIGSTOP-1)) | synchronous)

// The sets as variables, for the assembly. entry blocks every signal until Take or
// Release, but the runtime unblocks the synchronous ones when it starts. A program error
// before that ends the process, although the signal is blocked. So entry unblocks SIGSYS
// itself, as soon as fault is there: a seccomp filter may send it for any call.
var (
	held     = taken
	faults   = synchronous
	every    = ^uint64(0)
	forCalls = uint64(1 << (unix.SIGSYS - 1))
)

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
	Code   int32  // SI_USER, SI_QUEUE, SI_KERNEL ...
	seq    uint32 // in the ring: see there; otherwise 0
	PID    int32  // the sender; 0: outside the PID namespace, or the kernel; -1: unknown
	UID    uint32
	Value  uint64 // the value of sigqueue(3); for SIGCHLD the status
}

// Claimed reports whether the sender supplied the siginfo_t, as sigqueue(3) permits:
// its pid and uid are then only what the sender claims. The kernel rejects a code of 0
// or above, and SI_TKILL, from another process (rt_sigqueueinfo(2),
// pidfd_send_signal(2)), so with these codes the kernel has filled in the siginfo_t.
//
//go:nosplit
func (i *Info) Claimed() bool { return i.Code < 0 && i.Code != siTkill }

// Own reports whether this process is the sender of the signal, as it is for the SIGPIPE
// of a broken stderr. No other process can forge such a signal.
//
//go:nosplit
func (i *Info) Own() bool { return i.PID == pid && !i.Claimed() }

// mayInterrupt reports whether the signal may be one with which the runtime interrupts a
// thread. It arrives without siginfo_t if the kernel cannot queue more signals.
//
//go:nosplit
func (i *Info) mayInterrupt() bool {
	return i.Signal == int32(unix.SIGURG) && i.Code == 0 && i.PID == 0
}

const infoSize = int(unsafe.Sizeof(Info{}))

// Inherited is the state that the process inherited from its parent.
type Inherited struct {
	Mask    uint64  // blocked signals, bit n-1 is signal n
	Ignored uint64  // ignored signals, likewise
	Limits  []Limit // the limits that entry or the runtime have raised
	Closed  [3]bool // descriptors 0 to 2 that were not open
	Exact   bool    // the process started in entry, so the other fields are complete
}

// A Feed is the descriptor from which signals are read.
type Feed struct {
	fd      int
	Inherit Inherited
	Layer   Layer // below Initialiser, Info has no sender
}

// The main goroutine may leave the main thread as soon as the initialisers are done, so
// it must be locked to it here.
func init() { runtime.LockOSThread() }

// Take unblocks the signals on the main thread, which therefore receives most of them,
// and returns the feed. The main goroutine must call it, once.
func Take() (*Feed, error) {
	f := &Feed{Layer: layer, Inherit: Inherited{
		Mask: mask, Ignored: ignored, Limits: inheritedLimits(), Exact: entered != 0,
	}}
	for i := range f.Inherit.Closed {
		f.Inherit.Closed[i] = closed>>i&1 != 0
	}
	var err error
	switch {
	case layer == OSSignal:
		err = f.notify()
	case bell >= 0:
		f.fd = int(bell)
	default:
		err = f.open()
	}
	setMask(&none) // what entry blocked is delivered now
	return f, err
}

// Closed reports whether the descriptor fd, 0 to 2, was not open when the process was
// started. The Go runtime has opened /dev/null in its place. It is only known if the
// process started in entry.
func Closed(fd int) bool { return closed>>fd&1 != 0 }

// Spare makes the runtime create n threads for goroutines, beside the main one, and
// returns when they exist. The runtime keeps them for ever. It would end the process if
// it needed a thread later and a limit prevented that.
func Spare(n int) {
	var here, free sync.WaitGroup
	done := make(chan struct{})
	here.Add(n)
	for range n {
		free.Go(func() {
			runtime.LockOSThread() // no other goroutine can run on a locked thread
			here.Done()
			<-done
			runtime.UnlockOSThread()
		})
	}
	here.Wait()
	close(done)
	free.Wait()
}
