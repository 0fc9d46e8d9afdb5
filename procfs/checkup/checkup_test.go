package checkup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
)

// TestPidFiles reads what is a pid file, and nothing else.
func TestPidFiles(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"run/a.pid": "12\n", "run/b/c.pid": "7", "run/b/d/deep.pid": "8", "run/words.pid": "12 a\n", "run/empty.pid": "",
		"run/long.pid": strings.Repeat("1", 40), "run/other": "9", "run/zero.pid": "0", "run/huge.pid": "99999999999999999999",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "run/fifo.pid"), 0o644); err != nil {
		t.Fatal(err)
	}
	var c doctor.Checks
	readFiles(&c, below(root), time.Minute)
	got := map[string]int{}
	for _, f := range c.PidFiles {
		got[f.Path] = f.PID
	}
	if diff := cmp.Diff(map[string]int{"/run/a.pid": 12, "/run/b/c.pid": 7}, got); diff != "" {
		t.Errorf("pid files, -want +got:\n%s", diff)
	}
	if len(c.Unread) != 0 {
		t.Errorf("unread: %q", c.Unread)
	}
	readFiles(&c, below(filepath.Join(root, "missing")), time.Minute)
	if len(c.Unread) != 0 {
		t.Errorf("what is not there is unread: %q", c.Unread)
	}
}

// TestLate: a file system that does not respond is reported.
func TestLate(t *testing.T) {
	var c doctor.Checks
	readFiles(&c, below("/"), 0)
	if len(c.Unread) != 1 && len(c.PidFiles) == 0 && c.ShmSize == 0 { // It may have been quicker.
		t.Errorf("unread: %q", c.Unread)
	}
}

// TestThisMachine reads the limits of this process as those of a child of PID 1.
func TestThisMachine(t *testing.T) {
	stat, err := procfs.FS{}.Stat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p := snapshot.Process{ID: stat.ID(), PPID: 1}
	c := Read(procfs.FS{}, cgroup.Group{}, []snapshot.Process{p})
	var want syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &want); err != nil {
		t.Fatal(err)
	}
	if got := c.OpenMax[stat.ID()]; got == 0 {
		t.Errorf("open files: %d, want about %d", got, want.Cur)
	}
}

// TestStuck: a process that is stopped has been so since it last ran.
func TestStuck(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for {
		stat, err := procfs.FS{}.Stat(cmd.Process.Pid)
		if err != nil || time.Since(began) > time.Minute {
			t.Fatalf("it did not stop: %v", err)
		}
		p := snapshot.Process{ID: stat.ID(), State: stat.State}
		since, ok := Stuck(procfs.FS{}, []snapshot.Process{p})[p.ID]
		if p.State.Stopped() && (!ok || since > 0) {
			if since > time.Since(began)+time.Second {
				t.Errorf("it has been stopped for %v, and was started %v ago", since, time.Since(began))
			}
			return
		}
	}
}

func FuzzParsePID(f *testing.F) {
	for _, s := range []string{"12\n", "", "-1", "1 2", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if pid, ok := parsePID(b); ok && pid <= 0 {
			t.Errorf("pid %d", pid)
		}
	})
}
