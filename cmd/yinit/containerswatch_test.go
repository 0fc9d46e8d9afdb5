package main

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWatchFrames: on a terminal a frame takes the place of the one before; elsewhere it is
// appended.
func TestWatchFrames(t *testing.T) {
	p := paper{width: 20}
	draw := func(v *nodeView, lines ...string) string {
		var b bytes.Buffer
		if v.screen {
			v.replace(&b, lines, p)
		} else {
			v.append(&b, lines)
		}
		return b.String()
	}
	v := nodeView{screen: true}
	for i, tt := range []struct {
		width int
		lines []string
		want  string
	}{
		{20, []string{"15:04:05  2 containers", "a", "b"}, "15:04:05  2 contain…\x1b[K\na\x1b[K\nb\x1b[K\n\x1b[J"},
		{20, []string{"now", "a"}, "\r\x1b[3Anow\x1b[K\na\x1b[K\n\x1b[J"},
		{10, []string{"now", "a"}, "\x1b[2J\x1b[Hnow\x1b[K\na\x1b[K\n\x1b[J"},
	} {
		p.width = tt.width
		if got := draw(&v, tt.lines...); got != tt.want {
			t.Errorf("frame %d: %q, want %q", i, got, tt.want)
		}
	}
	plain := nodeView{}
	if got, want := draw(&plain, "1", "a")+draw(&plain, "2", "b"), "1\na\n\n2\nb\n"; got != want {
		t.Errorf("appended: %q, want %q", got, want)
	}
}

// TestWatchContainers: the frames go on until SIGINT, and have no escape sequences in a pipe.
func TestWatchContainers(t *testing.T) {
	requireNamespaces(t)
	inner := namespaced("sleep", "1000")
	if err := inner.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = inner.Process.Kill()
		_ = inner.Wait()
	}()
	cmd := exec.Command(binary, "containers", "--watch", "--interval", "100ms")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heads, rows := 0, 0
	for lines := bufio.NewScanner(out); heads < 3 && lines.Scan(); {
		line := lines.Text()
		if strings.Contains(line, "\x1b") {
			t.Errorf("escape sequence in a pipe: %q", line)
		}
		if strings.HasPrefix(line, "CONTAINER ") {
			heads++
		}
		if strings.Contains(line, " sleep ") {
			rows++
		}
	}
	if heads != 3 || rows == 0 {
		t.Errorf("%d frames, %d rows of the container", heads, rows)
	}
	_ = cmd.Process.Signal(unix.SIGINT)
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != unix.SIGINT {
		t.Errorf("%v, want the end by SIGINT", cmd.ProcessState)
	}
}

// TestWatchUnread: nobody reads the frames any more, so that it ends.
func TestWatchUnread(t *testing.T) {
	cmd := exec.Command("sh", "-c", "exec "+binary+" containers --watch --interval 100ms | head -1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, %s", err, &stderr)
	}
}
