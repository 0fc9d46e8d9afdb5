package procfs

import (
	"bytes"
	"testing"
)

// slowCursor is a simple implementation of cursor.
type slowCursor struct {
	rest []byte
	bad  bool
}

func (c *slowCursor) word() []byte {
	if c.bad {
		return nil
	}
	w, rest, _ := bytes.Cut(c.rest, []byte{' '})
	c.rest = rest
	return w
}

func (c *slowCursor) skip(n int) {
	for range n {
		if len(c.word()) == 0 {
			c.bad = true
		}
	}
}

func (c *slowCursor) uint() uint64 {
	v, ok := parseUint(c.word())
	c.bad = c.bad || !ok
	return v
}

func (c *slowCursor) int() int {
	v, ok := parseInt(c.word())
	c.bad = c.bad || !ok
	return v
}

// FuzzCursor compares cursor with the simple implementation. Each byte of steps says
// what to consume next.
func FuzzCursor(f *testing.F) {
	for _, line := range []string{
		"", " ", "1", "1 2", "1  2", "-1 -2", "- 1", "--1", "1-", "12x 3", "18446744073709551615 1", "18446744073709551616 1",
		"9223372036854775807 1", "9223372036854775808", "-9223372036854775808", "00000000000000000000001 2", "1 2 ", "1\n2",
	} {
		f.Add([]byte(line), []byte("uisui"))
		f.Add([]byte(line), []byte("iuiss"))
	}
	f.Fuzz(func(t *testing.T, line, steps []byte) {
		fast, slow := cursor{rest: line}, slowCursor{rest: line}
		for _, step := range steps {
			var got, want uint64
			switch step % 4 {
			case 0:
				got, want = fast.uint(), slow.uint()
			case 1:
				got, want = uint64(fast.int()), uint64(slow.int())
			default:
				fast.skip(int(step % 4))
				slow.skip(int(step % 4))
			}
			if fast.bad != slow.bad {
				t.Fatalf("%q, %q: bad is %v, want %v", line, steps, fast.bad, slow.bad)
			}
			if slow.bad {
				return
			}
			if got != want || !bytes.Equal(fast.rest, slow.rest) {
				t.Fatalf("%q, %q: %d, then %q, want %d, then %q", line, steps, got, fast.rest, want, slow.rest)
			}
		}
	})
}
