package snapshot

import (
	"testing"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/proctest"
)

// TestOfTheMachine checks that values are said to be those of the machine where no control
// group counts them. The CPU is then the sum of the processes.
func TestOfTheMachine(t *testing.T) {
	r := NewReader(procfs.FS{}, Options{})
	defer r.Close()
	r.Cgroup = cgroup.Group{}
	snap, err := r.Snapshot()
	proctest.Check(t, err)
	if got, want := snap.Host.Hosts, (Hosts{Mem: true, MemMax: true, CPUMax: true}); got != want {
		t.Errorf("without a control group %+v is said of %+v, want %+v", got, snap.Host, want)
	}
}

func TestUnread(t *testing.T) {
	for _, test := range []struct {
		hidden, malformed int
		want              string
	}{
		{0, 0, ""},
		{1, 0, "1 process is hidden from this user"},
		{3, 0, "3 processes are hidden from this user"},
		{0, 2, "the stat of 2 could not be parsed"},
		{3, 1, "3 processes are hidden from this user; the stat of 1 could not be parsed"},
	} {
		if got := unread(test.hidden, test.malformed); got != test.want {
			t.Errorf("unread(%d, %d) = %q, want %q", test.hidden, test.malformed, got, test.want)
		}
	}
}
