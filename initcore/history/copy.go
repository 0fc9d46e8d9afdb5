package history

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A fileCopy copies the ring from memory into a file. The file is never mapped, so no
// process that truncates it can make the init fault. If it cannot be written, the copying
// ends, and the ring in memory remains.
type fileCopy struct {
	ring   []byte
	fd     int
	header [headerSize]byte
	copied [areas]uint64 // by area: number of the last record in the file

	beside  bool          // a goroutine copies; else the caller of changed does
	wake    chan struct{} // holds a value if there is something to copy
	ended   chan struct{} // closed when the goroutine has ended
	asked   atomic.Uint64 // changes of the ring so far
	done    atomic.Uint64 // those of them that are in the file
	failure atomic.Pointer[error]
}

// Create creates a ring as [Create] does, which continues that of the file and is copied
// into it. If beside is true, another goroutine copies, so that a file system that does
// not answer cannot block the caller; otherwise all methods of the Writer do, which have
// something to write. The Writer owns the file then.
func (f *File) Create(o Origin, now time.Time, beside bool) (*Writer, error) {
	w, err := newWriter(memfdName)
	if err != nil { // such as before Linux 5.1: then only the file can be read
		if w, err = unshared(); err != nil {
			return nil, err
		}
	}
	if f.ring != nil {
		if err := w.resume(f.ring); err != nil {
			w.Close()
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
	}
	w.begin(o, now)
	f.forget()
	w.file = &fileCopy{ring: w.mem, fd: f.fd, copied: w.areas, beside: beside}
	if beside {
		w.file.wake, w.file.ended = make(chan struct{}, 1), make(chan struct{})
		go w.file.run()
	}
	w.file.changed()
	return w, nil
}

// resume continues after the last record of an earlier run.
func (w *Writer) resume(ring []byte) (err error) {
	r := &Reader{src: memory{bytes.NewReader(ring)}}
	h, err := r.Header()
	if err != nil {
		return err
	}
	if w.areas, err = r.written(); err != nil {
		return err
	}
	// Each record is in one area. If the init was killed while it wrote the last one,
	// h.Written may not count that.
	sum := uint64(0)
	for _, n := range w.areas {
		sum += n
	}
	w.next, w.run = max(h.Written, sum)+1, uint16(h.Run)+1
	if h.Run > 0 { // 0: its init was killed before it began
		w.takeOver(r, h)
	}
	defer w.recoverFault()
	copyPages(w.mem, ring)
	clear(w.mem[offMagic : offMagic+len(magic)]) // see begin
	return nil
}

// changed is called after the ring has changed. It does not block if another goroutine
// copies.
func (c *fileCopy) changed() {
	if c == nil {
		return
	}
	c.asked.Add(1)
	if !c.beside {
		c.step()
		return
	}
	select {
	case c.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// run copies when there is something to copy, until wake is closed.
func (c *fileCopy) run() {
	defer close(c.ended)
	debug.SetPanicOnFault(true) // as for the loop, if there is no memory for a page
	for range c.wake {
		c.step()
	}
}

// step copies what is new. It does nothing once it has failed.
func (c *fileCopy) step() {
	asked := c.asked.Load()
	defer c.done.Store(asked)
	defer func() {
		if r := recover(); r != nil {
			c.fail(fmt.Errorf("internal error: %v", r))
		}
	}()
	if c.failure.Load() != nil {
		return
	}
	if err := c.copy(); err != nil {
		c.fail(err)
	}
}

func (c *fileCopy) fail(err error) { c.failure.Store(&err) }

// copy brings the file up to date. A reader of the file sees what a reader of the ring
// sees, see format.md: what is overwritten is announced first, and the counts come last.
func (c *fileCopy) copy() error {
	if err := c.check(); err != nil {
		return err
	}
	total := c.load(offWritten) // before the areas, see [Reader.Read]
	var written [areas]uint64
	overwrites := false
	for area := range written {
		written[area] = c.load(entryOf(area) + offAreaWritten)
		overwrites = overwrites || written[area] > max(c.copied[area], uint64(slotsOf[area]))
	}
	if overwrites {
		if err := c.announce(); err != nil {
			return err
		}
	}
	for area := range written {
		if err := c.copyArea(area, written[area]); err != nil {
			return err
		}
	}
	c.snapshot(total, written)
	if err := writeAt(c.fd, c.header[:], 0); err != nil {
		return err
	}
	c.copied = written
	return nil
}

// announce writes into the file that the records that it lacks are about to overwrite
// others.
func (c *fileCopy) announce() error {
	c.snapshot(c.load(offWritten), c.copied)
	return writeAt(c.fd, c.header[offAreas:offAreas+areas*lenArea], offAreas)
}

// check returns an error if the file is not what it was.
func (c *fileCopy) check() error {
	var st unix.Stat_t
	switch err := unix.Fstat(c.fd, &st); {
	case err != nil:
		return fmt.Errorf("fstat: %w", err)
	case st.Size != ringSize:
		return fmt.Errorf("it was truncated to %d of %d bytes", st.Size, ringSize)
	case st.Nlink == 0:
		return errors.New("it was deleted")
	}
	return nil
}

// snapshot copies the header, with these counts of the records that are in the file. It
// announces no more records to come than a reader believes: an area that is so far behind
// is overwritten as a whole, whatever the number.
func (c *fileCopy) snapshot(total uint64, written [areas]uint64) {
	copy(c.header[:], c.ring)
	le.PutUint64(c.header[offWritten:], total)
	for area, n := range written {
		entry := c.header[entryOf(area):]
		le.PutUint64(entry[offAreaWritten:], n)
		le.PutUint64(entry[offWriting:], min(le.Uint64(entry[offWriting:]), n+countApart))
	}
}

// copyArea copies the records of an area up to the number written.
func (c *fileCopy) copyArea(area int, written uint64) error {
	slots, from := uint64(slotsOf[area]), c.copied[area]
	if written > slots {
		from = max(from, written-slots)
	}
	for from < written {
		slot := from % slots
		n := min(written-from, slots-slot)
		begin := slotAt(area, slot)
		if err := writeAt(c.fd, c.ring[begin:begin+int(n)*recordSize], int64(begin)); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// load reads the number at an aligned offset of the ring atomically.
func (c *fileCopy) load(off int) uint64 { return atomic.LoadUint64(at(c.ring, off)) }

// stop ends the goroutine, after it has copied what is new, and closes the file.
func (c *fileCopy) stop() {
	if c == nil {
		return
	}
	if c.beside {
		close(c.wake)
		<-c.ended
	}
	_ = unix.Close(c.fd) // errors of the writes are known
}

// Behind reports whether the file lacks what has been written into the ring, and is still
// to get it.
func (w *Writer) Behind() bool {
	return w != nil && w.file != nil && w.file.failure.Load() == nil && w.file.done.Load() != w.file.asked.Load()
}

// Copied returns a number that changes when something has been copied into the file.
func (w *Writer) Copied() uint64 {
	if w == nil || w.file == nil {
		return 0
	}
	return w.file.done.Load()
}

// FileErr returns why the file no longer gets what is written into the ring; nil if it
// does, or if there is none.
func (w *Writer) FileErr() error {
	if w == nil || w.file == nil {
		return nil
	}
	if err := w.file.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Abandon gives the file up for the reason why, as if it could not be written.
func (w *Writer) Abandon(why error) {
	if w != nil && w.file != nil {
		w.file.failure.CompareAndSwap(nil, &why)
	}
}
