package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// watchContainers prints the containers again and again, until a signal ends it or nobody reads
// the output any more.
func watchContainers(o containersOptions) error {
	fs := procfs.New(o.proc)
	w := nodeReader(fs, false)
	defer w.Close()
	ctx, gone := context.WithCancel(context.Background())
	defer gone()
	c := newClient(fs)
	c.leaveUnread(ctx, gone)
	failed := make(chan error, 1)
	go func() {
		v := nodeView{screen: isTerminal(1) && os.Getenv("TERM") != "dumb"}
		for ctx.Err() == nil {
			if err := v.look(fs, w, o, c); err != nil {
				failed <- err
				return
			}
			select {
			case <-time.After(o.interval):
			case <-ctx.Done():
			}
		}
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done(): // It may be in a write that does not end.
		return unreadError{}
	}
}

// A nodeView is what containers --watch has printed.
type nodeView struct {
	screen bool // a frame takes the place of the one before; else it is appended
	frames int
	lines  int // of the last frame
	width  int // of the terminal then
	past   node.Past
}

// look prints one frame.
func (v *nodeView) look(fs procfs.FS, w *snapshot.Reader, o containersOptions, out *client) error {
	l := nodeLooker(fs, w, o.root)
	l.Past, l.Brief = &v.past, true
	n, err := l.Look()
	if err != nil {
		return err // There is nothing that could be shown as of now.
	}
	v.past.Count(n, time.Now())
	n.Choose(o.filter)
	n.Sort()
	var b bytes.Buffer
	p := newPaper()
	head := fmt.Sprintf("%s  %s", time.Now().Format(time.TimeOnly), text.Plural(len(n.Containers), "container", "containers"))
	if n.Hidden > 0 {
		head += ", " + text.Count(n.Hidden) + " hidden from this user"
	}
	lines := append([]string{head}, containerLines(n, p)...)
	if v.screen {
		v.replace(&b, lines, p)
	} else {
		v.append(&b, lines)
	}
	_, err = out.Write(b.Bytes())
	return err
}

// append prints a frame after the one before.
func (v *nodeView) append(b *bytes.Buffer, lines []string) {
	if v.frames++; v.frames > 1 {
		b.WriteByte('\n')
	}
	b.WriteString(strings.Join(lines, "\n") + "\n")
}

// replace prints a frame over the one before. Lines that do not fit are counted: the terminal
// would scroll, and the next frame would not find its place.
func (v *nodeView) replace(b *bytes.Buffer, lines []string, p paper) {
	if rows := terminalHeight(); rows > 1 && len(lines) >= rows {
		more := len(lines) - (rows - 2)
		lines = append(lines[:rows-2:rows-2], text.Cut(text.Plural(more, "more container", "more containers")+"; a filter or yinit top shows fewer", p.width, p.more()))
	}
	lines[0] = text.Cut(lines[0], p.width, p.more())
	switch {
	case v.frames > 0 && v.width != p.width: // The terminal has wrapped the lines anew.
		b.WriteString("\x1b[2J\x1b[H")
	case v.lines > 0:
		fmt.Fprintf(b, "\r\x1b[%dA", v.lines)
	}
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	v.frames, v.lines, v.width = v.frames+1, len(lines), p.width
}

// printContainers prints a row for each container.
func printContainers(out *bufio.Writer, n *node.Node) {
	for _, line := range containerLines(n, newPaper()) {
		fmt.Fprintln(out, line)
	}
}
