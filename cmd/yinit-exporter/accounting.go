package main

import (
	"errors"
	"fmt"

	"yinit/initcore/history/tally"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

// accounting counts the exits of all processes of the node, see acct(2): also of those in
// containers where PID 1 is not yinit.
type accounting struct{ file *pacct.File }

// startAccounting switches accounting on, which takes the one file of this PID namespace.
func startAccounting(fs procfs.FS) (*accounting, error) {
	mounts, err := fs.Mounts()
	if err != nil {
		return nil, err
	}
	err = errors.New("no tmpfs is mounted where a file can be created; in Kubernetes mount an emptyDir with medium: Memory")
	for _, dir := range pacct.Places(mounts) {
		file, failed := pacct.Start(dir)
		if failed == nil {
			return &accounting{file}, nil
		}
		err = fmt.Errorf("%s: %w", dir, failed)
	}
	return nil, err
}

// count counts the processes that have ended. Those of a container whose history is read are
// counted there.
func (a *accounting) count(e *exporter) {
	err := a.file.Read(func(r pacct.Record) bool {
		id := e.pids.of(r.PID, r.PPID)
		if e.rings[id] != nil {
			return true
		}
		entry := e.state.Entry(id)
		if entry.Labels == nil {
			entry.Labels = []string{"", "", "", id, ""} // until a look finds its names
		}
		if entry.Seen.IsZero() {
			entry.Seen = r.End
		}
		entry.Counts.AddExit(tally.ExitOf(r.Comm, r.Known, r.Status), 1)
		return true
	})
	if err != nil {
		e.warn("accounting", "cannot read the records of process accounting", "err", err)
	}
	if full, err := a.file.Full(); err == nil && full {
		e.warn("full", "the file system of process accounting is nearly full: the kernel writes no records", "dir", a.file.Dir())
	}
}
