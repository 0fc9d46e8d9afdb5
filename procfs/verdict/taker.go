package verdict

// A taker is the kind of thread that takes a signal sent to a process.
type taker uint8

const (
	takerNone    taker = iota // all threads block it
	takerOpen                 // a thread that does not block it
	takerWaits                // a thread that waits for it in sigwait(3)
	takerEither               // either of these kinds
	takerUnknown              // unknown whether a thread is in sigwait, or for which signals
)

// takes reports how the thread takes signal n.
func (t *Task) takes(n int) taker {
	switch {
	case t.Blocked.Has(n): // An awaited signal is not in Blocked.
		return takerNone
	case t.Sigwait == No:
		return takerOpen
	case t.Sigwait == Unknown || !t.AwaitedRead:
		return takerUnknown
	case t.Awaited.Has(n):
		return takerWaits
	default:
		return takerOpen
	}
}

// taker returns the kind of thread that takes signal n: the main thread if it does
// not block it, else any other thread (complete_signal in the kernel's signal.c).
func (t *Target) taker(n int) taker {
	sum := takerNone
	for i := range t.Tasks {
		one := t.Tasks[i].takes(n)
		switch {
		case one == takerNone:
		case t.Tasks[i].TID == t.ID.PID || one == takerUnknown:
			return one
		case sum == takerNone:
			sum = one
		case sum != one:
			sum = takerEither
		}
	}
	if sum == takerNone && t.Partial {
		return takerUnknown
	}
	return sum
}

// unseen reports whether a thread takes signal n, and it is unknown only whether that
// thread waits for the signal in sigwait.
func (t *Target) unseen(n int) bool {
	some := false
	for i := range t.Tasks {
		task := &t.Tasks[i]
		switch {
		case task.Blocked.Has(n):
		case task.Sigwait == Yes:
			return false // for the signal, or for another one
		default:
			some = true
		}
	}
	return some && t.taker(n) == takerUnknown
}
