// Package host reads the memory of the machine and the names of its users, for
// display. All values are optional: a value that cannot be read is reported as
// unknown.
package host
