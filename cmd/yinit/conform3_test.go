package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// said is the file that receives what an init prints to stderr.
const said = "said"

// speaking returns a command that runs the init with its stderr in the file said.
func speaking(s subject, dir, feature string, program ...string) *exec.Cmd {
	return namespacedIn(dir, append([]string{"sh", "-c", `exec "$@" 2>` + said, "sh"}, s.with(feature, program...)...)...)
}

// saysAll waits until the init has printed all the words.
func saysAll(s subject, dir string, words ...string) error {
	var text string
	err := await(s.patience(), func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, said))
		text = string(b)
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("it does not say %s; it says %q", strings.Join(words, " "), text)
	}
	return nil
}

// daemonizes runs a program that starts a service in the background and exits.
func daemonizes(s subject, dir string) error {
	if err := os.WriteFile(dir+"/service", []byte("#!/bin/sh\ntouch ready\nsleep 100\n"), 0o755); err != nil {
		return err
	}
	cmd := speaking(s, dir, "", "sh", "-c", "setsid ./service & actor await ready")
	if got, _ := statusOf(cmd); got != 0 {
		return fmt.Errorf("exit status %d, want 0", got)
	}
	return saysAll(s, dir, "service")
}

// ignoredStop stops a program that ignores SIGTERM.
func ignoredStop(s subject, dir string) error {
	if err := os.WriteFile(dir+"/stubborn", []byte("#!/bin/sh\ntrap '' TERM\ntouch ready\nwhile :; do sleep 0.1; done\n"), 0o755); err != nil {
		return err
	}
	cmd := speaking(s, dir, "", "./stubborn")
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if err := await(time.Minute, func() bool { _, err := os.Stat(dir + "/ready"); return err == nil }); err != nil {
		return err
	}
	_ = cmd.Process.Signal(unix.SIGTERM)
	return saysAll(s, dir, "stubborn", "SIGTERM")
}

// ctrlZ presses Ctrl-Z in a terminal in which no shell could resume the program.
func ctrlZ(s subject, dir string) error {
	p, slave, err := newPTY()
	if err != nil {
		return err
	}
	defer p.master.Close()
	// The program starts no other. Ctrl-Z could stop a child between vfork(2) and execve(2),
	// and the program would wait for it instead of stopping.
	const program = "while :; do echo tick; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; done"
	cmd := namespacedIn(dir, s.with("", "sh", "-c", program)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	err = cmd.Start()
	slave.Close()
	if err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	go p.collect()
	ticks := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Count(p.output.String(), "tick")
	}
	if err := await(time.Minute, func() bool { return ticks() > 2 }); err != nil {
		return fmt.Errorf("the program never started: %w", err)
	}
	if _, err := p.master.WriteString("\x1a"); err != nil {
		return err
	}
	// The terminal echoes the key when it has sent the signal.
	if err := await(time.Minute, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return strings.Contains(p.output.String(), "^Z") }); err != nil {
		return fmt.Errorf("the terminal does not react: %w", err)
	}
	before := ticks()
	if err := await(s.patience(), func() bool { return ticks() > before+3 }); err != nil {
		return fmt.Errorf("the program remains in state %s", string(rune(stateOf(childOf(cmd.Process.Pid)))))
	}
	return nil
}

// inheritedMask starts the init with SIGTERM blocked. The program gets the same mask, and
// cannot be stopped: that is worth a warning.
func inheritedMask(s subject, dir string) error {
	cmd := namespacedIn(dir, append([]string{"sh", "-c", `exec env --block-signal=TERM "$@" 2>` + said, "sh"},
		s.with("", "grep", "SigBlk", "/proc/self/status")...)...)
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("SigBlk:\t%016x", uint64(procfs.NewSignalSet(int(unix.SIGTERM)))); strings.TrimSpace(string(out)) != want {
		return fmt.Errorf("the program has %q, want %q", strings.TrimSpace(string(out)), want)
	}
	return saysAll(s, dir, "SIGTERM", "blocked")
}
