package main

import (
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// accountStage switches on process accounting in the PID namespace of the stage, if this
// process is root outside of any user namespace. Before Linux 6.15 nothing else shows how a
// process ended that its parent reaps at once. The function that it returns reads how the
// processes ended that have ended so far, by pid.
func accountStage() func() map[int]procfs.WaitStatus {
	none := func() map[int]procfs.WaitStatus { return nil }
	mounts, err := procfs.FS{}.Mounts()
	if err != nil || !pacct.Allowed() {
		return none
	}
	for _, dir := range pacct.Places(mounts) {
		if f, err := pacct.Start(dir); err == nil {
			return func() map[int]procfs.WaitStatus { return accounts(f) }
		}
	}
	return none
}

func accounts(f *pacct.File) map[int]procfs.WaitStatus {
	ended := map[int]procfs.WaitStatus{}
	_ = f.Read(func(r pacct.Record) bool { // what it cannot read stays unknown
		if r.Known {
			ended[r.PID] = r.Status
		}
		return true
	})
	return ended
}
