package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pty is a terminal whose size the test can change at any time.
type pty struct {
	master *os.File

	mu     sync.Mutex
	output bytes.Buffer // what was drawn
}

// openPTY opens a terminal of 80×24. The program gets the slave.
func openPTY(t *testing.T) (p *pty, slave *os.File) {
	t.Helper()
	p, slave, err := newPTY()
	if err != nil {
		t.Fatal(err)
	}
	p.resize(t, 80, 24)
	return p, slave
}

// newPTY opens a terminal without a size.
func newPTY() (p *pty, slave *os.File, err error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	return &pty{master: master}, slave, err
}

func (p *pty) resize(t *testing.T, width, height uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(p.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		t.Fatalf("TIOCSWINSZ: %v", err)
	}
}

// collect reads the output until the program has closed the terminal.
func (p *pty) collect() {
	b := make([]byte, 4096)
	for {
		n, err := p.master.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.output.Write(b[:n])
		p.mu.Unlock()
	}
}

// wideBar matches a bar of the header as it is from 120 columns on: it has twelve cells. On
// 80 columns it has three.
var wideBar = regexp.MustCompile("[█░]{12}")

func (p *pty) widened() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return wideBar.Match(p.output.Bytes())
}

// TestTerminalResizedAtStart does what docker exec does: it opens a terminal of some size,
// and sets the right size while the inspector starts.
func TestTerminalResizedAtStart(t *testing.T) {
	for delay := time.Duration(0); delay <= 50*time.Millisecond; delay += time.Millisecond {
		t.Run(delay.String(), func(t *testing.T) {
			p, slave := openPTY(t)
			defer p.master.Close()
			cmd := exec.Command(binary, "top")
			cmd.Env = append(os.Environ(), "TERM=xterm-256color")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			slave.Close()
			go p.collect()
			<-time.After(delay) // the time of the change is what is tested
			p.resize(t, 160, 40)
			wide := false
			for deadline := time.Now().Add(20 * time.Second); !wide && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				wide = p.widened()
			}
			if !wide {
				p.mu.Lock()
				t.Errorf("resized %v after the start, top stays at 80x24; the end of what it drew: %q", delay, strings.TrimSpace(p.output.String()[max(0, p.output.Len()-300):]))
				p.mu.Unlock()
			}
			if _, err := p.master.WriteString("q"); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("top: %v", err)
			}
		})
	}
}
