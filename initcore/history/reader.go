package history

import (
	"errors"
	"fmt"
	"io"
	"time"

	"yinit/procfs"
)

// ErrForeign says that the bytes are no ring that this program can read.
var ErrForeign = errors.New("this is no history of yinit")

// A source is what a ring is read from: *os.File, or bytes in a test.
type source interface {
	io.ReaderAt
	io.Closer
}

// A Reader reads a ring that another process may be writing. It trusts nothing
// that it reads: a record counts only if its check sum and its number are right.
type Reader struct {
	src      source
	capacity uint64
	buf      []byte
}

// NewReader checks the header of the ring. The error matches [ErrForeign] if it
// is none, or one of another version. It closes src on an error.
func NewReader(src source) (*Reader, error) {
	r := &Reader{src: src}
	if err := r.check(); err != nil {
		_ = src.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) check() error {
	var b [headerSize]byte
	if _, err := r.src.ReadAt(b[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it is shorter than the header", ErrForeign)
		}
		return err
	}
	if string(b[offMagic:offMagic+len(magic)]) != magic {
		return ErrForeign
	}
	if v := le.Uint32(b[offVersion:]); v != version {
		return fmt.Errorf("%w of version %d: it has version %d, read it with the yinit that wrote it", ErrForeign, version, v)
	}
	if le.Uint32(b[offHeaderSize:]) != headerSize || le.Uint32(b[offRecordSize:]) != recordSize {
		return fmt.Errorf("%w: its sizes do not fit its version", ErrForeign)
	}
	r.capacity = uint64(le.Uint32(b[offCapacity:]))
	if r.capacity == 0 || r.capacity > 1<<20 {
		return fmt.Errorf("%w: it claims to hold %d records", ErrForeign, r.capacity)
	}
	return nil
}

// Header is what the ring says of itself.
type Header struct {
	Program   string
	InitPID   int
	InitStart procfs.Ticks
	Run       int
	Started   time.Time     // of this run
	Ended     time.Time     // zero: it runs, or was killed
	Watch     time.Duration // 0: processes of others are not watched
	Written   uint64        // the number of the last record
	Missed    uint64        // processes that came and went unseen
	Unwatched uint64        // processes that were seen, but too many to watch
	Relay     Relay         // what it passes on
}

// Header reads the header as it is now.
func (r *Reader) Header() (Header, error) {
	var b [offRelay + lenRelay]byte
	if _, err := r.src.ReadAt(b[:], 0); err != nil {
		return Header{}, err
	}
	h := Header{
		Program:   cString(b[offProgram : offProgram+lenProgram]),
		InitPID:   int(int32(le.Uint32(b[offInitPID:]))),
		InitStart: procfs.Ticks(le.Uint64(b[offInitStart:])),
		Run:       int(le.Uint32(b[offRun:])),
		Started:   time.Unix(0, int64(le.Uint64(b[offStarted:]))).UTC(),
		Watch:     time.Duration(le.Uint32(b[offWatchMS:])) * time.Millisecond,
		Written:   le.Uint64(b[offWritten:]),
		Missed:    le.Uint64(b[offMissed:]),
		Unwatched: le.Uint64(b[offUnwatched:]),
	}
	copy(h.Relay[1:], b[offRelay:])
	if ended := int64(le.Uint64(b[offEnded:])); ended != 0 {
		h.Ended = time.Unix(0, ended).UTC()
	}
	return h, nil
}

// Batch is a piece of the history.
type Batch struct {
	Records []Record // oldest first
	Next    uint64   // pass this to the next call
	Lost    uint64   // records after the one asked for that are overwritten
	Damaged uint64   // those whose bytes are not what the writer wrote
}

// Read returns all records after the one with the number after; 0 means all
// that there are. It never waits.
func (r *Reader) Read(after uint64) (Batch, error) {
	h, err := r.Header()
	if err != nil {
		return Batch{}, err
	}
	if after > h.Written { // another ring than the caller thinks
		after = 0
	}
	first := after + 1
	if h.Written >= r.capacity {
		first = max(first, h.Written-r.capacity+1)
	}
	b := Batch{Next: h.Written, Lost: first - after - 1}
	for first <= h.Written {
		n, err := r.run(&b, first, h.Written)
		if err != nil {
			return b, err
		}
		first += n
	}
	return b, nil
}

// run appends the records from first to last that lie in one piece, at most 64,
// and returns how many numbers it went through.
func (r *Reader) run(b *Batch, first, last uint64) (uint64, error) {
	slot := (first - 1) % r.capacity
	n := min(last-first+1, r.capacity-slot, 64)
	if need := int(n) * recordSize; cap(r.buf) < need {
		r.buf = make([]byte, need)
	}
	buf := r.buf[:int(n)*recordSize]
	if _, err := r.src.ReadAt(buf, headerSize+int64(slot)*recordSize); err != nil {
		if errors.Is(err, io.EOF) {
			return n, fmt.Errorf("%w: it is shorter than it says", ErrForeign)
		}
		return n, err
	}
	for i := range n {
		if rec, ok := decode(buf[i*recordSize:]); ok && rec.Seq == first+i {
			b.Records = append(b.Records, rec)
		} else if err := r.miss(b, first+i); err != nil {
			return n, err
		}
	}
	return n, nil
}

// miss counts the record of this number, of which no whole one was found. The
// writer says what it overwrites before it does.
func (r *Reader) miss(b *Batch, number uint64) error {
	var writing [8]byte
	if _, err := r.src.ReadAt(writing[:], offWriting); err != nil {
		return err
	}
	if last := le.Uint64(writing[:]); last >= r.capacity && number <= last-r.capacity {
		b.Lost++
	} else {
		b.Damaged++
	}
	return nil
}

// Close closes the ring.
func (r *Reader) Close() error { return r.src.Close() }
