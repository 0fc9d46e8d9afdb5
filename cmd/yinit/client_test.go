package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// onPTY starts yinit with the terminal as its controlling one.
func onPTY(t *testing.T, slave *os.File, args ...string) (cmd *exec.Cmd, ended chan error) {
	t.Helper()
	cmd = exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it fails if the process has ended
	slave.Close()
	ended = make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return cmd, ended
}

// within checks that a process ends in time, with this status.
func within(t *testing.T, ended chan error, most time.Duration, status int) {
	t.Helper()
	select {
	case err := <-ended:
		if got := exitStatus(err); got != status {
			t.Errorf("it ended with %v, want status %d", err, status)
		}
	case <-time.After(most):
		t.Fatalf("it has not ended within %v", most)
	}
}

// TestTopHangup closes the terminal of top.
func TestTopHangup(t *testing.T) {
	p, slave := openPTY(t)
	_, ended := onPTY(t, slave, "top")
	for b, n := make([]byte, 4096), 0; n < 200; {
		more, err := p.master.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		n += more
	}
	if err := p.master.Close(); err != nil {
		t.Fatal(err)
	}
	within(t, ended, 20*time.Second, 129)
}

// answering plays a terminal that answers queries until it is told to stop, and reads on.
func (p *pty) answering(answer func() bool) {
	b := make([]byte, 4096)
	for {
		n, err := p.master.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.output.Write(b[:n])
		p.mu.Unlock()
		if bytes.Contains(b[:n], []byte(statusQuery)) && answer() {
			_, _ = io.WriteString(p.master, statusOK) // the program may have ended
		}
	}
}

// TestTopUnread checks that top ends within a minute if nobody reads its terminal, if all is
// read and nobody answers any more, and that it does not if a terminal answers, or has never
// answered.
func TestTopUnread(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		reads   bool
		answers int // how many queries are answered; -1: all
		gone    bool
	}{
		"not read":               {false, 0, true},
		"answers no longer":      {true, 1, true},
		"answers":                {true, -1, false},
		"never answers":          {true, 0, false},
		"not read after a while": {false, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, slave := openPTY(t)
			defer p.master.Close()
			_, ended := onPTY(t, slave, "top")
			asked := 0
			answer := func() bool { asked++; return tt.answers < 0 || asked <= tt.answers }
			switch {
			case tt.reads:
				go p.answering(answer)
			case tt.answers > 0:
				b := make([]byte, 4096)
				for n := 0; asked == 0; {
					var err error
					if n, err = p.master.Read(b); err != nil {
						t.Fatal(err)
					}
					if bytes.Contains(b[:n], []byte(statusQuery)) && answer() {
						_, _ = io.WriteString(p.master, statusOK)
					}
				}
			}
			if tt.gone {
				within(t, ended, 75*time.Second, 129)
				return
			}
			select {
			case err := <-ended:
				t.Fatalf("it ended with %v", err)
			case <-time.After(75 * time.Second): // longer than it would take to end
			}
			_, _ = io.WriteString(p.master, "q")
			within(t, ended, 20*time.Second, 0)
		})
	}
}

// TestTopStopped checks that top goes on after it was stopped for longer than it waits for
// an answer.
func TestTopStopped(t *testing.T) {
	t.Parallel()
	p, slave := openPTY(t)
	defer p.master.Close()
	cmd, ended := onPTY(t, slave, "top")
	go p.answering(func() bool { return true })
	eventually(t, "top draws", func() bool { return p.drew() > 200 })
	_ = cmd.Process.Signal(unix.SIGSTOP)
	<-time.After(65 * time.Second) // longer than it would take to end
	drawn := p.drew()
	_ = cmd.Process.Signal(unix.SIGCONT)
	eventually(t, "top goes on", func() bool { return p.drew() > drawn })
	select {
	case err := <-ended:
		t.Fatalf("it ended with %v", err)
	case <-time.After(5 * time.Second):
	}
	_, _ = io.WriteString(p.master, "q")
	within(t, ended, 20*time.Second, 0)
}

// TestHistoryUnread checks that history --follow ends when the reader of its pipe or its
// terminal has gone, although nothing happens.
func TestHistoryUnread(t *testing.T) {
	requireNamespaces(t)
	t.Parallel()
	init := namespaced(binary, "--", "sleep", "100")
	if err := init.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = init.Process.Kill(); _ = init.Wait() }()
	pid := strconv.Itoa(init.Process.Pid)
	eventually(t, "a history", func() bool { return exec.Command(binary, "history", "--pid", pid).Run() == nil })

	t.Run("pipe", func(t *testing.T) {
		cmd := exec.Command(binary, "history", "--follow", "--pid", pid)
		r, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill() }()
		ended := make(chan error, 1)
		if _, err := r.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		r.Close()
		go func() { ended <- cmd.Wait() }()
		within(t, ended, 20*time.Second, 128+13)
	})
	t.Run("terminal", func(t *testing.T) {
		p, slave := openPTY(t)
		cmd := exec.Command("setsid", binary, "history", "--follow", "--pid", pid) // no SIGHUP
		cmd.Stdout = slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill() }()
		slave.Close()
		if _, err := p.master.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		p.master.Close()
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		within(t, ended, 20*time.Second, 128+13)
	})
}

// TestDockerClientKilled kills the client of docker exec while top and history run in its
// terminal, and waits until they have gone. A client that was stopped for as long finds them
// there.
func TestDockerClientKilled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		signal  syscall.Signal
		command string
		key     string
		effect  string // of the key, in what is written then or on the screen
	}{
		{"top", unix.SIGKILL, "top", "?", "any other key closes"},
		{"history", unix.SIGKILL, "history --follow", "Enter", "\r\n"},
		{"top stopped", unix.SIGSTOP, "top --ascii", "?", "any other key closes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			id := container(t, "--entrypoint", "/yinit", busyImage, "--", "sleep", "2000")
			running := func(command string) bool {
				return strings.Contains(docker(t, "top", id, "-o", "pid,args"), "/yinit "+command)
			}
			// The client is not a child of tmux, which continues its children.
			term := newTerminal(t, 100, 30, "sh", "-c", "read go; docker exec -ti "+id+" /yinit "+tt.command+"; echo left $?; sleep 1000")
			answered(term, "sleep 2000", tt.key, tt.effect)
			pane := strings.TrimSpace(term.tmux("display", "-p", "#{pane_pid}"))
			out, err := exec.Command("ps", "-o", "pid=", "--ppid", pane).Output()
			client, _ := strconv.Atoi(strings.TrimSpace(string(out)))
			if err != nil || client == 0 {
				t.Fatalf("the client of docker exec: %v, %q", err, out)
			}
			began := time.Now()
			if err := syscall.Kill(client, tt.signal); err != nil {
				t.Fatal(err)
			}
			if tt.signal == unix.SIGKILL {
				eventuallyIn(t, 90*time.Second, tt.name+" ends", func() bool { return !running(tt.command) })
				t.Logf("%s ended after %v", tt.name, time.Since(began))
				return
			}
			<-time.After(75 * time.Second) // longer than it would take to end
			if !running(tt.command) {
				t.Errorf("%s: top has ended", tt.name)
			}
			if err := syscall.Kill(client, unix.SIGCONT); err != nil {
				t.Fatal(err)
			}
			term.keys("q") // closes the help
			term.see("sleep 2000")
			term.keys("q")
			term.see("left 0")
		})
	}
}

// answered lets the command of term, which waits for a line, begin. It returns when the screen
// has shown drawn, the terminal has answered the query of the inspector that runs there, and the
// inspector has read the answer: a key that is typed later has an effect.
func answered(term *terminal, drawn, key, effect string) {
	term.t.Helper()
	file := filepath.Join(term.t.TempDir(), "written")
	term.tmux("pipe-pane", "exec cat >"+file)
	written := func() string {
		b, _ := os.ReadFile(file) // cat creates it
		return string(b)
	}
	term.keys("Enter")
	term.see(drawn)
	eventually(term.t, "a query", func() bool { return strings.Contains(written(), statusQuery) })
	before := len(written())
	term.keys(key)
	eventually(term.t, "an effect of "+key, func() bool {
		return strings.Contains(written()[before:], effect) || strings.Contains(term.screen(), effect)
	})
}
