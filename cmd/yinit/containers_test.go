package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/snapshot"
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
	work := t.TempDir()
	ready := func(name string) string { return "touch " + work + "/" + name + "; " }
	var pids []int
	for name, words := range map[string][]string{
		"plain":   {"sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000 & " + ready("plain") + "wait"},
		"relay":   {binary, "--quiet", "--", "sh", "-c", "trap '' TERM; sleep 1000 & (trap - TERM; exec sleep 1000) & " + ready("relay") + "wait"},
		"zombie":  {"sh", "-c", "sh -c 'sleep 0 & exec sleep 1000' & " + ready("zombie") + "wait"},
		"stopped": {"sh", "-c", "sleep 1000 & kill -STOP $!; " + ready("stopped") + "wait"},
		"alike":   {"sh", "-c", "trap '' PIPE CHLD; sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & " + ready("alike") + "wait"},
		"nested":  {"sh", "-c", "unshare --pid --fork sleep 1000 & " + ready("nested") + "wait"},
	} {
		cmd := namespaced(words...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		eventually(t, name+" is ready", func() bool {
			_, err := os.Stat(work + "/" + name)
			return err == nil
		})
		pids = append(pids, cmd.Process.Pid)
	}
	fs := procfs.FS{}
	look := func(w *snapshot.Reader) map[int]string {
		defer w.Close()
		n, err := lookAtNode(fs, w, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		all := map[int]string{}
		for i := range n.Containers {
			c := &n.Containers[i]
			c.Identify(w.Fill)
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
			all[c.PID] = string(b)
		}
		return all
	}
	// What has just started still changes.
	eventually(t, "both looks agree", func() bool {
		lean, full := look(nodeReader(fs, true)), look(snapshot.NewReader(fs, snapshot.Options{Relay: relayOf(fs)}))
		for _, pid := range pids {
			if lean[pid] != full[pid] || full[pid] == "" {
				t.Logf("%d: -full +lean\n%s", pid, cmp.Diff(full[pid], lean[pid]))
				return false
			}
		}
		return true
	})
}
