package main

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/zombie"
)

// findZombies finds the zombies of fs and who is to blame, with what a history
// knows.
func findZombies(fs procfs.FS) (*zombie.Report, error) {
	var o zombie.Options
	if src, err := history.Find(fs, 0); err == nil {
		if b, err := src.Read(0); err == nil {
			o.Noticed = noticed(b.Records, time.Now())
		}
		_ = src.Close() // It was only read.
	}
	o.Reaps = history.Reaps(fs, 1)
	return zombie.Find(fs, o)
}

// noticed is for how long each zombie of the history has been dead at least. The
// record is written when it has been one for a while.
func noticed(records []history.Record, now time.Time) map[procfs.ID]time.Duration {
	found := map[procfs.ID]time.Duration{}
	for _, r := range records {
		if r.Kind == history.KindZombie && r.Start != 0 {
			found[r.ID()] = max(now.Sub(r.Time)+r.ZombieFor, found[r.ID()])
		}
	}
	return found
}
