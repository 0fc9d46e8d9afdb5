// Package container finds the containers of a node: which processes are in which one, and
// what it is called. It asks no engine: the names follow from the control groups, from the
// mounts, from the command line of the engine's monitor, and from files of the host.
//
// What cannot be read is left out, never guessed. What a container may have written itself
// is bounded, and opened without waiting and without following its links.
package container
