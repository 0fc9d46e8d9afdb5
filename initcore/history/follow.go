package history

import (
	"os"
	"time"
)

// followEvery is how often a history that goes on is read.
const followEvery = 200 * time.Millisecond

// Follow calls print with all records that there are, and then with what is new,
// until the init has ended or stop brings a signal: an init that ends sends SIGTERM
// to its readers, too. It returns why it ended, "" if the init was killed, which
// [Source.Missing] tells.
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

// follower is how far a history was followed.
type follower struct {
	src      *Source
	print    func([]Record) error
	next     uint64
	stopping bool // shutdown has begun
}

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

// stopped says what a signal means that ends the following.
func (f *follower) stopped() (why string, err error) {
	if err := f.read(); err != nil {
		return "", err
	}
	switch {
	case f.stopping:
		return "the init ends now, and this process with it", nil
	case f.src.Own:
		return "SIGTERM came; this ends the watching", nil
	default:
		return "SIGTERM came; the init goes on", nil
	}
}
