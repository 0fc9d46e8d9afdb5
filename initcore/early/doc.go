// Package early receives the signals of the process in place of the Go runtime.
//
// The runtime alone is not sufficient for PID 1. It installs its handlers a millisecond
// before the program's packages are initialised, and a SIGTERM that arrives in between
// ends the process. os/signal does not report the sender of a signal, merges signals
// of the same number, and keeps some signals for the runtime. And by the time main
// runs, the runtime has changed the signal mask, the dispositions and RLIMIT_NOFILE
// that the programs of the init are to inherit.
//
// In this package each signal has a [handler] in assembly. It writes the first 32 bytes of
// siginfo_t (number, code, sender's pid and uid, value) into a ring in memory, writes to
// an eventfd, and returns.
// It takes no lock, does not block, calls no Go code, and may run on any thread.
// The loop of the init reads the ring. While it is full, the handler stores a signal in the
// slot of its number. While some signals are unread, it blocks the real-time signals on its
// thread, so that the kernel queues them. While the ring is full, it also blocks a signal
// whose slot is taken. The loop unblocks them on its own thread, the main one. Other threads
// keep them blocked: the kernel delivers to the main thread then.
//
// # Layers
//
// [How] returns which of three layers is in use. Each requires less than the one before.
//
//   - [Entry]: a binary that is linked with -ldflags "-E yinit/initcore/early.entry",
//     as `make build` does, starts in [entry], before the runtime. It blocks the
//     signals, records the inherited state, installs handler, and then jumps to the
//     runtime. Instead of installing a handler, the runtime calls [hook], which
//     records the runtime's handler and leaves ours in place. The runtime does not
//     see the variables of the environment that tune it, see [Environ]. It gets a stack
//     of its own, and can open no file until it calls hook: the CPU quota of the control
//     group does not matter to it, and a file system that is mounted there may not respond.
//   - [Initialiser]: any other binary installs handler when this package is
//     initialised. A signal in the millisecond before runs the runtime's handlers.
//     Closed descriptors, ignored signals, most of the mask and the soft
//     RLIMIT_NOFILE of the parent are unknown. The runtime has read its variables:
//     GOGC and GOMEMLIMIT can be undone, GODEBUG cannot, and values that are not
//     valid have ended the process.
//   - [OSSignal]: in builds without the assembly (the race detector), signals arrive
//     through os/signal, with unknown senders (pid -1), without SIGURG and SIGPIPE.
//
// A synchronous signal such as SIGSEGV has the handler [fault]. If si_code says that a
// process sent it, it is written into the ring like any other. If the kernel raised it,
// for an error of this process, the runtime's handler runs; it never gets into the ring.
// SIGABRT is never raised, but a process can have the kernel send it for an event on a
// descriptor (F_SETSIG of fcntl(2)), and then the code is that of the event. With the other
// synchronous signals such an event has the code SI_SIGIO since Linux 4.14. Before, it
// cannot be told from an error, and ends the init.
// In the layer OSSignal the runtime decides. It may take a signal that was sent for an
// error of its own, and end.
//
// The init logs its layer when it starts, and `yinit version` prints it. The
// conformance test in cmd/yinit lists the cases that a layer may miss.
//
// # Assumptions
//
// What each layer assumes, and what happens if the assumption is wrong:
//
//   - The linker starts the program at the symbol of -E. Otherwise entry does not
//     run: the layer is Initialiser.
//   - The runtime starts at _rt0_amd64_linux or _rt0_arm64_linux and has a variable
//     _cgo_sigaction. Otherwise a binary with -E does not link; one without it does.
//   - The runtime calls the function in _cgo_sigaction instead of rt_sigaction(2)
//     (runtime/cgo_sigaction.go, for the sanitizers of C). Otherwise its handlers
//     replace ours; the initialiser finds them, installs ours again, and the layer
//     is Initialiser. entry writes the variable and the initialiser restores it: no
//     symbol is defined twice, and nothing depends on which one the linker chooses.
//   - The runtime opens no file that it needs before it calls that function. Otherwise it
//     ends with a message.
//   - After its start the runtime installs handlers only for os/signal and the CPU
//     profiler. An init uses neither. Otherwise the init does not receive those signals.
//   - The runtime gives all its threads the mask that it was started with, less HUP,
//     INT, QUIT, ABRT, TERM, CHLD, URG, PROF, SYS, STKFLT and the synchronous signals, and,
//     unless entry finds their flags in the runtime's table of signals, 32 to 34. Otherwise
//     signals may be delivered on several threads: real-time signals may be reordered, and
//     signals are merged only if the ring is full.
//   - The runtime interrupts its threads with SIGURG, sent by tgkill(2). Such a signal
//     has the code SI_TKILL and our own pid, which no other process can send
//     (rt_sigqueueinfo(2)); handler hands it to the runtime's handler. Any other SIGURG
//     is forwarded. Where no more signals can be queued (RLIMIT_SIGPENDING) the kernel
//     drops the code and the pid; the caller then has to decide, and the runtime does
//     not interrupt that thread again: it waits until the goroutine yields by itself.
//     If the runtime used another signal, the init would treat these
//     interrupts as signals to the init; a test detects that.
//   - The layouts of struct sigaction, siginfo_t and ucontext are those of amd64 and
//     arm64. On other CPUs the package does not compile.
//   - The runtime needs at most 8 threads, and the limits in needs, to start (measured,
//     see threadsLeast). Otherwise, if the limits are low, it ends with a stack dump
//     instead of one line.
//   - The runtime finds its arguments, the environment and the auxiliary vector on the
//     stack, one after the other, as the kernel lays them out (runtime.sysargs), and
//     each variable that tunes it begins with GO. Otherwise some act on the init.
//   - The runtime takes 64 KiB below these arguments for the stack of its first thread
//     (runtime.rt0_go). If it took more than 128 KiB, it would end by a signal.
//
// The inspector returns the signals to the runtime with [Release].
package early
