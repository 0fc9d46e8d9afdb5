package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/tui"
)

// pastOf finds and reads the history that an init keeps.
type pastOf struct {
	fs     procfs.FS
	mu     sync.Mutex // the model reads snapshots and history at the same time
	reader *history.Reader
	pid    int
	err    error // why there is none
	tried  bool
}

func newPast(fs procfs.FS) *pastOf { return &pastOf{fs: fs} }

// open looks for the init: PID 1, else the first other process that has a ring,
// as in a pod whose containers share a PID namespace.
func (p *pastOf) open() {
	if p.tried {
		return
	}
	p.tried = true
	p.reader, p.err = history.Open(p.fs, 1)
	if p.pid = 1; p.err == nil || errors.Is(p.err, fs.ErrPermission) && p.isYinit(1) {
		return
	}
	first := p.err
	scanner := procfs.NewScanner(p.fs)
	defer scanner.Close()
	pids, err := scanner.PIDs(nil)
	if err != nil {
		return
	}
	for _, pid := range pids {
		if pid == 1 || !p.isYinit(pid) {
			continue
		}
		if r, err := history.Open(p.fs, pid); err == nil {
			p.reader, p.pid, p.err = r, pid, nil
			return
		}
	}
	p.err = first
}

// isYinit guesses by the name: the ring of another user cannot be seen.
func (p *pastOf) isYinit(pid int) bool {
	comm, err := p.fs.Comm(pid)
	return err == nil && (comm == "yinit" || comm == "docker-init")
}

// program is the name and version of the init, "" if it is none of ours.
func (p *pastOf) program(pid int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open()
	if p.reader == nil || p.pid != pid {
		return ""
	}
	h, err := p.reader.Header()
	if err != nil {
		return ""
	}
	return h.Program
}

func (p *pastOf) read(after uint64) (tui.History, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open()
	if p.reader == nil {
		return tui.History{Next: after, Since: p.whyNot()}, nil
	}
	b, err := p.reader.Read(after)
	if err != nil {
		return tui.History{}, err
	}
	h, err := p.reader.Header()
	if err != nil {
		return tui.History{}, err
	}
	lost := b.Lost
	if after == 0 { // nothing was shown that could be missed
		lost = h.Written - uint64(len(b.Records))
	}
	return tui.History{Records: b.Records, Next: b.Next, Lost: lost, Since: historySince(h)}, nil
}

// whyNot says why there is no history, and what to do.
func (p *pastOf) whyNot() string {
	if _, err := p.fs.Uptime(); err != nil {
		return "/proc cannot be read (" + err.Error() + "), and the history is found there; mount /proc"
	}
	switch comm, err := p.fs.Comm(1); {
	case errors.Is(p.err, fs.ErrPermission) && p.isYinit(1):
		uid := "another user"
		if s, err := p.fs.Status(1); err == nil {
			uid = fmt.Sprintf("user %d", s.UID[0])
		}
		return "the history belongs to " + uid + ": run this as that user or as root (docker exec -u)"
	case err == nil:
		return "no history is kept: PID 1 is " + comm + ", not yinit"
	default:
		return "no history is kept: PID 1 is not yinit"
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
