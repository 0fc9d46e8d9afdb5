package procfs_test

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

func TestReadCommandLine(t *testing.T) {
	tree := proctest.New(t)
	for i, tt := range []struct {
		words []string
		most  int
		want  string
	}{
		{nil, 64, ""},
		{[]string{"sleep", "1000"}, 64, "sleep 1000"},
		{[]string{"sleep", "1000"}, 7, "sleep 1"},
		{[]string{"a", "", "b"}, 64, "a  b"},
		{[]string{"nginx: worker process", "", ""}, 64, "nginx: worker process"},
		{[]string{strings.Repeat("x", 5000), "y"}, 10, "xxxxxxxxxx"},
	} {
		pid := i + 1
		tree.Process(proctest.Process{PID: pid, Cmdline: tt.words})
		fd, err := newScanner(t, tree.FS()).OpenCommandLine(pid)
		check(t, err)
		got, err := procfs.ReadCommandLine(fd, make([]byte, tt.most))
		check(t, syscall.Close(fd))
		if err != nil || got != tt.want {
			t.Errorf("%q, at most %d bytes: %q, %v; want %q", tt.words, tt.most, got, err, tt.want)
		}
	}
	if _, err := newScanner(t, tree.FS()).OpenCommandLine(99); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of a process that is not there: %v, want ErrGone", err)
	}
}

// TestCommandLineOfTheDead: a descriptor that was opened while the process lived tells
// nothing after its end, and never of another process.
func TestCommandLineOfTheDead(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	check(t, cmd.Start())
	fd, err := newScanner(t, procfs.FS{}).OpenCommandLine(cmd.Process.Pid)
	check(t, err)
	defer syscall.Close(fd)
	check(t, cmd.Process.Kill())
	_ = cmd.Wait()
	if got, err := procfs.ReadCommandLine(fd, make([]byte, 64)); got != "" || !errors.Is(err, syscall.ESRCH) {
		t.Errorf("after it was reaped: %q, %v; want ESRCH", got, err)
	}
}
