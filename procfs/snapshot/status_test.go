package snapshot

import (
	"testing"

	"yinit/procfs"
)

// TestStatusIsDue checks when the status of a process is read again.
func TestStatusIsDue(t *testing.T) {
	kept := keptStatus{sigs: &procfs.Signals{}, state: procfs.StateSleeping, faults: 5, comm: "sh"}
	same := procfs.Stat{State: procfs.StateSleeping, MinorFaults: 5, Comm: "sh", Threads: 1}
	with := func(change func(*keptStatus, *procfs.Stat)) (keptStatus, procfs.Stat) {
		k, s := kept, same
		change(&k, &s)
		return k, s
	}
	for name, test := range map[string]struct {
		change func(*keptStatus, *procfs.Stat)
		ran    bool
		want   bool
	}{
		"nothing changed": {func(*keptStatus, *procfs.Stat) {}, false, false},
		"never read":      {func(k *keptStatus, _ *procfs.Stat) { k.sigs = nil }, false, true},
		"it ran":          {func(*keptStatus, *procfs.Stat) {}, true, true},
		"faults":          {func(_ *keptStatus, s *procfs.Stat) { s.MinorFaults++ }, false, true},
		"another name":    {func(_ *keptStatus, s *procfs.Stat) { s.Comm = "sleep" }, false, true},
		"it was stopped":  {func(_ *keptStatus, s *procfs.Stat) { s.State = procfs.StateStopped }, false, true},
		"it is stopped": {
			func(k *keptStatus, s *procfs.Stat) { k.state, s.State = procfs.StateStopped, procfs.StateStopped }, false, true,
		},
		"it blocks": {func(k *keptStatus, _ *procfs.Stat) { k.sigs = &procfs.Signals{Blocked: 1} }, false, true},
		"one waits": {func(k *keptStatus, _ *procfs.Stat) { k.sigs = &procfs.Signals{SharedPending: 1} }, false, true},
		"it ended":  {func(_ *keptStatus, s *procfs.Stat) { s.State = procfs.StateZombie }, false, true},
		"it is ended": {func(k *keptStatus, s *procfs.Stat) {
			k.state, s.State, k.sigs = procfs.StateZombie, procfs.StateZombie, &procfs.Signals{Blocked: 1}
		}, true, false},
	} {
		k, s := with(test.change)
		if got := k.due(&s, test.ran); got != test.want {
			t.Errorf("%s: due = %v, want %v", name, got, test.want)
		}
	}
}

// TestExactRSS checks that changes come from stat and the correction from status.
func TestExactRSS(t *testing.T) {
	for _, test := range []struct {
		off       int64
		rss, want procfs.Bytes
	}{{0, 100, 100}, {50, 100, 150}, {-50, 100, 50}, {-150, 100, 0}, {50, 0, 0}} {
		k := keptStatus{rss: test.off}
		if got := k.exact(test.rss); got != test.want {
			t.Errorf("exact(%d) with %d = %d, want %d", test.rss, test.off, got, test.want)
		}
	}
}
