package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPasteMarker checks what of the bytes that a terminal sends is taken for a paste.
func TestPasteMarker(t *testing.T) {
	marked := func(s string) string { return pasteStart + s + pasteEnd }
	long := strings.Repeat("kill 1\r", 1000)
	for name, test := range map[string]struct {
		reads []string
		want  string
	}{
		"keys":                        {[]string{"k", "\r", "y"}, "k\ry"},
		"keys typed ahead":            {[]string{"/stubborn\r"}, "/stubborn\r"},
		"arrows":                      {[]string{strings.Repeat("\x1b[B", 20)}, strings.Repeat("\x1b[B", 20)},
		"a sequence in pieces":        {[]string{"\x1b", "[1;5", "Bk"}, "\x1b[1;5Bk"},
		"Alt and a key":               {[]string{"\x1bk\x1bOPq"}, "\x1bk\x1bOPq"},
		"a key held down":             {[]string{strings.Repeat("+", 300)}, strings.Repeat("+", mostTyped)},
		"an answer of the terminal":   {[]string{"\x1b]11;rgb:0000/0000/0000 and more\x1b\\k", "\x1bP1$r0 q and much more\x1b\\"}, "\x1b]11;rgb:0000/0000/0000 and more\x1b\\k\x1bP1$r0 q and much more\x1b\\"},
		"a paste without marks":       {[]string{"kill -9 1; echo y\r", "k", "\r", "y"}, marked("kill -9 1; echo y\r") + marked("k") + marked("\r") + marked("y")},
		"a long one":                  {[]string{long, long, "q"}, marked(long[:mostPasted])},
		"one with colours":            {[]string{"\x1b[31mkill -9 1; echo y\x1b[0my"}, "\x1b[31m" + marked("kill -9 1; echo y") + "\x1b[0m" + marked("y")},
		"a paste with marks":          {[]string{marked("k\ry") + "k"}, marked("k\ry") + "k"},
		"a long one with marks":       {[]string{pasteStart + long, long, long + pasteEnd + "k"}, marked(long[:mostPasted]) + "k"},
		"marks in pieces":             {[]string{"\x1b[20", "0~k\x1b[B\x1b", "[201", "~k"}, marked("k\x1b[B") + "k"},
		"letters of two bytes":        {[]string{"x" + strings.Repeat("ü", 400)}, marked("x" + strings.Repeat("ü", mostPasted/2-1))},
		"letters of two bytes, marks": {[]string{pasteStart + "x" + strings.Repeat("ü", 400) + pasteEnd}, marked("x" + strings.Repeat("ü", mostPasted/2))},
	} {
		var m pasteMarker
		var got strings.Builder
		for _, read := range test.reads {
			got.Write(m.mark([]byte(read), time.Unix(1, 0)))
		}
		if got.String() != test.want {
			t.Errorf("%s: %q becomes %q, want %q", name, test.reads, got.String(), test.want)
		}
	}
	var m pasteMarker
	m.mark([]byte(long+"\x1b]"), time.Unix(1, 0))
	if got := string(m.mark([]byte("k"), time.Unix(2, 0))); got != "k" {
		t.Errorf("a key after a paste becomes %q", got)
	}
}

// TestTerminalPaste checks that top survives a long paste from a terminal that does not
// mark it, and still takes a key.
func TestTerminalPaste(t *testing.T) {
	p, slave := openPTY(t)
	defer p.master.Close()
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
	if _, err := p.master.WriteString(strings.Repeat("kill -9 1\ry\rq\r", 600<<10/14)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tries := range 200 { // On a busy machine the first may still come with the paste.
		select {
		case err := <-ended:
			if err != nil || tries == 0 {
				t.Errorf("top ended with %v after %d times q", err, tries)
			}
			return
		case <-time.After(3 * oneBurst):
		}
		_, _ = p.master.WriteString("q") // top may have ended
	}
	t.Error("top does not take a key after the paste")
}
