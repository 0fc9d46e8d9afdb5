package main

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/zombie"
)

// findZombies finds the zombies of fs and the processes that should reap them. It
// uses the history of the init, if there is one, to find out since when they are
// dead.
func findZombies(fs procfs.FS) (*zombie.Report, error) {
	var o zombie.Options
	if src, err := history.Find(fs, 0); err == nil {
		if b, err := src.Read(0); err == nil {
			o.Noticed = history.ZombiesFor(b.Records, time.Now())
		}
		_ = src.Close() // it was only read
	}
	o.Reaps = history.Reaps(fs, 1)
	return zombie.Find(fs, o)
}
