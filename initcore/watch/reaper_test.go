package watch

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// fifo returns the name of a FIFO. open opens it for writing, once a process reads it.
func fifo(t *testing.T) (name string, open func()) {
	t.Helper()
	name = t.TempDir() + "/fifo"
	check(t, unix.Mkfifo(name, 0o600))
	return name, func() {
		t.Helper()
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		check(t, err)
		check(t, f.Close())
	}
}

// becomes waits until the shell has executed another program.
func (s *shell) becomes(comm string) {
	s.t.Helper()
	eventually(s.t, "it has executed "+comm, func() bool {
		now, err := procfs.FS{}.Comm(s.cmd.Process.Pid)
		return err == nil && now == comm
	})
}

// recorded waits until the exit of the process is recorded.
func recorded(t *testing.T, w *Watcher, b *recorder, pid int) history.Record {
	t.Helper()
	eventually(t, "the exit is recorded", func() bool {
		w.Ready(time.Now())
		return len(b.of(history.KindExit, pid)) > 0
	})
	return b.of(history.KindExit, pid)[0]
}

// TestReaperExecutes: the reaper has the name that it had when it reaped, even if it has
// executed another program before the watcher handles the end of the child.
func TestReaperExecutes(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	name, open := fifo(t)
	first := s.does("sh -c 'read x <" + name + "; exit 3' & echo $!")
	second := s.does("sh -c 'sleep 0.01; exit 4' & echo $!")
	w.scan(time.Now())
	fmt.Fprintln(s.in, "wait; exec sleep 1000")
	open()
	s.becomes("sleep")
	for _, pid := range []int{first, second} {
		if r := recorded(t, w, b, pid); r.Parent != "sh" || r.ReapedByKernel {
			t.Errorf("%d was reaped by %s, want 'sh'", pid, r.Reaper())
		}
	}
}

// TestReaperHasExecuted: a process that has executed another program has its new name
// when it reaps a child that it started afterwards.
func TestReaperHasExecuted(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	pid := s.cmd.Process.Pid
	w.procs[pid].fresh = false // it is old
	fmt.Fprintln(s.in, "exec bash")
	s.becomes("bash")
	child := s.does("sh -c 'sleep 0.05; exit 3' & echo $!")
	w.scan(time.Now())
	s.does("wait; echo 0")
	if r := recorded(t, w, b, child); r.Parent != "bash" {
		t.Errorf("it was reaped by %s, want bash", r.Reaper())
	}
}

// TestKernelReaps: if a process ignores SIGCHLD or has set SA_NOCLDWAIT, the kernel reaps
// its children.
func TestKernelReaps(t *testing.T) {
	for how, want := range map[string]bool{"ignores": true, "nocldwait": true, "waits": false} {
		t.Run(how, func(t *testing.T) {
			w, b := newWatcher(t, 0)
			name, open := fifo(t)
			cmd := exec.Command("/proc/self/exe", "sh", "-c", "read x <"+name+"; exit 5")
			cmd.Env = append(os.Environ(), parentEnv+"="+how)
			out, err := cmd.StdoutPipe()
			check(t, err)
			stdin, err := cmd.StdinPipe()
			check(t, err)
			check(t, cmd.Start())
			defer func() {
				_ = stdin.Close()
				_ = cmd.Wait()
			}()
			for range 2 {
				fmt.Fprintln(stdin, "next")
				var pid int
				_, err = fmt.Fscan(out, &pid)
				check(t, err)
				w.scan(time.Now())
				open()
				r := recorded(t, w, b, pid)
				if r.ReapedByKernel != want || r.Status.ExitCode() != 5 || r.PPID != cmd.Process.Pid {
					t.Errorf("%+v, reaped by %s; want by the kernel: %t", r, r.Reaper(), want)
				}
			}
		})
	}
}

// parentEnv is an environment variable that makes the test binary a parent.
const parentEnv = "WATCH_TEST_PARENT"

// parent starts a child for each line that it reads, and prints its pid. It waits for the child
// if how is "waits".
func parent(how string) {
	const noChildWait = 2 // SA_NOCLDWAIT
	switch how {
	case "ignores":
		signal.Ignore(unix.SIGCHLD)
	case "nocldwait":
		action := [4]uint64{1: noChildWait} // struct sigaction of rt_sigaction(2)
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
		if errno != 0 {
			panic(errno)
		}
	}
	for in := bufio.NewReader(os.Stdin); ; {
		if _, err := in.ReadString('\n'); err != nil {
			os.Exit(0)
		}
		pid, err := syscall.ForkExec("/bin/sh", os.Args[1:], &syscall.ProcAttr{Env: os.Environ()})
		if err != nil {
			panic(err)
		}
		fmt.Println(pid)
		if how == "waits" {
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	}
}

// TestChildBeforeParent: a process is recorded before its parent, which the init reaps.
func TestChildBeforeParent(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	name, open := fifo(t)
	child := s.does("sh -c 'read x <" + name + "; exit 3' & echo $!")
	w.scan(time.Now())
	fmt.Fprintln(s.in, "wait; exit 4")
	open()
	var stat procfs.Stat
	parent := s.cmd.Process.Pid
	eventually(t, "the parent has ended", func() bool {
		return w.scanner.Stat(parent, &stat) == nil && stat.Zombie()
	})
	_ = s.cmd.Wait() // the init reaps, and notifies the watcher before it records that
	w.Reaping(procfs.ID{PID: parent}, true)
	if got := b.of(history.KindExit, 0); len(got) != 1 || got[0].PID != child || got[0].Status.ExitCode() != 3 {
		t.Errorf("recorded before the parent: %+v, want the child %d", got, child)
	}
	w.Reaped(procfs.ID{PID: parent})
	w.Ready(time.Now())
	if got := b.of(history.KindExit, parent); len(got) != 0 {
		t.Errorf("recorded: %+v, want nothing about the parent, which the init records", got)
	}
}

// TestLastName: a process that has executed another program since it was seen has its
// last name and its former command line, and never the name of runc.
func TestLastName(t *testing.T) {
	s := newShell(t)
	w, b := newWatcher(t, 0)
	name, open := fifo(t)
	for _, tt := range []struct {
		comm, cmdline string // as seen before
		want          string
	}{
		{"", "", "sleep (was sh -c read x <" + name + "; exec sleep 0.01)"},
		{"runc:[2:INIT]", "runc init", "sleep"},
		{"runc:[2:INIT]", "/usr/bin/runc init", "sleep"},
	} {
		pid := s.does("sh -c 'read x <" + name + "; exec sleep 0.01' & echo $!")
		eventually(t, "its command line is read", func() bool {
			w.scan(time.Now())
			seen, _ := w.Recall(procfs.ID{PID: pid})
			return strings.HasPrefix(seen.Cmdline, "sh -c")
		})
		if tt.comm != "" {
			w.procs[pid].Comm, w.procs[pid].Cmdline = tt.comm, tt.cmdline
		}
		open()
		var stat procfs.Stat
		eventually(t, "it is a zombie", func() bool { return w.scanner.Stat(pid, &stat) == nil && stat.Zombie() })
		w.Ready(time.Now())
		s.does("wait; echo 0")
		if r := recorded(t, w, b, pid); r.Name() != tt.want {
			t.Errorf("seen as %q: the name is %q, want %q", tt.cmdline, r.Name(), tt.want)
		}
	}
	r := history.Record{Comm: "runc:[1:CHILD]", Cmdline: "runc init", Parent: "runc:[0:PARENT]"}
	if hideStub(&r); r.Name() != "?" || r.Parent != "" {
		t.Errorf("of runc itself: %q, parent %q; want nothing", r.Name(), r.Parent)
	}
}
