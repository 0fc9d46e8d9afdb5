package watch

import "testing"

// TestShrunk: a map that had many elements keeps those that are left.
func TestShrunk(t *testing.T) {
	m := map[int]string{}
	for i := range 10_000 {
		m[i] = "x"
	}
	for i := range 9_999 {
		delete(m, i)
	}
	m = shrunk(m, 0)
	if len(m) != 1 || m[9_999] != "x" {
		t.Errorf("shrunk = %v", m)
	}
}
