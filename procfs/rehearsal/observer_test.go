package rehearsal

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

// container starts a script as PID 1 of a new PID namespace, and waits until it has printed a
// line.
func container(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.StdoutPipe()
	proctest.Check(t, err)
	proctest.Check(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
	})
	_, err = out.Read(make([]byte, 100))
	proctest.Check(t, err)
	return cmd
}

// TestObserver watches real processes: who lived when the stop began, who came later, and how
// each ended.
func TestObserver(t *testing.T) {
	cmd := container(t, `sleep 1000.31 & trap "" USR1; sleep 1000.32 & trap 'sleep 0.2; exit 3' TERM; (sleep 0.1; exit 7) & echo ready; wait`)
	stat, err := procfs.FS{}.Stat(cmd.Process.Pid)
	proctest.Check(t, err)
	o := NewObserver(verdict.NewReader(procfs.FS{}, nil), stat.ID(), int(unix.SIGTERM))
	children := func() (n int) {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, w := range o.order {
			if w.PPID == 1 && w.Comm == "sleep" && o.inside(stat.PID) == 1 && strings.HasPrefix(strings.Join(w.Cmdline, " "), "sleep 1000.3") {
				n++
			}
		}
		return n
	}
	proctest.Eventually(t, "both sleeps are seen", func() bool { o.Begin(); return children() == 2 })
	sent := time.Now()
	proctest.Check(t, cmd.Process.Signal(unix.SIGTERM))
	_ = cmd.Wait() // its status is compared below
	all := o.Close(sent)
	var got []string
	for i := range all {
		p := &all[i]
		line := strings.Join(p.Cmdline, " ")
		if p.PID != 1 && !strings.HasPrefix(line, "sleep 1000.3") || p.PID == 1 && p.Comm != "sh" {
			continue // another container of this machine, or a helper
		}
		if p.PID == 1 {
			line = "sh"
		}
		got = append(got, fmt.Sprintf("%s %s orphaned %v late %v %s", line, p.Outcome, p.Orphaned, p.Late, procfs.Ended(p.Known, p.Status)))
		if p.PID != 1 && (p.At < 100*time.Millisecond || p.At > time.Minute) {
			t.Errorf("%s ended after %s", line, p.At)
		}
	}
	slices.Sort(got)
	killed := "killed by SIGKILL"
	if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, killed) }) {
		killed = "exit status unknown" // before Linux 6.15
	}
	want := []string{"sh handler orphaned false late false exited 3", "sleep 1000.31 terminate orphaned true late false " + killed, "sleep 1000.32 terminate orphaned true late false " + killed}
	got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "sh ") && s != want[0] }) // of other containers
	if !slices.Equal(got, want) {
		t.Errorf("seen\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
