package snapshot

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// TestResources reads what real processes have: two programs that share a pipe, of which
// the test has the other end.
func TestResources(t *testing.T) {
	r, w, err := os.Pipe()
	proctest.Check(t, err)
	defer r.Close()
	start := func() *exec.Cmd {
		cmd := exec.Command("sleep", "1000")
		cmd.Env, cmd.Dir, cmd.Stdout = []string{"A=1", "B=two words"}, "/", w
		proctest.Check(t, cmd.Start())
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		return cmd
	}
	one, two := start(), start()
	proctest.Check(t, w.Close())
	reader := NewReader(procfs.FS{}, Options{})
	defer reader.Close()
	reader.holders.limit = time.Minute // other tests may run beside this one
	proctest.Eventually(t, "both run", func() bool {
		return rowOf(t, reader, one.Process.Pid).Comm == "sleep" && rowOf(t, reader, two.Process.Pid).Comm == "sleep"
	})
	id := rowOf(t, reader, one.Process.Pid).ID
	got, err := reader.Resources(id)
	proctest.Check(t, err)
	if !slices.Equal(got.Environ, []string{"A=1", "B=two words"}) || got.EnvironUnread != ReadAll {
		t.Errorf("the environment is %q, %d", got.Environ, got.EnvironUnread)
	}
	i := slices.IndexFunc(got.Files.Open, func(f procfs.OpenFile) bool { return f.FD == 1 })
	if i < 0 || got.Files.Open[i].Kind != procfs.FilePipe || got.Files.Access[1] != procfs.FileWrites {
		t.Fatalf("the files are %+v", got.Files)
	}
	var names []int
	for _, h := range got.Holders.Of[got.Files.Open[i].Link] {
		names = append(names, h.PID)
		if want := map[int]procfs.FileAccess{two.Process.Pid: procfs.FileWrites, os.Getpid(): procfs.FileReads}[h.PID]; h.Access != want {
			t.Errorf("%d %s has access %d, want %d", h.PID, h.Comm, h.Access, want)
		}
	}
	if slices.Sort(names); !slices.Equal(names, sorted(os.Getpid(), two.Process.Pid)) {
		t.Errorf("the pipe is also held by %v, want %d and %d", names, os.Getpid(), two.Process.Pid)
	}
	if len(got.Threads) != 1 || got.ThreadsTotal != 1 || got.Threads[0].Name != "sleep" || len(got.Limits) < 10 || len(got.Cgroups) == 0 || got.Queue == 0 {
		t.Errorf("threads %+v, limits %v, cgroups %v, queue %d", got.Threads, got.Limits, got.Cgroups, got.Queue)
	}
	proctest.Check(t, one.Process.Kill())
	proctest.Eventually(t, "it is a zombie", func() bool { p := rowOf(t, reader, id.PID); return p.Dead() })
	if got, err = reader.Resources(id); err != nil || got.Files.Total != 0 || len(got.Cgroups) == 0 {
		t.Errorf("of a zombie: %+v, %v", got, err)
	}
	_ = one.Wait()
	if _, err := reader.Resources(id); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of a process that was reaped: %v", err)
	}
	if _, err := reader.Resources(procfs.ID{PID: os.Getpid(), Start: 1}); !errors.Is(err, procfs.ErrGone) {
		t.Errorf("of another process with the pid: %v", err)
	}
}

func sorted(numbers ...int) []int {
	slices.Sort(numbers)
	return numbers
}

// TestResourcesOfFake checks what is said of files that are missing or malformed.
func TestResourcesOfFake(t *testing.T) {
	tree := proctest.New(t)
	tree.Uptime(time.Hour)
	tree.Process(proctest.Process{PID: 1, Comm: "init"})
	tree.Process(proctest.Process{
		PID: 7, Comm: "a\x1b[2Jb", Start: 5, Environ: []string{"\x1b]0;x\a=1", "no value"}, Threads: []proctest.Thread{{TID: 7}, {TID: 8, Comm: "\n"}},
		Files: map[string]string{"limits": "nonsense\n", "cgroup": "\x00\n"},
	})
	tree.Link("7/ns/net", "net:[2]")
	tree.Link("7/ns/mnt", "mnt:[3]")
	tree.Link("1/ns/net", "net:[2]")
	tree.Link("1/ns/mnt", "mnt:[4]")
	for fd, link := range []string{"pipe:[1]", "socket:[2]", "/a\nb (deleted)"} {
		tree.Link("7/fd/"+string(rune('0'+fd)), link)
	}
	reader := NewReader(tree.FS(), Options{})
	defer reader.Close()
	_, err := reader.Snapshot()
	proctest.Check(t, err)
	got, err := reader.Resources(procfs.ID{PID: 7, Start: 5})
	proctest.Check(t, err)
	if got.Files.Total != 3 || got.Limits != nil || len(got.Environ) != 2 || got.ThreadsTotal != 2 || got.Advice != "" {
		t.Errorf("Resources = %+v", got)
	}
	if !slices.Equal(got.Namespaces.Own, []string{"mnt"}) || !slices.Equal(got.Namespaces.Same, []string{"net"}) {
		t.Errorf("the namespaces are %+v", got.Namespaces)
	}
	if holders, ok := got.Holders.Of["pipe:[1]"]; !ok || len(holders) != 0 {
		t.Errorf("the holders are %v", got.Holders)
	}
}

// TestHoldersOfTerminal checks that two names of one terminal are the same file, and that
// a file of the same name elsewhere is not.
func TestHoldersOfTerminal(t *testing.T) {
	cmd := exec.Command("script", "-qec", "echo; sleep 1000; true", "/dev/null")
	out, err := cmd.StdoutPipe()
	proctest.Check(t, err)
	in, err := cmd.StdinPipe()
	proctest.Check(t, err)
	if err := cmd.Start(); err != nil {
		t.Skipf("script(1) is needed: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	_, err = bufio.NewReader(out).ReadString('\n')
	proctest.Check(t, err)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	reader := NewReader(procfs.FS{}, Options{})
	defer reader.Close()
	reader.holders.limit = time.Minute // other tests may run beside this one
	var shell, sleep Process
	proctest.Eventually(t, "the shell has a child", func() bool {
		snap, err := reader.Snapshot()
		proctest.Check(t, err)
		for _, p := range snap.Procs {
			if p.PPID == cmd.Process.Pid {
				shell = p
			}
		}
		for _, p := range snap.Procs {
			if p.PPID == shell.ID.PID && p.Comm == "sleep" {
				sleep = p
			}
		}
		return sleep.ID.PID != 0 && shell.ID.PID != 0
	})
	got, err := reader.Resources(sleep.ID)
	proctest.Check(t, err)
	var all []string
	for link, holders := range got.Holders.Of {
		for _, h := range holders {
			all = append(all, link+" "+h.Comm)
			if h.PID == shell.ID.PID && strings.HasPrefix(link, "/dev/pts/") {
				return
			}
		}
	}
	t.Errorf("the terminal of the shell %d is held by %v", shell.ID.PID, all)
}
