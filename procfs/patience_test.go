package procfs

import (
	"testing"
	"time"
)

// TestPatience checks that a read that does not end is not waited for, and not repeated,
// and that few such reads are started.
func TestPatience(t *testing.T) {
	p := Patience{limit: time.Millisecond}
	never := make(chan struct{})
	block := func() func() { <-never; return func() { t.Error("the late result is taken") } }
	for pid := 1; pid <= 4; pid++ {
		if p.Do(ID{PID: pid}, block) {
			t.Errorf("%d: a read that blocks has ended", pid)
		}
	}
	if n := p.blocked(); n != mostStuck {
		t.Errorf("%d reads are blocked, want %d", n, mostStuck)
	}
	close(never)
	for end := time.Now().Add(10 * time.Second); p.blocked() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the reads do not end")
		}
	}
	p.limit = time.Minute
	got := ""
	if !p.Do(ID{PID: 1}, func() func() { return func() { got = "read" } }) || got != "read" {
		t.Errorf("afterwards the result is %q", got)
	}
}

func (p *Patience) blocked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.stuck)
}
