package procfs

import (
	"iter"
	"math/bits"
	"strings"
	"syscall"
)

// maxSignal is the highest signal number on all architectures but mips, where
// nothing uses the signals above it.
const maxSignal = 64

// SignalSet is a set of signals in the kernel's format: bit n-1 is signal n.
type SignalSet uint64

// signalBit returns the set of signal n alone, empty if n is out of range.
func signalBit(n int) SignalSet {
	if n < 1 || n > maxSignal {
		return 0
	}
	return 1 << (n - 1)
}

// NewSignalSet returns the set of the signals with these numbers.
func NewSignalSet(numbers ...int) SignalSet {
	var s SignalSet
	for _, n := range numbers {
		s = s.Add(n)
	}
	return s
}

// Has reports whether signal n is in s.
func (s SignalSet) Has(n int) bool { return s&signalBit(n) != 0 }

// Add returns s with signal n added. A number outside 1 to 64 adds nothing.
func (s SignalSet) Add(n int) SignalSet { return s | signalBit(n) }

// Union returns the signals that are in s or in t.
func (s SignalSet) Union(t SignalSet) SignalSet { return s | t }

// Without returns the signals that are in s and not in t.
func (s SignalSet) Without(t SignalSet) SignalSet { return s &^ t }

// Empty reports whether s contains no signal.
func (s SignalSet) Empty() bool { return s == 0 }

// Len returns the number of signals in s.
func (s SignalSet) Len() int { return bits.OnesCount64(uint64(s)) }

// Numbers iterates over the signals of s, lowest first.
func (s SignalSet) Numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for rest := s; rest != 0; rest &= rest - 1 {
			if !yield(bits.TrailingZeros64(uint64(rest)) + 1) {
				return
			}
		}
	}
}

// String returns the names of the signals, separated by spaces.
func (s SignalSet) String() string {
	names := make([]string, 0, s.Len())
	for n := range s.Numbers() {
		names = append(names, SignalName(n))
	}
	return strings.Join(names, " ")
}

// Signals is the signal state of a process or of one of its threads: which signals
// are pending, blocked, ignored and caught. See SigPnd to SigCgt in
// proc_pid_status(5). In a zombie it is a leftover without meaning.
type Signals struct {
	Known         bool      // false if the kernel does not report it (gVisor): all sets are then empty
	Pending       SignalSet // pending for this thread, or for any single thread of the process
	SharedPending SignalSet // pending for the process as a whole
	// Blocked is blocked by this thread, or by all threads of the process. While a
	// thread is in sigwait(3), its set lacks the signals that it waits for.
	Blocked SignalSet
	Ignored SignalSet // by the process, with SIG_IGN; without those that are ignored by default
	Caught  SignalSet // by the process, with a handler
}

// OfKernelThread reports whether s is the state of a kernel thread: no other process
// can ignore SIGKILL. If the stat was read, use [Stat.KernelThread] instead.
func (s Signals) OfKernelThread() bool { return s.Known && s.Ignored.Has(int(syscall.SIGKILL)) }

// Disposition is what a process has set to happen with a signal, see signal(7).
type Disposition uint8

// The dispositions.
const (
	Unknown Disposition = iota // the kernel does not report it
	Default                    // SIG_DFL, see [DefaultActionOf]
	Ignored                    // SIG_IGN
	Caught                     // a handler
)

// String returns the disposition in a word.
func (d Disposition) String() string {
	switch d {
	case Default:
		return "default"
	case Ignored:
		return "ignored"
	case Caught:
		return "caught"
	default:
		return "unknown"
	}
}

// Disposition returns the disposition of signal n. It is [Unknown] for numbers outside
// 1 to 64.
func (s Signals) Disposition(n int) Disposition {
	switch {
	case !s.Known || signalBit(n) == 0:
		return Unknown
	case s.Caught.Has(n):
		return Caught
	case s.Ignored.Has(n):
		return Ignored
	default:
		return Default
	}
}
