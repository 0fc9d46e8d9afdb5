package main

import (
	"bytes"
	"os"
	"time"
	"unicode/utf8"
)

const (
	pasteStart = "\x1b[200~" // of a bracketed paste, see ctlseqs of xterm
	pasteEnd   = "\x1b[201~"

	mostTyped  = 16                     // bytes of text in one read that may be keys typed ahead
	mostPasted = 512                    // bytes of a paste that are kept; a line holds less
	oneBurst   = 100 * time.Millisecond // text that follows a paste so soon is part of it
)

// A keyboard is the terminal from which top reads keys. Not every terminal marks what is
// pasted, and a pasted letter must not act as a key. So keyboard marks text as pasted
// if more of it arrives at once than a person types. It also drops most of a long paste,
// because Bubble Tea takes a microsecond or more for each letter.
type keyboard struct {
	*os.File
	client *client // gets what was read
	pastes pasteMarker
}

// Read reads keys. What it adds to the text fits into p, because it reads so much less:
// two marks have 12 bytes, and between two pastes is an escape sequence.
func (k *keyboard) Read(p []byte) (int, error) {
	buf := make([]byte, max(1, len(p)/8))
	n, err := k.File.Read(buf)
	text := k.pastes.mark(buf[:n], time.Now())
	if n > 0 {
		k.client.hear(k.pastes.answers)
	}
	return copy(p, text), err
}

// A pasteMarker finds text and escape sequences in what a terminal sends.
type pasteMarker struct {
	out   []byte
	text  []byte // text since the last escape sequence or read
	seq   []byte // an unfinished escape sequence, or the beginning of its end
	state func(*pasteMarker, byte)

	answers int       // how many answers to statusQuery the last bytes had
	pasting bool      // in a paste that the terminal marks
	read    time.Time // when the last bytes came

	kept int       // bytes of this paste that were kept
	last time.Time // when the last text came that was taken for a paste
}

// mark returns b, which was read at now, with its pastes marked and shortened.
func (m *pasteMarker) mark(b []byte, now time.Time) []byte {
	m.out, m.answers = m.out[:0], 0
	if m.state == nil || !m.pasting && now.Sub(m.read) > oneBurst {
		m.state = (*pasteMarker).inText // A sequence comes in one piece; this was the Esc key.
	}
	m.read = now
	for _, c := range b {
		if c == 0x1b {
			m.flush(now)
		}
		m.state(m, c)
	}
	m.flush(now)
	return m.out
}

// flush ends a piece of text. It is a paste if it is long or directly follows one. A key
// that is held down is no paste, but does not need so many repetitions either.
func (m *pasteMarker) flush(now time.Time) {
	text := m.text
	m.text = m.text[:0]
	follows := now.Sub(m.last) < oneBurst
	switch {
	case len(text) == 0:
	case !follows && len(text) <= mostTyped:
		m.out = append(m.out, text...)
	case !follows && len(bytes.Trim(text, string(text[:1]))) == 0:
		m.out = append(m.out, text[:mostTyped]...)
	default:
		if !follows {
			m.kept = 0
		}
		m.last = now
		if part := clip(text, mostPasted-m.kept); len(part) > 0 {
			m.kept += len(part)
			m.out = append(append(append(m.out, pasteStart...), part...), pasteEnd...)
		}
	}
}

// clip returns at most n bytes of text, and no part of a letter.
func clip(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:max(0, n)]
}

// The states.

func (m *pasteMarker) inText(c byte) {
	if c != 0x1b {
		m.text = append(m.text, c)
		return
	}
	m.out = append(m.out, c)
	m.state = (*pasteMarker).afterEscape
}

func (m *pasteMarker) afterEscape(c byte) {
	m.out = append(m.out, c)
	switch c {
	case '[', 'O':
		m.seq = append(m.seq[:0], 0x1b, c)
		m.state = (*pasteMarker).inSequence
	case ']', 'P', 'X', '^', '_': // OSC, DCS, SOS, PM, APC
		m.seq = m.seq[:0]
		m.state = (*pasteMarker).inString
	case 0x1b:
	default: // Alt and a key
		m.state = (*pasteMarker).inText
	}
}

// inSequence is a key such as \x1b[B or \x1bOP, or the position of the mouse.
func (m *pasteMarker) inSequence(c byte) {
	m.out = append(m.out, c)
	m.seq = append(m.seq, c)
	switch {
	case c == 0x1b:
		m.state = (*pasteMarker).afterEscape
	case string(m.seq) == pasteStart:
		m.seq, m.kept, m.pasting = m.seq[:0], 0, true
		m.state = (*pasteMarker).inPaste
	case c >= '@' && c <= '~', len(m.seq) > 64:
		m.state = (*pasteMarker).inText
		if c == 'n' { // of statusOK, or that the terminal is not well
			m.answers++
		}
	}
}

// inString is an answer of the terminal. It ends with BEL or ESC \.
func (m *pasteMarker) inString(c byte) {
	m.out = append(m.out, c)
	switch {
	case c == 0x1b:
		m.state = (*pasteMarker).afterEscape // ESC and a backslash end the string
	case c == 0x07, c < ' ':
		m.state = (*pasteMarker).inText
	}
}

// inPaste holds back what may be the beginning of the end.
func (m *pasteMarker) inPaste(c byte) {
	m.seq = append(m.seq, c)
	for len(m.seq) > 0 && !bytes.HasPrefix([]byte(pasteEnd), m.seq) {
		m.keep(m.seq[0])
		m.seq = append(m.seq[:0], m.seq[1:]...)
	}
	if len(m.seq) == len(pasteEnd) {
		m.out = append(m.out, pasteEnd...)
		m.state, m.pasting = (*pasteMarker).inText, false
	}
}

func (m *pasteMarker) keep(c byte) {
	if m.kept >= mostPasted && (m.kept > mostPasted || utf8.RuneStart(c)) {
		m.kept = mostPasted + 1
		return
	}
	m.kept++
	m.out = append(m.out, c)
}
