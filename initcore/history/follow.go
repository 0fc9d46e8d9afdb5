package history

import (
	"os"
	"time"
)

// followEvery is how often Follow reads the history.
const followEvery = 200 * time.Millisecond

// Follow calls print with all existing records and then with new ones, until the
// init has ended or a signal arrives on stop: an init that shuts down sends SIGTERM
// to the processes that follow its history, too. It returns why it stopped; "" if
// the init was killed, which [Source.Missing] reports.
func (s *Source) Follow(stop <-chan os.Signal, print func([]Record) error) (why string, err error) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	f := follower{src: s, print: print}
	for {
		ended, at, err := s.Ended()
		if err != nil {
			return "", err
		}
		if err := f.read(); err != nil {
			return "", err
		}
		switch {
		case ended && at.IsZero():
			return "", nil
		case ended:
			return "the init ended at " + at.Local().Format("15:04:05.000"), nil
		}
		select {
		case <-tick.C:
		case <-stop:
			return f.stopped()
		}
	}
}

// A follower holds the state of [Source.Follow].
type follower struct {
	src      *Source
	print    func([]Record) error
	next     uint64 // for the next Read
	stopping bool   // shutdown has begun
}

// read prints the records that are new.
func (f *follower) read() error {
	b, err := f.src.Read(f.next)
	if err != nil {
		return err
	}
	f.next = b.Next
	for i := range b.Records {
		f.stopping = f.stopping || b.Records[i].Kind == KindStop
	}
	return f.print(b.Records)
}

// stopped prints the last records and reports why a signal arrived.
func (f *follower) stopped() (why string, err error) {
	if err := f.read(); err != nil {
		return "", err
	}
	switch {
	case f.stopping:
		return "the init is shutting down, and this process with it", nil
	case f.src.Own:
		return "received SIGTERM; no longer watching", nil
	default:
		return "received SIGTERM; the init keeps running", nil
	}
}
