package history

import (
	"fmt"
	"time"

	"yinit/procfs"
)

// A Source is a history that is read, and what is known of its writer.
type Source struct {
	*Reader
	Init  procfs.ID // the process that writes it; zero if it is read from a file
	Inits []string  // pids and programs of all inits that keep one, if PID 1 is none of them
	Own   bool      // no init keeps one: this process does, since it looked

	why     error // why no init's history is read, if Own
	alive   func() bool
	lost    uint64 // records that were overwritten before they were read
	damaged uint64
}

// SourceFile opens a history that is kept in a file.
func SourceFile(path string) (*Source, error) {
	r, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	return &Source{Reader: r, alive: r.Written}, nil
}

// OwnSource is the history that this process keeps, and r reads. It says why no
// init's history is read.
func OwnSource(r *Reader, why error) *Source {
	return &Source{Reader: r, Own: true, why: why, alive: func() bool { return true }}
}

// Alive reports whether somebody still writes the history.
func (s *Source) Alive() bool { return s.alive() }

// Read is [Reader.Read]. It counts what is missing, for [Source.Missing].
func (s *Source) Read(after uint64) (Batch, error) {
	b, err := s.Reader.Read(after)
	s.lost += b.Lost
	s.damaged += b.Damaged
	return b, err
}

// Ended reports whether the init has ended, and when; the time is zero if it was
// killed. Ask before the last records are read.
func (s *Source) Ended() (ended bool, at time.Time, err error) {
	alive := s.alive() // first: it may end between the two
	h, err := s.Header()
	return !alive || !h.Ended.IsZero(), h.Ended, err
}

// Since says since when the history is kept, and by whom.
func (s *Source) Since() (string, error) {
	h, err := s.Header()
	if err != nil {
		return "", err
	}
	at := h.Started.Local().Format("2006-01-02 15:04:05")
	if s.Own {
		return "watching since " + at + ": " + s.why.Error(), nil
	}
	text := fmt.Sprintf("%s (pid %d) keeps it since %s", h.Program, h.InitPID, at)
	if s.damaged > 0 {
		text += "; " + damagedText(s.damaged)
	}
	return text, nil
}

// Missing says what is not in the history, a sentence each.
func (s *Source) Missing() ([]string, error) {
	ended, at, err := s.Ended()
	if err != nil {
		return nil, err
	}
	h, err := s.Header()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, part := range []struct {
		n    uint64
		text string
	}{
		{s.lost, plural(s.lost, "older record was", "older records were") + " overwritten"},
		{s.damaged, damagedText(s.damaged)},
		{h.Missed, MissedText(h.Missed)},
		{h.Unwatched, plural(h.Unwatched, "process was", "processes were") + " too many to be watched"},
	} {
		if part.n > 0 {
			all = append(all, part.text)
		}
	}
	if ended && at.IsZero() {
		all = append(all, "the init is gone without a last record: it was killed, or the machine went down")
	}
	if h.Watch == 0 {
		all = append(all, "only what the init itself reaps is here: it runs with --watch 0")
	}
	return all, nil
}

func damagedText(n uint64) string { return plural(n, "record is", "records are") + " damaged" }

// MissedText says that n processes, or threads, came and went unseen.
func MissedText(n uint64) string {
	return plural(n, "process or thread", "processes or threads") + " came and went between two looks, unseen"
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
