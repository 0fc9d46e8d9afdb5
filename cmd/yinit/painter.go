package main

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"yinit/tui/text"
)

// A painter draws the frames of a program: it writes the parts of lines that differ from what
// the screen shows. Bubble Tea's renderer keeps two copies of the screen, with 112 bytes for
// each cell, and a table with the width of each character, 2.2 MB, and it parses each frame.
// A painter needs none of this. The renderer still sets the modes of the terminal: it draws
// a screen of one cell, and what it writes goes through the painter.
//
// The lines of a frame have no control characters but SGR sequences, and are not wider than
// the screen.
type painter struct {
	out     io.Writer
	entered func() // called when the alternate screen has been entered; may be nil

	next atomic.Pointer[frame] // to be drawn
	wake chan struct{}         // has a value if there is a new one

	mu    sync.Mutex // held while writing
	alt   bool       // the alternate screen is shown
	known bool       // shown is what the screen shows
	shown []string   // lines
	sizes int        // [frame.sizes] of these
	buf   []byte
	ends  []int // see sameEnd
}

// A frame is what a screen of a certain size is to show.
type frame struct {
	text          string
	columns, rows int
	sizes         int // how often the size was told: each time, the terminal may have moved lines
}

// The sequences with which the alternate screen begins and ends, see ctlseqs of xterm.
var (
	enterAlternate = []byte("\x1b[?1049h")
	leaveAlternate = []byte("\x1b[?1049l")
)

func newPainter(out io.Writer, entered func()) *painter {
	return &painter{out: out, entered: entered, wake: make(chan struct{}, 1)}
}

// show has a frame drawn, soon. It does not wait for the terminal.
func (p *painter) show(f frame) {
	if old := p.next.Load(); old != nil && *old == f {
		return
	}
	p.next.Store(&f)
	select {
	case p.wake <- struct{}{}:
	default: // The last one was not drawn: this one takes its place.
	}
}

// run draws frames until ctx ends.
func (p *painter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		p.paint()
		time.Sleep(soon) // Frames that follow at once would only cost time.
	}
}

// paint draws the frame, unless another screen is shown.
func (p *painter) paint() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.buf = p.buf[:0]; p.alt {
		p.draw()
	}
	if len(p.buf) > 0 {
		_, _ = p.out.Write(p.buf) // Who waits for the end of the terminal sees what makes it fail.
	}
}

// Write writes what the renderer says. It may have erased the screen, so all of it is drawn
// again.
func (p *painter) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf, p.known = append(p.buf[:0], b...), false
	enter, leave := bytes.LastIndex(b, enterAlternate), bytes.LastIndex(b, leaveAlternate)
	if enter != leave {
		p.alt = enter > leave
	}
	if enter > leave && p.entered != nil {
		p.entered()
	}
	if p.alt {
		p.draw()
	}
	if _, err := p.out.Write(p.buf); err != nil {
		return 0, err
	}
	return len(b), nil
}

// draw appends to buf what makes the screen show the frame.
func (p *painter) draw() {
	const noWrap, wrap = "\x1b[?7l", "\x1b[?7h" // Some terminals find a character wider than we do.
	f := p.next.Load()
	if f == nil {
		return
	}
	if f.sizes != p.sizes {
		p.sizes, p.known = f.sizes, false
	}
	before := len(p.buf)
	p.buf = append(p.buf, noWrap...)
	empty := len(p.buf)
	lines := strings.Split(f.text, "\n")
	for i, line := range lines {
		switch {
		case !p.known || i >= len(p.shown):
			p.rest(i, 0, line, f.columns)
		case line != p.shown[i]:
			p.change(i, p.shown[i], line, f.columns)
		}
	}
	if (!p.known || len(lines) < len(p.shown)) && len(lines) < f.rows {
		p.moveTo(len(lines), 0)
		p.buf = append(p.buf, "\x1b[J"...)
	}
	if p.shown, p.known = lines, true; len(p.buf) == empty {
		p.buf = p.buf[:before]
		return
	}
	p.buf = append(p.buf, wrap...)
}

func (p *painter) moveTo(row, column int) {
	p.buf = append(strconv.AppendInt(append(p.buf, "\x1b["...), int64(row)+1, 10), ';')
	p.buf = append(strconv.AppendInt(p.buf, int64(column)+1, 10), 'H')
}

// rest writes the rest of a line, from a column on, and erases what was there. To erase after
// a full line would erase its last cell, so that comes first if the line may be full.
func (p *painter) rest(row, column int, rest string, columns int) {
	const erase = "\x1b[K"
	p.moveTo(row, column)
	full := !allCertain(rest) || column+text.Width(rest) >= columns
	if full {
		p.buf = append(p.buf, erase...)
	}
	p.buf = append(append(p.buf, rest...), "\x1b[m"...)
	if !full {
		p.buf = append(p.buf, erase...)
	}
}

// change writes what makes the line now of the line was.
func (p *painter) change(row int, was, now string, columns int) {
	from := sameStart(was, now)
	column := text.Width(now[:from])
	tail := p.sameEnd(was[from:], now[from:])
	left, right := was[from:len(was)-tail], now[from:len(now)-tail]
	if tail > 0 && text.Width(left) == text.Width(right) {
		p.moveTo(row, column)
		p.buf = append(append(p.buf, right...), "\x1b[m"...)
		return
	}
	p.rest(row, column, now[from:], columns)
}

// sameStart returns how many bytes at the start of two lines need not be drawn again.
func sameStart(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	best := 0
	for at := range cuts(b) {
		if at > n {
			break
		}
		best = at
	}
	return best
}

// sameEnd returns how many bytes at the end of two lines need not be drawn again, if what is
// before them has the same width in both.
func (p *painter) sameEnd(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	p.ends = p.ends[:0] // what is left of a after each cut, the most first
	for at := range cuts(a) {
		if len(a)-at <= n {
			p.ends = append(p.ends, len(a)-at)
		}
	}
	i := 0
	for at := range cuts(b) {
		left := len(b) - at
		for i < len(p.ends) && p.ends[i] > left {
			i++
		}
		if i < len(p.ends) && p.ends[i] == left {
			return left
		}
	}
	return 0
}

// cuts yields where a line may be cut: no style is set there, and the width of all before is
// certain, because terminals agree on that of these characters.
func cuts(line string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		styled := false
		for at := 0; at < len(line); {
			if !styled && line[at] < 0x80 && !yield(at) {
				return
			}
			n := certain(line[at:])
			if n == 0 {
				return
			}
			if line[at] == '\x1b' {
				styled = n > len("\x1b[m")
			}
			at += n
		}
	}
}

// allCertain reports whether the width of all of s is certain.
func allCertain(s string) bool {
	for s != "" {
		n := certain(s)
		if n == 0 {
			return false
		}
		s = s[n:]
	}
	return true
}

// certain returns the number of bytes of the SGR sequence or the character at the beginning of
// s if its width is certain, else 0: the character is ASCII, an accented Latin letter, or one of
// those that frames are drawn with.
func certain(s string) int {
	if s[0] == '\x1b' {
		return strings.IndexByte(s, 'm') + 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if ' ' <= r && r < 0x7f || 0xa1 <= r && r < 0x300 && r != 0xad || 0x2010 <= r && r <= 0x2027 || 0x2190 <= r && r <= 0x25ff {
		return n
	}
	return 0
}
