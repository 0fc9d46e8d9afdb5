package main

import (
	"maps"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
	"yinit/procfs/hint"
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

// place says how the user gets there.
func (w *where) place() hint.Place { return hint.Place{Target: w.target, Root: w.root} }

// look finds the container.
func (w *where) look() (*node.Target, error) {
	fs := procfs.New(w.proc)
	t := node.Own(fs)
	if w.target != "" {
		var err error
		if t, err = node.FindTarget(fs, w.target, w.root); err != nil {
			return nil, err
		}
	}
	t.Place = w.place()
	return t, nil
}
