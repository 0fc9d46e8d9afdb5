// Package procfs reads facts about processes from the proc filesystem, see
// proc(5). It keeps no state but the descriptors and buffers of a [Scanner],
// and it imports the standard library alone.
//
// A file of the package is named after the kernel file that it reads. Reading
// is apart from parsing: each ParseX takes bytes, never panics, whatever the
// bytes are, and gives errors that match [ErrFormat]. Names, arguments and
// environments are passed on as the process chose them, which is to say that
// they may hold any byte: clean them before they reach a terminal.
package procfs
