// Package early receives the signals of the process in place of the Go runtime.
//
// The runtime alone does not do for PID 1. It installs its handlers a millisecond
// before a package of the program is initialised, and a SIGTERM that comes in
// between ends the process. os/signal does not tell who sent a signal, keeps one
// of each number, and takes some for itself. And when main runs, the runtime has
// changed the signal mask, the dispositions and RLIMIT_NOFILE that the program was
// to inherit.
//
// Here each signal has a [handler] in assembly. It writes the first 32 bytes of
// siginfo_t (number, code, sender's pid and uid, value) into a pipe and returns.
// It takes no lock, does not block, calls no Go code, and may run on any thread.
// The loop of the init reads the pipe. While there is no pipe, or it is full, a
// signal waits in a slot of its number, and the real-time signals stay blocked, so
// that the kernel queues them.
//
// # Layers
//
// [How] says which of three layers is in use. Each needs less than the one before.
//
//   - [Entry]: a binary that is linked with -ldflags "-E yinit/initcore/early.entry",
//     as `make build` does, starts in [entry], before the runtime. It blocks the
//     signals, notes what was inherited, installs handler, and then jumps to the
//     runtime. Where the runtime would install a handler it calls [hook], which
//     remembers what the runtime wanted and leaves ours in place.
//   - [Initialiser]: any other binary installs handler when this package is
//     initialised. A signal in the millisecond before meets the runtime's handlers.
//     Closed descriptors, ignored signals, most of the mask and the soft
//     RLIMIT_NOFILE of the parent are not known.
//   - [OSSignal]: where there is no assembly (the race detector), signals come
//     through os/signal, from unknown senders (pid -1), without SIGURG and SIGPIPE.
//
// The init logs its layer when it starts, and `yinit version` prints it. The
// conformance test in cmd/yinit lists the cases that a layer may miss.
//
// # Assumptions
//
// What each layer takes for granted, and what happens where it is wrong:
//
//   - The linker starts the program at the symbol of -E. Otherwise entry does not
//     run: the layer is Initialiser.
//   - The runtime starts at _rt0_amd64_linux or _rt0_arm64_linux and has a variable
//     _cgo_sigaction. Otherwise a binary with -E does not link; one without it does.
//   - The runtime calls the function in _cgo_sigaction instead of rt_sigaction(2)
//     (runtime/cgo_sigaction.go, for the sanitizers of C). Otherwise its handlers
//     replace ours; the initialiser finds them, installs ours again, and the layer
//     is Initialiser. entry writes the variable and the initialiser restores it: no
//     symbol is defined twice, and nothing depends on which one the linker takes.
//   - After its start the runtime installs handlers only for os/signal and the CPU
//     profiler. An init uses neither. Otherwise those signals are lost to the init.
//   - The runtime passes the mask that it was started with to all its threads, less
//     HUP, INT, QUIT, ABRT, TERM, CHLD, URG, PROF, SYS, STKFLT, 32 to 34 and the
//     synchronous ones. Otherwise signals may come on several threads: real-time
//     signals may change places, and none is lost but by a full pipe.
//   - The runtime interrupts its threads by SIGURG with tgkill(2). Such a signal has
//     the code SI_TKILL and our own pid, which no other process can send
//     (rt_sigqueueinfo(2)); it goes on to the runtime's handler. Any other SIGURG
//     is forwarded. If the runtime used something else, the init would take its
//     requests for signals: a test fails then.
//   - The layouts of struct sigaction, siginfo_t and ucontext are those of amd64 and
//     arm64. On other CPUs the package does not compile.
//   - The runtime needs at most 8 threads and 800 MiB of address space to start
//     (measured, see threadsLeast and spaceLeast). Otherwise it ends with a dump of
//     its stacks where the limits are low, instead of one line.
//
// The inspector gives the signals back to the runtime with [Release].
package early
