package procfs

import (
	"bytes"
	"math"
)

// cursor parses numbers that are separated by single spaces. It allocates nothing.
// After a missing or malformed number bad stays set and the methods return zero, so
// that the caller needs to check only once.
type cursor struct {
	rest []byte
	bad  bool
}

// word consumes the bytes before the next space, and the space.
func (c *cursor) word() []byte {
	if c.bad {
		return nil
	}
	w, rest, _ := bytes.Cut(c.rest, []byte{' '})
	c.rest = rest
	return w
}

// skip consumes n words.
func (c *cursor) skip(n int) {
	b, start := c.rest, 0
	for i := 0; n > 0; i++ {
		if i < len(b) && b[i] != ' ' {
			continue
		}
		if i == start || i == len(b) && n > 1 {
			c.bad = true
			return
		}
		start = min(i+1, len(b))
		n--
	}
	c.rest = b[start:]
}

// uint consumes a number in one pass, since a stat line has dozens.
func (c *cursor) uint() uint64 {
	const safe = 19 // this many digits always fit into 64 bits
	b := c.rest
	v, i := uint64(0), 0
	for i < len(b) && b[i]-'0' <= 9 {
		v = v*10 + uint64(b[i]-'0')
		i++
	}
	switch {
	case i == 0 || i > safe || c.bad:
		var ok bool
		v, ok = parseUint(c.word())
		c.bad = c.bad || !ok
		return v
	case i == len(b):
		c.rest = nil
	case b[i] != ' ':
		c.bad = true
		return 0
	default:
		c.rest = b[i+1:]
	}
	return v
}

// int consumes a number that may have a minus sign.
func (c *cursor) int() int {
	negative := len(c.rest) > 0 && c.rest[0] == '-'
	if negative {
		c.rest = c.rest[1:]
	}
	v := c.uint()
	if v > math.MaxInt {
		c.bad = true
	}
	if c.bad {
		return 0
	}
	if negative {
		return -int(v)
	}
	return int(v)
}

func (c *cursor) decimal() float64 {
	v, ok := parseDecimal(c.word())
	c.bad = c.bad || !ok
	return float64(v) / billion
}

// parseUint parses decimal digits and nothing else.
func parseUint(b []byte) (uint64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || v > (math.MaxUint64-d)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	return v, true
}

// parseInt parses decimal digits with an optional minus sign.
func parseInt(b []byte) (int, bool) {
	digits, negative := bytes.CutPrefix(b, []byte{'-'})
	v, ok := parseUint(digits)
	if !ok || v > math.MaxInt {
		return 0, false
	}
	if negative {
		return -int(v), true
	}
	return int(v), true
}

// parseUint32 is parseUint for uids and the like.
func parseUint32(b []byte) (uint32, bool) {
	v, ok := parseUint(b)
	return uint32(v), ok && v <= math.MaxUint32
}

// parseHex parses hexadecimal digits without a prefix, the format of signal and
// capability sets.
func parseHex(b []byte) (uint64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		d := hexDigit(c)
		if d > 15 || v>>60 != 0 {
			return 0, false
		}
		v = v<<4 | uint64(d)
	}
	return v, true
}

// hexDigit returns the value of c, or more than 15 if c is not a hexadecimal digit.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	default:
		return math.MaxUint8
	}
}

// billion is the resolution of parseDecimal: parts of a whole.
const billion = 1_000_000_000

// parseDecimal parses a number such as "12.34" into billionths. Digits beyond
// the ninth decimal are dropped.
func parseDecimal(b []byte) (uint64, bool) {
	whole, fraction, point := bytes.Cut(b, []byte{'.'})
	v, ok := parseUint(whole)
	if !ok || v >= math.MaxUint64/billion {
		return 0, false
	}
	v *= billion
	if !point {
		return v, true
	}
	unit := uint64(billion)
	for _, c := range fraction {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit /= 10
		v += uint64(c-'0') * unit
	}
	return v, len(fraction) > 0
}

// nextField splits off the first word of b. Any number of spaces and tabs separates
// words.
func nextField(b []byte) (word, rest []byte) {
	start := 0
	for start < len(b) && isBlank(b[start]) {
		start++
	}
	end := start
	for end < len(b) && !isBlank(b[end]) {
		end++
	}
	return b[start:end], b[end:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
