// Package host reads the meters of the machine, and the names of its users.
// Everything is optional: what cannot be read is reported as unknown, never as 0.
package host
