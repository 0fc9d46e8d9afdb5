package procfs

import (
	"iter"
	"math/bits"
	"strings"
	"syscall"
)

// maxSignal is the highest signal number but on mips, whose signals above it
// nothing uses.
const maxSignal = 64

// SignalSet is a set of signals as the kernel keeps it: bit n-1 is signal n.
type SignalSet uint64

// signalBit is the set of signal n alone, empty if n is out of range.
func signalBit(n int) SignalSet {
	if n < 1 || n > maxSignal {
		return 0
	}
	return 1 << (n - 1)
}

// NewSignalSet is the set of the signals given by number.
func NewSignalSet(numbers ...int) SignalSet {
	var s SignalSet
	for _, n := range numbers {
		s = s.Add(n)
	}
	return s
}

// Has reports whether signal n is in s.
func (s SignalSet) Has(n int) bool { return s&signalBit(n) != 0 }

// Add is s with signal n. A number outside 1 to 64 adds nothing.
func (s SignalSet) Add(n int) SignalSet { return s | signalBit(n) }

// Union is the set of the signals that are in s or in t.
func (s SignalSet) Union(t SignalSet) SignalSet { return s | t }

// Without is the set of the signals that are in s and not in t.
func (s SignalSet) Without(t SignalSet) SignalSet { return s &^ t }

// Empty reports whether no signal is in s.
func (s SignalSet) Empty() bool { return s == 0 }

// Len is how many signals are in s.
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

// String has the names of the signals, separated by spaces.
func (s SignalSet) String() string {
	names := make([]string, 0, s.Len())
	for n := range s.Numbers() {
		names = append(names, SignalName(n))
	}
	return strings.Join(names, " ")
}

// Signals is what a process, or one of its threads, does with signals, and
// which of them wait. See SigPnd to SigCgt in proc_pid_status(5). In a zombie
// it is what was, and means nothing any more.
type Signals struct {
	Known         bool      // false where the kernel does not tell (gVisor): all else is empty
	Pending       SignalSet // sent to this thread, or to any one of the threads
	SharedPending SignalSet // sent to the process
	// Blocked is held back by this thread, or by all threads. Signals for which
	// a thread waits in sigwait(3) are missing here while it waits.
	Blocked SignalSet
	Ignored SignalSet // of the process, set by SIG_IGN; not those that are ignored by default
	Caught  SignalSet // of the process, by a handler
}

// OfKernelThread reports whether s is that of a kernel thread: no other process can
// ignore SIGKILL. Where the stat was read, see [Stat.KernelThread].
func (s Signals) OfKernelThread() bool { return s.Known && s.Ignored.Has(int(syscall.SIGKILL)) }

// Disposition is what a process has asked the kernel to do with a signal, see
// signal(7).
type Disposition uint8

// The dispositions.
const (
	Unknown Disposition = iota // the kernel does not tell
	Default                    // see [DefaultActionOf]
	Ignored
	Caught
)

// String is the disposition in a word, as the design has it.
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

// Disposition is that of signal n. It is [Unknown] for numbers outside 1 to 64.
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
