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
	idle := IdleRelay(sigHalt)
	for n, want := range map[int]struct {
		drops  bool
		reason string
	}{
		15: {false, "yinit ends (--pause)"},
		2:  {false, "yinit ends (--pause)"},
		37: {false, "yinit ends (--pause)"},
		1:  {true, "yinit drops it: it has no program (--pause)"},
		3:  {true, "yinit drops it: it has no program (--pause)"},
		17: {false, "yinit handles it and does not forward it"},
		9:  {false, "yinit handles it and does not forward it"},
		65: {false, "yinit handles it and does not forward it"},
	} {
		if to, drops, reason := idle.Forwards(n), idle.Drops(n), idle.Reason(n); to != 0 || drops != want.drops || reason != want.reason {
			t.Errorf("signal %d with --pause: %d, %v, %q, want %+v", n, to, drops, reason, want)
		}
	}
	if plain := IdleRelay(0); !plain.Drops(37) {
		t.Error("signal 37 ends yinit --pause under any name")
	}
	for n := range 66 {
		if reason := r.Reason(n); len(reason) > 62 {
			t.Errorf("%q is too long to stand beside a verdict", reason)
		}
	}
}
