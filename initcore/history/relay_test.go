package history

import "testing"

func TestRelay(t *testing.T) {
	r := PlainRelay()
	r[1], r[15] = 10, 0
	for n, want := range map[int]struct {
		forwards int
		drops    bool
		reason   string
	}{
		2:  {2, false, "yinit forwards it to its program"},
		1:  {10, false, "yinit forwards it as SIGUSR1 (--rewrite)"},
		15: {0, true, "yinit drops it (--rewrite)"},
		17: {0, false, "yinit handles it and does not forward it"},
		11: {11, false, "yinit forwards it to its program"},
		9:  {0, false, "yinit handles it and does not forward it"},
		65: {0, false, "yinit handles it and does not forward it"},
	} {
		if to, drops, reason := r.Forwards(n), r.Drops(n), r.Reason(n); to != want.forwards || drops != want.drops || reason != want.reason {
			t.Errorf("signal %d: %d, %v, %q, want %+v", n, to, drops, reason, want)
		}
	}
	for n := range 66 {
		if reason := r.Reason(n); len(reason) > 62 {
			t.Errorf("%q is too long to stand beside a verdict", reason)
		}
	}
}
