// Package tui is the inspector: a terminal program that shows the processes of
// a container, what a signal would do to them, how the dead ones ended, and that
// sends signals to exactly the process that was selected.
//
// There is one [Model]. It holds a world, which is what was read last, and
// parts: pages, of which one is shown, and panes that lie over it. A page is a
// struct in a file of its own and a line in newPages; it has its own key table, of
// which help and footer are made. The world changes by messages only; View draws
// the rows that are visible and nothing else. How to draw is the canvas, which
// knows no data.
//
// The package touches nothing itself. What it reads and whom it signals are the
// interfaces in source.go; they are called from commands, never from Update or
// View. Text that comes from a process goes through canvas.text before it is drawn.
//
// PID 1 links this package, so it has no initialisers.
package tui
