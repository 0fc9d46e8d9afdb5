package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// memoryPlay makes 2,000 orphans.
const memoryPlay = `i=0; while [ $i -lt 2000 ]; do (true &); i=$((i+1)); done; echo done; exec sleep 1000`

// TestMemory: the init needs little memory of its own after it has reaped thousands of
// orphans, also once it has tidied up: to collect the garbage then took more than there was.
func TestMemory(t *testing.T) {
	requireNamespaces(t)
	for _, tt := range []struct {
		watch string
		most  int // KiB of anonymous memory
	}{{"0", 1200}, {"1s", 1700}} {
		t.Run(tt.watch, func(t *testing.T) {
			cmd := namespaced(binary, "--watch", tt.watch, "--", "sh", "-c", memoryPlay)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			init := cmd.Process.Pid
			if err := await(time.Minute, func() bool { return len(childrenOf(init)) == 1 }); err != nil {
				t.Fatal("the orphans are reaped:", err)
			}
			const tidied = 3 * time.Second // the init tidies up a second after a burst
			var got int
			if await(tidied, func() bool { got = anonymous(t, init); return got > tt.most }) == nil {
				t.Errorf("the init has %d KiB of anonymous memory, want %d at most", got, tt.most)
			}
			t.Logf("%d KiB", got)
		})
	}
}

// anonymous returns the anonymous memory of a process, in KiB.
func anonymous(t *testing.T, pid int) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "RssAnon:")
	n, err := strconv.Atoi(strings.TrimSpace(rest[:max(strings.Index(rest, "kB"), 0)]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
