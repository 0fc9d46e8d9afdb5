// Package tui is the inspector: a terminal program that shows the processes of
// a container, what a signal would do to each, and how processes ended. It sends
// signals to exactly the process that was selected.
//
// There is one [Model]. It holds a world, which is the data that was read last, and
// the parts of the screen: pages, one of which is shown, and panes that cover the
// page. A page is a struct in a file of its own and a line in newPages. Each page has
// a key table, from which the help and the footer are made. Only messages change the
// world. View draws the visible rows and nothing else. The canvas knows how to draw;
// it holds no data.
//
// The package does no I/O itself. It reads processes and sends signals through the
// interfaces in source.go, which it calls from commands, never from Update or View.
// Text that comes from a process goes through canvas.text before it is drawn.
//
// PID 1 links this package, so it has no initialisers.
package tui
