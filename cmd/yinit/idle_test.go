package main

import (
	"fmt"
	"testing"
	"time"
)

// TestIdleWatching checks that PID 1 with the watcher wakes up once per second, and that
// none of its other threads does.
func TestIdleWatching(t *testing.T) {
	requireNamespaces(t)
	cmd := namespaced(binary, "sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	const seconds = 4
	var before, took int
	// Wait until the start is over, during which it scans young processes.
	eventuallyIn(t, time.Minute, fmt.Sprintf("at most %d context switches in %d s", seconds+2, seconds), func() bool {
		before = switches(cmd.Process.Pid)
		time.Sleep(seconds * time.Second) // the period that is measured
		took = switches(cmd.Process.Pid) - before
		return took <= seconds+2
	})
	t.Logf("%d context switches in %d s", took, seconds)
}
