package history

import (
	"errors"
	"fmt"
	"io"
	"time"

	"yinit/procfs"
)

// ErrForeign means that the bytes are not a ring that this program can read.
var ErrForeign = errors.New("not a yinit history")

// A source holds a ring: an *os.File, or bytes in a test.
type source interface {
	io.ReaderAt
	io.Closer
}

// A Reader reads a ring that another process may be writing. It trusts no byte that
// it reads: a record counts only if its checksum and its number are correct.
type Reader struct {
	src      source
	capacity uint64
	buf      []byte
}

// NewReader returns a Reader of the ring in src, after it has checked the header.
// The error matches [ErrForeign] if src holds no ring, or one of another version of
// the format. On error NewReader closes src.
func NewReader(src source) (*Reader, error) {
	r := &Reader{src: src}
	if err := r.check(); err != nil {
		_ = src.Close()
		return nil, err
	}
	return r, nil
}

// cutShort reports whether the ring ends before the last of its records.
func (r *Reader) cutShort() bool {
	var last [1]byte
	_, err := r.src.ReadAt(last[:], headerSize+int64(r.capacity)*recordSize-1)
	return errors.Is(err, io.EOF)
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
		return fmt.Errorf("%w of format version %d: it has version %d; read it with the yinit that wrote it", ErrForeign, version, v)
	}
	if le.Uint32(b[offHeaderSize:]) != headerSize || le.Uint32(b[offRecordSize:]) != recordSize {
		return fmt.Errorf("%w: its header or record size does not match its version", ErrForeign)
	}
	r.capacity = uint64(le.Uint32(b[offCapacity:]))
	if r.capacity == 0 || r.capacity > 1<<20 {
		return fmt.Errorf("%w: its header claims %d records", ErrForeign, r.capacity)
	}
	return nil
}

// A Header is the decoded header of a ring.
type Header struct {
	Program   string        // name and version of the writer
	InitPID   int           // pid of the init in its own PID namespace
	InitStart procfs.Ticks  // start time of the init, since boot
	Run       int           // number of the current run, from 1
	Started   time.Time     // when the current run began
	Ended     time.Time     // when it ended; zero if it is running or was killed
	Watch     time.Duration // interval between scans for new processes; 0: only children are watched
	Written   uint64        // number of the last record; 0: none
	Missed    uint64        // processes and threads that started and ended unseen
	Unwatched uint64        // processes seen but not watched, because there were too many
	Relay     Relay         // which signals the init forwards
}

// Header reads the current header.
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

// A Batch is the result of one [Reader.Read].
type Batch struct {
	Records []Record // oldest first
	Next    uint64   // pass this to the next Read
	Lost    uint64   // records that were overwritten before they were read
	Damaged uint64   // records whose checksum or number is wrong
}

// Read returns all records after the one numbered after; 0 means from the oldest.
// It does not block.
func (r *Reader) Read(after uint64) (Batch, error) {
	h, err := r.Header()
	if err != nil {
		return Batch{}, err
	}
	if after > h.Written { // not the ring that the caller read before
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

// run reads at most 64 of the records from first to last, up to the end of the ring,
// and appends them to b. It returns how many record numbers it processed.
func (r *Reader) run(b *Batch, first, last uint64) (uint64, error) {
	slot := (first - 1) % r.capacity
	n := min(last-first+1, r.capacity-slot, 64)
	if need := int(n) * recordSize; cap(r.buf) < need {
		r.buf = make([]byte, need)
	}
	buf := r.buf[:int(n)*recordSize]
	if _, err := r.src.ReadAt(buf, headerSize+int64(slot)*recordSize); err != nil {
		if errors.Is(err, io.EOF) {
			return n, fmt.Errorf("%w: it is shorter than its header says", ErrForeign)
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

// miss counts a record that was not found complete as lost or damaged. It is lost if
// the writer has announced, at offWriting, that it overwrites it.
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

// Close closes the source of the ring.
func (r *Reader) Close() error { return r.src.Close() }
