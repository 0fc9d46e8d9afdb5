package main

import (
	"cmp"
	"os"
	"os/signal"
	"strconv"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// The largest window that top fills. A terminal may claim 65,535 columns and lines.
const (
	mostColumns = 1000
	mostLines   = 300
)

// A windowMsg is the size of the terminal. Bubble Tea's own message would give its renderer a
// screen of that size, see [painter].
type windowMsg tea.WindowSizeMsg

// windowSize returns the size of the terminal. Where the terminal has none, which a terminal
// of docker exec has at first, it is that of the environment, or the usual one.
func windowSize() windowMsg {
	ws, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil {
		ws = &unix.Winsize{}
	}
	return windowMsg{
		Width:  min(cmp.Or(int(ws.Col), positive(os.Getenv("COLUMNS")), 80), mostColumns),
		Height: min(cmp.Or(int(ws.Row), positive(os.Getenv("LINES")), 24), mostLines),
	}
}

// positive returns a number, 0 if s is not a positive one.
func positive(s string) int {
	n, _ := strconv.Atoi(s) // 0 if it is not a number
	return max(n, 0)
}

// A windowWatch tells a program the size of its terminal: at first, when it changes, and when
// it may have changed unnoticed.
type windowWatch struct {
	changed chan os.Signal
	doubt   chan struct{}
}

// watchWindow begins to watch, so that no change after it is missed.
func watchWindow() windowWatch {
	w := windowWatch{make(chan os.Signal, 1), make(chan struct{}, 1)}
	signal.Notify(w.changed, unix.SIGWINCH)
	w.ask()
	return w
}

// ask has the size read again. It never waits.
func (w windowWatch) ask() {
	select {
	case w.doubt <- struct{}{}:
	default:
	}
}

// tell tells p the size each time, until done is closed.
func (w windowWatch) tell(p *tea.Program, done <-chan struct{}) {
	defer signal.Stop(w.changed)
	for {
		select {
		case <-done:
			return
		case <-w.changed:
		case <-w.doubt:
		}
		p.Send(windowSize())
	}
}
