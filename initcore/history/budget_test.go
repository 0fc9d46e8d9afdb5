package history

import (
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	b, now := NewBudget(3, 2), time.Unix(100, 0)
	for i, want := range []bool{true, true, true, false, false} {
		if got := b.Take(now); got != want {
			t.Errorf("event %d of a burst: %t, want %t", i, got, want)
		}
	}
	if now = now.Add(500 * time.Millisecond); !b.Take(now) || b.Take(now) {
		t.Error("want one more event after half a second")
	}
	now = now.Add(time.Hour)
	for range 3 {
		b.Take(now)
	}
	if b.Take(now) {
		t.Error("want no more than a burst after a pause")
	}
}
