package history

import (
	"fmt"
	"time"

	"yinit/procfs"
)

// A Source is a history to read, with what is known about its writer.
type Source struct {
	*Reader
	Init  procfs.ID // the process that writes it; zero if it is read from a file
	Inits []string  // pids and arguments of all inits that keep a history, if PID 1 is not one of them
	// Remark says whose history it is, if a reader might take it for that of PID 1 or of
	// its own container; else it is "".
	Remark string
	// Theirs is true if the init is not PID 1 and belongs to a user other than root and
	// the user of this process, who may claim what they like.
	Theirs bool
	Own    bool // no init keeps a history; this process records its own

	why     error       // why no init's history is read, if Own
	alive   func() bool // see Alive
	lost    uint64      // records that were overwritten before they were read
	damaged uint64      // records whose checksum or number is wrong
}

// SourceFile opens a history that is kept in a file. See [OpenFile] for its errors.
func SourceFile(path string) (*Source, error) {
	r, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	return &Source{Reader: r, alive: r.Written}, nil
}

// OwnSource returns a Source of the history that this process records itself and r
// reads. why is the reason that it reads no init's history.
func OwnSource(r *Reader, why error) *Source {
	return &Source{Reader: r, Own: true, why: why, alive: func() bool { return true }}
}

// Alive reports whether the writer of the history is still running.
func (s *Source) Alive() bool { return s.alive() }

// Read calls [Reader.Read], and counts the missing records for [Source.Missing].
func (s *Source) Read(after uint64) (Batch, error) {
	b, err := s.Reader.Read(after)
	s.lost += b.Lost
	s.damaged += b.Damaged
	return b, err
}

// Ended reports whether the init has ended, and when; the time is zero if it was
// killed. Call it before the last Read, or records may be missed.
func (s *Source) Ended() (ended bool, at time.Time, err error) {
	alive := s.alive() // before the header is read: it may end between the two
	h, err := s.Header()
	return !alive || !h.Ended.IsZero(), h.Ended, err
}

// Since describes which program records the history, and since when.
func (s *Source) Since() (string, error) {
	h, err := s.Header()
	if err != nil {
		return "", err
	}
	at := h.Started.Local().Format("2006-01-02 15:04:05")
	if s.Own {
		return "watching since " + at + ": " + s.why.Error(), nil
	}
	text := fmt.Sprintf("recorded by %s (pid %d) since %s", h.Program, h.InitPID, at)
	if s.damaged > 0 {
		text += "; " + damagedText(s.damaged)
	}
	return text, nil
}

// Missing describes what is missing from the history, one sentence for each reason.
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
		{h.Unwatched, plural(h.Unwatched, "process was", "processes were") + " not watched: there were too many"},
	} {
		if part.n > 0 {
			all = append(all, part.text)
		}
	}
	if ended && at.IsZero() {
		all = append(all, "the init ended without a final record: it was killed, or the machine went down")
	}
	if s.cutShort() {
		all = append(all, "the file was cut short: records at its end are missing")
	}
	if h.Watch == 0 {
		all = append(all, "only processes that the init reaps itself are recorded: it runs with --watch 0")
	}
	return all, nil
}

func damagedText(n uint64) string { return plural(n, "record is", "records are") + " damaged" }

// MissedText describes that n processes or threads started and ended unseen.
func MissedText(n uint64) string {
	return plural(n, "process or thread", "processes or threads") + " started and ended unseen between two scans"
}

// plural returns n and the word for one or for many.
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
