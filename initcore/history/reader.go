package history

import (
	"errors"
	"fmt"
	"io"
	"sort"
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
	src source
	buf []byte

	after uint64        // the Next of the last Read
	at    [areas]uint64 // by area: number in it of the last record that Read has processed
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
	_, err := r.src.ReadAt(last[:], ringSize-1)
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
	for area := range slotsOf {
		if n := le.Uint32(b[entryOf(area)+offSlots:]); n != slotsOf[area] {
			return fmt.Errorf("%w: its header claims an area of %d records", ErrForeign, n)
		}
	}
	if n := le.Uint32(b[offCapacity:]); n != Capacity {
		return fmt.Errorf("%w: its header claims %d records, and other sizes of the areas", ErrForeign, n)
	}
	return plausible(b[:])
}

// The counts of a header that no init can have written.
const (
	countMost  = 1 << 48 // records
	countApart = 1 << 16 // records that may be written while the header is read
)

// plausible returns an error if an init cannot have written the counts in the header.
func plausible(header []byte) error {
	total, sum := le.Uint64(header[offWritten:]), uint64(0)
	for area := range slotsOf {
		entry := header[entryOf(area):]
		written, writing := le.Uint64(entry[offAreaWritten:]), le.Uint64(entry[offWriting:])
		if written > countMost || writing > written+countApart {
			return fmt.Errorf("%w: its header claims %d records of one kind", ErrForeign, max(written, writing))
		}
		sum += written
	}
	if total > sum+countApart || sum > total+countApart {
		return fmt.Errorf("%w: its header claims %d records, and %d by their kinds", ErrForeign, total, sum)
	}
	return nil
}

// A Header is the decoded header of a ring.
type Header struct {
	Program   string           // name and version of the writer
	InitPID   int              // pid of the init in its own PID namespace
	InitStart procfs.Ticks     // start time of the init, since boot
	Run       int              // number of the current run, from 1
	Started   time.Time        // when the current run began
	Ended     time.Time        // when it ended; zero if it is running or was killed
	Watch     time.Duration    // interval between scans for new processes; 0: only children are watched
	Written   uint64           // number of the last record; 0: none
	Missed    uint64           // processes and threads that started and ended unseen
	Unwatched uint64           // processes seen but not watched, because there were too many
	Sources   Sources          // how the init learns of the ends of processes
	Relay     Relay            // which signals the init forwards
	Blocked   procfs.SignalSet // blocked when the init was started
	Ignored   procfs.SignalSet // ignored when the init was started
}

// Header reads the current header.
func (r *Reader) Header() (Header, error) {
	var b [offIgnored + 8]byte
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
	h.Sources = Sources(le.Uint32(b[offSources:]))
	copy(h.Relay[1:], b[offRelay:offRelay+lenRelay])
	h.Blocked = procfs.SignalSet(le.Uint64(b[offBlocked:]))
	h.Ignored = procfs.SignalSet(le.Uint64(b[offIgnored:]))
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
	// The numbers of the areas are read after h.Written, so no record up to that is
	// missing from them.
	written, err := r.written()
	if err != nil {
		return Batch{}, err
	}
	var from [areas]uint64
	if after == r.after {
		from = r.at
	}
	b := Batch{Next: h.Written}
	for area := range from {
		if from[area], err = r.readArea(&b, area, from[area], written[area], after); err != nil {
			return b, err
		}
	}
	missing := h.Written - after
	b.Lost = missing - min(missing, uint64(len(b.Records))+b.Damaged)
	sort.Slice(b.Records, func(i, j int) bool { return b.Records[i].Seq < b.Records[j].Seq })
	b.Records = foldRepeats(b.Records)
	r.after, r.at = h.Written, from
	return b, nil
}

// readArea appends the records of an area after its record number from to b, unless
// their number is not greater than after. It returns the number in the area of the last
// record that it processed: records that are newer than b.Next are left for later.
func (r *Reader) readArea(b *Batch, area int, from, written, after uint64) (uint64, error) {
	slots := uint64(slotsOf[area])
	if written > slots {
		from = max(from, written-slots)
	}
	for from < written {
		n, err := r.load(area, from, written)
		if err != nil {
			return from, err
		}
		for i := range n {
			rec, ok := decode(r.buf[i*recordSize:], from+1)
			switch {
			case ok && rec.Seq > b.Next:
				return from, nil
			case ok && rec.Seq > after:
				b.Records = append(b.Records, rec)
			case !ok:
				if err := r.miss(b, area, from+1); err != nil {
					return from, err
				}
			}
			from++
		}
	}
	return from, nil
}

// load reads at most 64 of the records of an area, from the one after from up to written
// or to the end of the area, into r.buf. It returns how many it has read.
func (r *Reader) load(area int, from, written uint64) (uint64, error) {
	slots := uint64(slotsOf[area])
	slot := from % slots
	n := min(written-from, slots-slot, 64)
	if need := int(n) * recordSize; cap(r.buf) < need {
		r.buf = make([]byte, need)
	}
	r.buf = r.buf[:int(n)*recordSize]
	_, err := r.src.ReadAt(r.buf, int64(slotAt(area, slot)))
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: it is shorter than its header says", ErrForeign)
	}
	return n, err
}

// miss counts a record that was not found complete as damaged, unless the writer has
// announced, at offWriting, that it overwrites it: then it is lost.
func (r *Reader) miss(b *Batch, area int, number uint64) error {
	var writing [8]byte
	if _, err := r.src.ReadAt(writing[:], int64(entryOf(area)+offWriting)); err != nil {
		return err
	}
	if last := le.Uint64(writing[:]); last < number || last-number < uint64(slotsOf[area]) {
		b.Damaged++
	}
	return nil
}

// written returns the number of the last complete record of each area.
func (r *Reader) written() (last [areas]uint64, err error) {
	var b [areas * lenArea]byte
	if _, err := r.src.ReadAt(b[:], offAreas); err != nil {
		return last, err
	}
	for area := range last {
		last[area] = le.Uint64(b[area*lenArea+offAreaWritten:])
	}
	return last, nil
}

// Close closes the source of the ring.
func (r *Reader) Close() error { return r.src.Close() }
