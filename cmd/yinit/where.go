package main

import (
	"maps"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
	"yinit/procfs/node"
)

// where says at which container a command looks.
type where struct {
	proc   string // the proc file system
	target string // a process, or a container by its name or ID; "": that of proc
	root   string // of the host, where the names of containers are found; "": find it
}

// here is the container of this process.
func here() where { return where{proc: "/proc"} }

// bind adds the options that say where.
func (w *where) bind(b config.Bind) config.Bind {
	maps.Copy(b, config.Bind{"proc": &w.proc, "target": &w.target, "root": &w.root})
	return b
}

// look finds the container.
func (w *where) look() (*node.Target, error) {
	fs := procfs.New(w.proc)
	if w.target == "" {
		return node.Own(fs), nil
	}
	return node.FindTarget(fs, w.target, w.root)
}
