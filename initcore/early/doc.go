// Package early takes the process's signals before the Go runtime can.
//
// A Go program that is PID 1 has a hole in its first milliseconds: the runtime
// installs its handlers long before any package of the program is initialised,
// and a SIGTERM that comes in between makes it exit with status 2. The runtime
// also unblocks HUP, INT, QUIT, TERM and CHLD in every thread that it starts,
// so that a signalfd in one thread sees them only by luck; os/signal does not
// tell who sent a signal; and by the time main runs, nobody can tell any more
// which signals the parent had ignored or what RLIMIT_NOFILE had been.
//
// This package closes the hole where the runtime itself offers a door. Before
// the runtime installs a handler it calls the C function in _cgo_sigaction, if
// there is one (runtime/cgo_sigaction.go: that is how the sanitizers of C watch
// it). Here that function is [hook], in assembly: at its first call it notes
// what was inherited and gives every asynchronous signal a handler of ours, and
// then it keeps the runtime's handlers away from them. Ours is 20 instructions:
// it writes the first 32 bytes of siginfo_t (number, code, sender's pid and
// uid, value) into a pipe and returns. It takes no lock, does not block, calls
// no Go code, and may run on any thread. So signals become data that the loop
// reads from a descriptor, with the sender, none lost, from the first moment.
// Where the pipe is full, real-time signals stay in the kernel's queue: the handler
// leaves them blocked, and [Feed.Read] unblocks them.
//
// A binary that is linked with -ldflags "-E yinit/initcore/early.entry" starts
// in [entry], which does the same before the runtime's first instruction. This
// adds what the runtime changes before it comes to its handlers: the exact
// signal mask, descriptors 0 to 2 that were closed, and the signals of the
// first tenth of a millisecond. `make build` links this way; without the flag
// everything but these three works the same.
//
// Where there is no such door (other architectures, the race detector), [Take]
// falls back on os/signal: everything works, but
// senders are unknown. The inspector gives the signals back with [Release].
package early
