// Package procfs reads facts about processes from the proc filesystem, see
// proc(5).
//
// It owns the formats of the kernel's files and the types for what they hold:
// process IDs, states, signal sets, wait statuses and units. It does not judge what
// it reads; the packages below it do. It keeps no state but the descriptors and
// buffers of a [Scanner], and it imports only the standard library.
//
// Most files of the package are named after the kernel file that they read.
// Reading is separate from parsing: each ParseX takes bytes, does not panic
// whatever they are, and returns errors that match [ErrFormat]. Names, arguments
// and environments are returned as the process chose them and may contain any
// byte: use [Printable] before they reach a terminal.
package procfs
