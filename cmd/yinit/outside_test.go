package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadFromOutside checks that a reader outside the PID namespace of the init leaves the
// access time of the ring alone: the init takes a change of it for a command of yinit beside
// it, and unseen processes for the threads of that command.
func TestReadFromOutside(t *testing.T) {
	requireNamespaces(t)
	cmd := namespaced(binary, "sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	init := strconv.Itoa(cmd.Process.Pid)
	read := func() string {
		out, err := exec.Command(binary, "history", "--pid", init).CombinedOutput()
		if err != nil {
			return err.Error()
		}
		return string(out)
	}
	eventually(t, "the history shows the start", func() bool { return strings.Contains(read(), "sleep 100") })
	before := lastAccess(t, init)
	for range 20 {
		read()
	}
	if after := lastAccess(t, init); after != before {
		t.Errorf("20 reads have changed the access time of the ring from %v to %v", before, after)
	}
	// The init itself reports in the same way that it is read from within.
	inside := exec.Command("nsenter", "-t", init, "-p", "-m", "-U", "--preserve-credentials", binary, "history")
	if os.Getuid() == 0 {
		inside = exec.Command("nsenter", "-t", init, "-p", "-m", binary, "history")
	}
	if out, err := inside.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if lastAccess(t, init) == before {
		t.Error("a read from within has not changed the access time of the ring")
	}
}

// lastAccess returns the access time of the ring of an init.
func lastAccess(t *testing.T, init string) unix.Timespec {
	t.Helper()
	files, err := filepath.Glob("/proc/" + init + "/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var st unix.Stat_t
		if link, _ := os.Readlink(file); strings.Contains(link, "memfd:yinit-history") && unix.Stat(file, &st) == nil {
			return st.Atim
		}
	}
	t.Fatal("the init has no ring")
	return unix.Timespec{}
}
