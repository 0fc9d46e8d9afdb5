package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/tui"
)

// pastOf finds and reads the history that an init keeps.
type pastOf struct {
	fs      procfs.FS
	mu      sync.Mutex // the model reads snapshots and history at the same time
	reader  *history.Reader
	pid     int
	err     error    // why there is none
	inits   []string // who has one, beside PID 1
	own     bool     // we keep it ourselves
	tried   bool
	asked   int       // which process was asked for, 0: any
	opened  bool      // we have tried to keep it ourselves
	id      procfs.ID // of the init
	damaged uint64    // records so far
}

func newPast(fs procfs.FS) *pastOf { return &pastOf{fs: fs} }

// open looks for the init that keeps a history, and watches itself if there is
// none.
func (p *pastOf) open() {
	if !p.tried {
		p.choose(0)
	}
	if p.reader == nil && !p.opened && !p.forbidden() {
		p.opened = true
		if r, err := p.watchMyself(); err == nil {
			p.reader, p.pid = r, os.Getpid()
		}
	}
}

// choose looks for the init: the process pid if it is one, which it reports; else
// PID 1; else the other processes that have a ring, as in a pod whose containers
// share a PID namespace.
func (p *pastOf) choose(pid int) (chosen bool) {
	p.tried, p.asked = true, pid
	if pid > 1 {
		if p.take(pid) {
			return true
		}
		if p.forbidden() {
			return false
		}
	}
	if p.take(1) || errors.Is(p.err, fs.ErrPermission) && p.isYinit(1) {
		return pid == 1
	}
	first := p.err
	scanner := procfs.NewScanner(p.fs)
	defer scanner.Close()
	pids, err := scanner.PIDs(nil)
	if err != nil {
		return false
	}
	for _, other := range pids {
		if other == 1 || other == os.Getpid() || !p.isYinit(other) {
			continue
		}
		if r, err := history.Open(p.fs, other); err == nil {
			p.inits = append(p.inits, strconv.Itoa(other)+p.programOf(other))
			if p.reader == nil {
				p.reader, p.pid, p.id = r, other, p.identify(other)
			} else {
				_ = r.Close()
			}
		}
	}
	if p.err = first; p.reader != nil {
		p.err = nil
	}
	return false
}

// programOf is what an init runs, as its command line has it.
func (p *pastOf) programOf(pid int) string {
	words, err := p.fs.Cmdline(pid)
	if err != nil || len(words) < 2 {
		return ""
	}
	return " (" + strings.Join(words[1:], " ") + ")"
}

// take opens the history of a process, and reports whether it has one.
func (p *pastOf) take(pid int) bool {
	r, err := history.Open(p.fs, pid)
	if err != nil {
		p.err = err
		return false
	}
	p.reader, p.pid, p.err = r, pid, nil
	p.id = p.identify(pid)
	return true
}

// identify is the identity of a process, of which the start time may be unknown.
func (p *pastOf) identify(pid int) procfs.ID {
	if s, err := p.fs.Stat(pid); err == nil {
		return s.ID()
	}
	return procfs.ID{PID: pid}
}

// alive reports whether the init is still there.
func (p *pastOf) alive() bool {
	return p.own || p.identify(p.id.PID) == p.id
}

// forbidden reports whether there is a history, and we may not read it.
func (p *pastOf) forbidden() bool {
	return errors.Is(p.err, fs.ErrPermission) && (p.isYinit(1) || p.asked > 1 && p.isYinit(p.asked))
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
	if !p.tried {
		p.choose(0)
	}
	if p.reader == nil || p.pid != pid || p.own {
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
	p.damaged += b.Damaged
	return tui.History{Records: b.Records, Next: b.Next, Lost: b.Lost, Since: p.since(h)}, nil
}

// whyNot says why there is no history, and what to do.
func (p *pastOf) whyNot() string {
	if _, err := p.fs.Uptime(); err != nil {
		return "/proc cannot be read (" + err.Error() + "), and the history is found there; mount /proc"
	}
	switch comm, err := p.fs.Comm(1); {
	case errors.Is(p.err, fs.ErrPermission) && p.isYinit(1):
		return "the history belongs to " + p.owner(1) + ": run this as that user or as root (docker exec -u)"
	case errors.Is(p.err, fs.ErrPermission) && p.asked > 1 && p.isYinit(p.asked):
		return fmt.Sprintf("the history of %d belongs to %s: run this as that user or as root", p.asked, p.owner(p.asked))
	case err == nil && p.isYinit(1):
		return "PID 1 is yinit, but its history cannot be read: " + p.err.Error()
	case err == nil:
		return "no history is kept: PID 1 is " + comm + ", not yinit"
	default: // every PID namespace has one
		return "PID 1 is hidden from this user (hidepid), so whether it keeps a history cannot be seen: run this as root, or as the user of PID 1"
	}
}

// since says since when the history is kept, and by whom.
func (p *pastOf) since(h history.Header) string {
	at := h.Started.Local().Format("2006-01-02 15:04:05")
	if p.own {
		return "watching since " + at + ": " + p.whyNot()
	}
	s := h.Program + " (pid " + itoa(h.InitPID) + ") keeps it since " + at
	if p.damaged > 0 {
		s += "; " + damagedText(p.damaged)
	}
	return s
}

func (p *pastOf) owner(pid int) string {
	s, err := p.fs.Status(pid)
	if err != nil {
		return "another user"
	}
	return fmt.Sprintf("user %d", s.UID[procfs.Real])
}

func itoa(n int) string { return strconv.Itoa(n) }
