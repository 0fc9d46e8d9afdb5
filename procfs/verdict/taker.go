package verdict

// A taker is the kind of thread that takes a signal which was sent to a process.
type taker uint8

const (
	takerNone    taker = iota // all threads block it
	takerOpen                 // one that does not block it
	takerWaits                // one that waits for it in sigwait(3)
	takerEither               // one of both kinds
	takerUnknown              // it is not known whether one is in sigwait, or for what
)

// takes is what the thread does with signal n.
func (t *Task) takes(n int) taker {
	switch {
	case t.Blocked.Has(n): // While it is awaited it is missing there.
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

// taker is who takes signal n: the main thread if it does not block it, else any
// other (complete_signal of the kernel's signal.c).
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
