package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTerminalHuge checks that top draws, takes little memory and quits where the terminal
// claims the largest size there is, at the start and later.
func TestTerminalHuge(t *testing.T) {
	for name, size := range map[string][2]uint16{"at the start": {65535, 65535}, "later": {80, 24}} {
		t.Run(name, func(t *testing.T) {
			p, slave := openPTY(t)
			defer p.master.Close()
			p.resize(t, size[0], size[1])
			cmd := exec.Command(binary, "top")
			cmd.Env = append(os.Environ(), "TERM=xterm-256color")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }() // it fails if the process has ended
			slave.Close()
			go p.collect()
			eventually(t, "top draws", func() bool { return p.drew() > 200 })
			p.resize(t, 65535, 65535)
			drawn := p.drew()
			eventually(t, "top goes on", func() bool { return p.drew() > drawn })
			if peak := peakMemory(t, cmd.Process.Pid); peak > 400<<10 {
				t.Errorf("top has taken %d KiB of memory", peak)
			}
			if _, err := p.master.WriteString("q"); err != nil {
				t.Fatal(err)
			}
			ended := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
			defer ended.Stop()
			if err := cmd.Wait(); err != nil {
				t.Errorf("top ended with %v", err)
			}
		})
	}
}

// drew returns how many bytes have been drawn.
func (p *pty) drew() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Len()
}

// peakMemory returns VmHWM of a process in KiB, see proc_pid_status(5).
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	n, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
