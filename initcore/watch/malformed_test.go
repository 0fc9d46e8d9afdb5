package watch

import (
	"os"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/proctest"
)

// TestMalformedStat: a process whose stat file cannot be parsed is still watched: its end
// can be recorded. Other processes are not affected.
func TestMalformedStat(t *testing.T) {
	s := newShell(t)
	pids := s.sleepers(3)
	tree := proctest.New(t)
	tree.Loadavg(procfs.Loadavg{LastPID: pids[2]})
	tree.Process(proctest.Process{PID: pids[0], Comm: "first", Cmdline: []string{"first"}})
	tree.Process(proctest.Process{PID: pids[1], Files: map[string]string{"stat": "7 (sh", "status": "Uid:\n"}})
	tree.Process(proctest.Process{PID: pids[2], Comm: "last", Cmdline: []string{"last"}})
	b := &recorder{}
	w, err := New(Options{FS: tree.FS(), Self: os.Getpid(), Every: time.Millisecond}, b)
	check(t, err)
	t.Cleanup(w.Close)
	for i, comm := range []string{"first", "", "last"} {
		seen, ok := w.Recall(procfs.ID{PID: pids[i], Start: 0})
		if !ok || seen.Comm != comm || seen.PPID != s.cmd.Process.Pid && i == 1 {
			t.Errorf("%d: %+v, watched: %t; want the name %q", pids[i], seen, ok, comm)
		}
	}
	if _, ok := w.Recall(procfs.ID{PID: pids[1], Start: 12345}); !ok {
		t.Error("it is not recalled by a start time that the watcher does not know")
	}
	s.does("kill -9 " + procfs.ID{PID: pids[1]}.String() + "; wait " + procfs.ID{PID: pids[1]}.String() + "; echo 0")
	eventually(t, "the exit is recorded", func() bool {
		w.Ready(time.Now())
		return len(b.of(history.KindExit, pids[1])) > 0
	})
	if r := b.of(history.KindExit, pids[1])[0]; !r.Known || r.Status != 9 || r.Runtime != 0 {
		t.Errorf("%+v, want killed by SIGKILL after an unknown time", r)
	}
}
