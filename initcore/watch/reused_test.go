package watch

import (
	"errors"
	"os"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// TestReadReused: a process is reaped between two reads of its files, and its pid is given
// out again. What the second read finds is not taken for that of the first process.
func TestReadReused(t *testing.T) {
	s := newShell(t)
	pid := s.sleepers(1)[0]
	name := procfs.ID{PID: pid}.String()
	tree := proctest.New(t)
	tree.Loadavg(procfs.Loadavg{LastPID: pid})
	process := proctest.Process{PID: pid, PPID: s.cmd.Process.Pid, Comm: "sleep", State: procfs.StateZombie, ExitCode: 9, UID: 4321}
	process.Files = map[string]string{"limits": "Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              1                    1                    seconds   \n"}
	tree.Process(process)
	w, err := New(Options{FS: tree.FS(), Self: os.Getpid(), Every: time.Millisecond}, &recorder{})
	check(t, err)
	t.Cleanup(w.Close)
	w.ask = func(int) (i info, err error) { return i, errors.New("Linux < 6.13") }
	p := w.procs[pid]
	read := func() {
		p.zombie, p.UID = nil, 0
		check(t, w.scanner.Stat(pid, &w.stat))
		w.readZombie(p)
		w.readOwner(p)
	}
	if read(); p.zombie == nil || p.UID != 4321 {
		t.Fatalf("of a zombie: %v, user %d; want its limits, and user 4321", p.zombie, p.UID)
	}
	s.does("kill -9 " + name + "; wait " + name + "; echo 0")
	if read(); p.zombie != nil || p.UID != 0 {
		t.Errorf("of another process: %v, user %d; want nothing", p.zombie, p.UID)
	}
}

// TestPeakOfProgram: the parent executes another program between the reads of its name and
// of its peak. Its children do not have the memory of that program.
func TestPeakOfProgram(t *testing.T) {
	for name, want := range map[string]procfs.Bytes{"sh": 400 << 10, "java": 0} {
		s := newShell(t)
		parent, child := s.cmd.Process.Pid, s.sleepers(1)[0]
		tree := proctest.New(t)
		tree.Loadavg(procfs.Loadavg{LastPID: child})
		tree.Process(proctest.Process{PID: parent, Comm: "sh", RSS: 100, Status: map[string]string{"Name": name}})
		tree.Process(proctest.Process{PID: child, PPID: parent, Comm: "sleep"})
		w, err := New(Options{FS: tree.FS(), Self: os.Getpid(), Every: time.Millisecond}, &recorder{})
		check(t, err)
		if seen, ok := w.Recall(procfs.ID{PID: child}); !ok || seen.Carried != want {
			t.Errorf("the parent is %s later: the child had %d bytes of its memory, watched: %t; want %d", name, seen.Carried, ok, want)
		}
		w.Close()
	}
}
