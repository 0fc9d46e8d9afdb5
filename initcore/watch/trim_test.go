package watch

import (
	"testing"
	"time"

	"yinit/procfs"
)

// TestTrimLater: once those whose records wait have been reaped, their memory is returned,
// although the next scan may be due much later.
func TestTrimLater(t *testing.T) {
	reapOrphans()
	w, _ := newAccountingWatcher(t)
	w.opt.Max = len(w.procs)
	w.readAccounting(time.Now())
	s := newShell(t)
	zombie := s.does("sleep 0 & echo $!")
	eventually(t, "its record waits", func() bool { w.readAccounting(time.Now()); return w.accounting.later.n == 1 })
	w.Trim(false)
	if w.accounting.later.n != 1 {
		t.Error("Trim has dropped a record that waits")
	}
	w.Reaping(procfs.ID{PID: zombie}, false)
	w.Trim(false)
	if w.accounting.later.mem != nil {
		t.Error("Trim has kept the memory of records that wait, and none does")
	}
	s.does("wait; echo 0")
}

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
