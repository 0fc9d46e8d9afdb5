package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// TestContainersDying: a PID 1 that was killed waits for a child that a debugger holds. The row
// says so, and names both.
func TestContainersDying(t *testing.T) {
	requireNamespaces(t)
	runtime.LockOSThread() // which traces
	defer runtime.UnlockOSThread()
	cmd := namespaced("sh", "-c", "sleep 1000 & wait; exit 1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	eventually(t, "there is a child", func() bool {
		if all := childrenOf(cmd.Process.Pid); len(all) == 1 {
			child = all[0]
		}
		return child != 0
	})
	if err := unix.PtraceAttach(child); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Skipf("this process may not trace: %v", err)
	}
	_ = cmd.Process.Kill()
	var out []byte
	eventually(t, "it says what it waits for", func() bool {
		out, _ = exec.Command(binary, "containers", "--check", "--filter", "pid:"+strconv.Itoa(cmd.Process.Pid)).Output()
		return strings.Contains(string(out), "problem: PID 1 (sh) has ended, and the container cannot: ")
	})
	if !strings.Contains(string(out), fmt.Sprintf("waits for %d, which %d (", child, os.Getpid())) {
		t.Errorf("%s", out)
	}
	var status unix.WaitStatus
	for { // It stops first, and then it ends.
		_, err := unix.Wait4(child, &status, unix.WALL, nil)
		if err != nil || status.Exited() || status.Signaled() {
			break
		}
	}
	_ = cmd.Wait()
}

// TestContainersNoProc: a container that has no /proc of its own is seen like any other.
func TestContainersNoProc(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes a PID namespace without a user namespace")
	}
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	eventually(t, "its row", func() bool {
		out, _ := exec.Command(binary, "containers", "--filter", "pid:"+strconv.Itoa(cmd.Process.Pid)).Output()
		return strings.Contains(string(out), " sleep ") && strings.Contains(string(out), "does not react to SIGTERM")
	})
}

// TestContainersLean compares a look that reads few files of most processes with one that reads
// all files of each process. Each of the containers needs other files.
func TestContainersLean(t *testing.T) {
	requireNamespaces(t)
	if os.Getuid() != 0 { // Control groups belong to root.
		compareLooks(t, func(*testing.T) string { return "" })
		return
	}
	compareLooks(t, newGroup)
}

// compareLooks runs each container in a control group of its own, where group makes one.
func compareLooks(t *testing.T, group func(t *testing.T) string) {
	work := t.TempDir()
	ready := func(name string) string { return "touch " + work + "/" + name + "; " }
	id := strings.Repeat("c0ffee42", 8)
	var wants []string
	for name, words := range map[string][]string{
		"plain":   {"sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000 & " + ready("plain") + "wait"},
		"relay":   {binary, "--quiet", "--", "sh", "-c", "trap '' TERM; sleep 1000 & (trap - TERM; exec sleep 1000) & " + ready("relay") + "wait"},
		"zombie":  {"sh", "-c", "sh -c 'sleep 0 & exec sleep 1000' & " + ready("zombie") + "wait"},
		"stopped": {"sh", "-c", "sleep 1000 & kill -STOP $!; " + ready("stopped") + "wait"},
		"alike":   {"sh", "-c", "trap '' PIPE CHLD; sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & " + ready("alike") + "wait"},
		"sleep":   {"sh", "-c", "trap '' PIPE; sleep 1000 & sleep 1000 & sleep 1000 & " + ready("sleep") + "exec sleep 1000"},
		"sleeps":  {"sh", "-c", "sleep 1000 & sleep 1000 & " + ready("sleeps") + "exec sleep 1000"},
		"nested":  {"sh", "-c", "unshare --pid --fork sleep 1000 & " + ready("nested") + "wait"},
		"odd":     {"sh", "-c", "unshare --pid --fork sh -c 'sleep 1000 & kill -STOP $!; sh -c \"sleep 0 & exec sleep 1000\" & " + ready("odd") + "wait' & exec sleep 1000"},
	} {
		cmd, dir := namespaced(words...), group(t)
		if dir != "" {
			cmd = inGroup(dir, words...)
		}
		startUntil(t, cmd, work+"/"+name)
		wants = append(wants, strconv.Itoa(cmd.Process.Pid))
		if dir != "" && name == "sleeps" { // A process comes from outside, and stays in the group.
			enter := exec.Command("sh", "-c", "echo 0 >"+dir+"/cgroup.procs; exec nsenter -t "+wants[len(wants)-1]+" -p sh -c '"+ready("entered")+"sleep 1000 & exec sleep 1000'")
			startUntil(t, enter, work+"/entered")
		}
	}
	if dir := group(t); dir != "" { // An engine in a container runs a container.
		inner := dir + "/docker/" + id
		script := "mkdir -p " + inner + "; unshare --pid --fork sh -c 'echo 0 >" + inner + "/cgroup.procs; sleep 1000 & " + ready("inner") + "exec sleep 1000' & wait"
		cmd := inGroup(dir, "sh", "-c", script)
		t.Cleanup(func() {
			for _, sub := range []string{"/docker/" + id, "/docker"} {
				eventually(t, "the control group is empty", func() bool { return os.Remove(dir+sub) == nil })
			}
		})
		startUntil(t, cmd, work+"/inner")
		wants = append(wants, strconv.Itoa(cmd.Process.Pid), id)
	}
	byStat := 0 // how many rows need no more than the stat
	look := func(w *snapshot.Reader) map[string]string {
		defer w.Close()
		n, err := nodeLooker(procfs.FS{}, w, "").Look()
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for i := range n.Containers {
			c := &n.Containers[i]
			c.Identify(w.Fill)
			text := lasting(t, c)
			all[strconv.Itoa(c.PID)], all[c.ID] = text, text
			for k := range c.View.Procs {
				if c.View.Procs[k].Target == nil {
					byStat++
				}
			}
		}
		return all
	}
	// What has just started still changes.
	eventually(t, "both looks agree", func() bool {
		lean, full := look(nodeReader(procfs.FS{}, true)), look(snapshot.NewReader(procfs.FS{}, snapshot.Options{Relay: relayOf(procfs.FS{})}))
		for _, want := range wants {
			if lean[want] != full[want] || full[want] == "" {
				t.Logf("%s: -full +lean\n%s", want, cmp.Diff(full[want], lean[want]))
				return false
			}
		}
		return true
	})
	if tells := tellsPIDs(t); slices.Contains(wants, id) && tells != (byStat > 0) {
		t.Errorf("the kernel tells the pids inside: %t; %d processes have only their stat read", tells, byStat)
	}
}

// TestContainersFrozen: an init that waits for any child is seen to do so in a paused container,
// too, where it sleeps in the freezer.
func TestContainersFrozen(t *testing.T) {
	requireNamespaces(t)
	group, ready := newGroup(t), filepath.Join(t.TempDir(), "ready")
	cmd := inGroup(group, "sh", "-c", "touch "+ready+"; sleep 1000; true")
	startUntil(t, cmd, ready)
	reaps := func() verdict.Answer {
		w := nodeReader(procfs.FS{}, true)
		defer w.Close()
		n, err := nodeLooker(procfs.FS{}, w, "").Look()
		if err != nil {
			t.Fatal(err)
		}
		c, _ := n.Where(cmd.Process.Pid)
		if c == nil {
			return verdict.Unknown
		}
		return c.Reaps
	}
	eventually(t, "it waits", func() bool { return reaps() == verdict.Yes })
	freeze(t, group, cmd.Process.Pid)
	if wchan, err := (procfs.FS{}).Wchan(cmd.Process.Pid, cmd.Process.Pid); err != nil || strings.Contains(wchan, "wait") {
		t.Errorf("it sleeps in %q (%v), which is not the freezer", wchan, err)
	}
	if got := reaps(); got != verdict.Yes {
		t.Errorf("frozen: Reaps = %v, want %v", got, verdict.Yes)
	}
}

// startUntil starts a command, and waits for a file that it makes.
func startUntil(t *testing.T, cmd *exec.Cmd, file string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, filepath.Base(file)+" is ready", func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
}

// lasting returns what is known of a container, without what changes with time.
func lasting(t *testing.T, c *node.Container) string {
	t.Helper()
	j := jsonOfContainer(c)
	j.Zombies.OldestMS, j.Sessions.OldestMS = 0, 0
	if j.First != nil {
		j.First.AgeMS = 0
	}
	for k := range j.Findings {
		j.Findings[k].Evidence = "" // It tells for how long.
	}
	b, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tellsPIDs reports whether the kernel tells which pid a process has in a PID namespace.
func tellsPIDs(t *testing.T) bool {
	t.Helper()
	ns, err := procfs.FS{}.OpenPIDNamespace(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	_, err = ns.PID(os.Getpid())
	return err == nil
}
