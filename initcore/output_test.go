package initcore

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// outletTo returns relays whose stdout is this descriptor.
func outletTo(t *testing.T, fd int) *relays {
	t.Helper()
	r := newRelays()
	r.outlets[1] = &outlet{fd: fd}
	return r
}

// takes lets an outlet copy from a pipe.
func takes(t *testing.T, r *relays, name string, in int) {
	t.Helper()
	check(t, unix.SetNonblock(in, true))
	check(t, r.outlets[1].add(name, in))
}

// relayed sends chunks through a relay called "web" and returns what comes out.
func relayed(t *testing.T, chunks ...string) string {
	t.Helper()
	in, w := rawPipe(t)
	out, to := rawPipe(t)
	r := os.NewFile(uintptr(out), "out")
	defer r.Close()
	relay := outletTo(t, to)
	takes(t, relay, "web", in)
	go func() {
		for _, c := range chunks {
			writeAll(w, []byte(c))
		}
		_ = unix.Close(w)
		check(t, relay.drain())
		_ = unix.Close(to)
	}()
	var b []byte
	returns(t, "the relay", func() { b, _ = io.ReadAll(r) })
	return string(b)
}

func TestRelay(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []string
		want string
	}{
		"nothing":            {nil, ""},
		"one line":           {[]string{"a\n"}, "web | a\n"},
		"lines in one piece": {[]string{"a\nb\n\nc\n"}, "web | a\nweb | b\nweb | \nweb | c\n"},
		"a line in pieces":   {[]string{"a", "b", "c\nd", "e\n"}, "web | abc\nweb | de\n"},
		"no newline at EOF":  {[]string{"a\nlast words"}, "web | a\nweb | last words\n"},
		"binary":             {[]string{"\x00\xff\r\n"}, "web | \x00\xff\r\n"},
	} {
		if got := relayed(t, tt.in...); got != tt.want {
			t.Errorf("%s: %q came out as %q, want %q", name, tt.in, got, tt.want)
		}
	}
}

func TestRelayLongLines(t *testing.T) {
	for _, n := range []int{16 << 10, longestLine - 1, longestLine, longestLine + 1, 5*longestLine + 7} {
		text := strings.Repeat("0123456789", n/10+1)[:n]
		got := relayed(t, text, "\nnext\n")
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		joined := ""
		for i, line := range lines {
			rest, ok := strings.CutPrefix(line, "web | ")
			if !ok {
				t.Fatalf("%d bytes: line %d lacks the prefix: %.20q", n, i, line)
			}
			if len(rest) > longestLine+16<<10 {
				t.Errorf("%d bytes: line %d has %d bytes, want at most about %d", n, i, len(rest), longestLine)
			}
			joined += rest
		}
		if joined != text+"next" || lines[len(lines)-1] != "web | next" {
			t.Errorf("%d bytes: %d came out, and last %.20q; want them all, and web | next", n, len(joined)-4, lines[len(lines)-1])
		}
	}
}

// TestRelaysShareAnOutlet: lines of several programs are never mixed, however they are
// written, and lines of one program stay in order.
func TestRelaysShareAnOutlet(t *testing.T) {
	out, to := rawPipe(t)
	shared := outletTo(t, to)
	var all sync.WaitGroup
	const lines = 2000
	for _, name := range []string{"a", "b", "c"} {
		in, w := rawPipe(t)
		takes(t, shared, name, in)
		all.Go(func() {
			for i := range lines {
				text := fmt.Sprintf("%d %s\n", i, strings.Repeat(name, i%300))
				cut := i % len(text)
				writeAll(w, []byte(text[:cut]))
				writeAll(w, []byte(text[cut:]))
			}
			_ = unix.Close(w)
		})
	}
	go func() {
		all.Wait()
		check(t, shared.drain())
		_ = unix.Close(to)
	}()
	r := os.NewFile(uintptr(out), "out")
	defer r.Close()
	var b []byte
	returns(t, "the relays", func() { b, _ = io.ReadAll(r) })
	next := map[string]int{}
	for line := range strings.Lines(string(b)) {
		name, rest, _ := strings.Cut(line, " | ")
		i := next[name]
		next[name]++
		if want := fmt.Sprintf("%d %s\n", i, strings.Repeat(name, i%300)); rest != want {
			t.Fatalf("line %d of %q is %q, want %q", i, name, rest, want)
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		if next[name] != lines {
			t.Errorf("%d lines of %s came out, want %d", next[name], name, lines)
		}
	}
}

// TestBlockedOutlet: while no process reads our output the program blocks. Nothing is
// lost once a process reads it.
func TestBlockedOutlet(t *testing.T) {
	out, to, size := full(t)
	in, w := rawPipe(t)
	text := strings.Repeat("a line of the program\n", 20_000)
	written := make(chan bool)
	r := outletTo(t, to)
	takes(t, r, "web", in)
	go func() {
		writeAll(w, []byte(text))
		_ = unix.Close(w)
		close(written)
	}()
	eventually(t, "the pipe of the program is full", func() bool {
		n, err := unix.IoctlGetInt(w, unix.TIOCINQ)
		return err == nil && n >= 60<<10
	})
	select {
	case <-written:
		t.Error("the program could write everything, though no process reads")
	default:
	}
	go func() {
		<-written
		check(t, r.drain())
		_ = unix.Close(to)
	}()
	var b []byte
	returns(t, "reading at last", func() { b, _ = io.ReadAll(out) })
	if got, want := string(b[size:]), strings.ReplaceAll(text, "a line", "web | a line"); got != want {
		t.Errorf("%d bytes came out, want %d", len(got), len(want))
	}
}

func TestDrain(t *testing.T) {
	r := newRelays()
	w, err := r.pipe("web", 1)
	check(t, err)
	check(t, unix.Close(w))
	if err := r.drain(); err != nil {
		t.Errorf("drain: %v, want nil: the program closed its output", err)
	}
}

// TestDrainOfAHeldPipe: a process that outlives the programs holds the pipe. drain
// copies what the pipe contains, an unfinished line too, and does not wait for the
// process.
func TestDrainOfAHeldPipe(t *testing.T) {
	for name, text := range map[string]string{
		"idle":            "",
		"unfinished line": "one\nlast words",
		"a full pipe":     strings.Repeat("0123456789abcde\n", 4<<10),
	} {
		out, to := pipe(t)
		var b []byte
		read := make(chan struct{})
		go func() {
			defer close(read)
			b, _ = io.ReadAll(out)
		}()
		r := outletTo(t, int(to.Fd()))
		w, err := r.pipe("web", 1)
		check(t, err)
		writeAll(w, []byte(text))
		if err := r.drain(); err != nil {
			t.Errorf("%s: drain: %v, want nil: nothing was lost", name, err)
		}
		check(t, to.Close())
		returns(t, "reading", func() { <-read })
		want := ""
		for line := range strings.Lines(text) {
			want += "web | " + strings.TrimSuffix(line, "\n") + "\n"
		}
		if string(b) != want {
			t.Errorf("%s: %d bytes came out, want %d", name, len(b), len(want))
		}
		check(t, unix.Close(w))
	}
}

// TestDrainOfATalker: drain does not wait for a process that writes for ever, either.
func TestDrainOfATalker(t *testing.T) {
	out, to := pipe(t)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	r := outletTo(t, int(to.Fd()))
	w, err := r.pipe("web", 1)
	check(t, err)
	check(t, unix.SetNonblock(w, true)) // after drain nothing reads the pipe
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = unix.Write(w, []byte("a line\n"))
			}
		}
	}()
	if err := r.drain(); err != nil {
		t.Errorf("drain: %v, want nil", err)
	}
	close(stop)
	<-stopped
	check(t, unix.Close(w))
}

// TestDrainIntoFullOutput: no process reads what we write, and drain reports that.
func TestDrainIntoFullOutput(t *testing.T) {
	_, to, _ := full(t)
	r := outletTo(t, to)
	w, err := r.pipe("web", 1)
	check(t, err)
	writeAll(w, []byte("lost\n"))
	check(t, unix.Close(w))
	if err := r.drain(); err == nil || !strings.Contains(err.Error(), "no process reads our output") {
		t.Errorf("drain: %v, want it to say that no process reads", err)
	}
}

// TestSameFileSameOutlet: stdout and stderr are one pipe in a container without
// a terminal more often than not.
func TestSameFileSameOutlet(t *testing.T) {
	var out, err unix.Stat_t
	check(t, unix.Fstat(1, &out))
	check(t, unix.Fstat(2, &err))
	same := out.Dev == err.Dev && out.Ino == err.Ino
	if r := newRelays(); (r.outlets[1] == r.outlets[2]) != same {
		t.Errorf("outlets are the same: %v, descriptors are the same file: %v", !same, same)
	}
}

func TestRelayOfAProgram(t *testing.T) {
	out, to := pipe(t)
	r := outletTo(t, int(to.Fd()))
	k := &kernel{cfg: &Config{Programs: make([]Program, 2)}, cwd: -1, null: -1, starts: map[int]launch{}, relays: r, console: &console{fd: -1}}
	p := &program{Program: &Program{Name: "web", Args: []string{"/bin/sh", "-c", "echo one; echo two; read x || echo no input"}, Prefix: true}}
	pid, err := k.start(p)
	check(t, err)
	check(t, waitid(unix.P_PID, pid, new(childInfo), unix.WEXITED, nil))
	check(t, r.drain())
	check(t, to.Close())
	b, err := io.ReadAll(out)
	check(t, err)
	if want := "web | one\nweb | two\nweb | no input\n"; !bytes.Equal(b, []byte(want)) {
		t.Errorf("the program wrote %q, want %q", b, want)
	}
	k.starts[pid].report.release()
	_ = unix.Close(k.null)
}
