package main

import (
	"io"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// The largest window that top fills. A terminal may claim 65,535 columns and lines, and
// Bubble Tea keeps some hundred bytes for each cell.
const (
	mostColumns = 1000
	mostLines   = 300
)

// windowOptions returns the options that bound the window. Bubble Tea asks the terminal for
// its size when it starts, before any filter. If that is too large, it gets an output that
// it cannot ask, and keeps a fixed size.
func windowOptions(c *client) []tea.ProgramOption {
	bound := tea.WithFilter(boundWindow)
	ws, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err == nil && (ws.Col > mostColumns || ws.Row > mostLines) {
		return []tea.ProgramOption{
			bound, tea.WithOutput(struct{ io.Writer }{c}),
			tea.WithWindowSize(min(int(ws.Col), mostColumns), min(int(ws.Row), mostLines)),
		}
	}
	return []tea.ProgramOption{bound, tea.WithOutput(c)}
}

// boundWindow is a filter for messages.
func boundWindow(_ tea.Model, msg tea.Msg) tea.Msg {
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		return tea.WindowSizeMsg{Width: min(size.Width, mostColumns), Height: min(size.Height, mostLines)}
	}
	return msg
}
