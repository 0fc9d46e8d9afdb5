package initcore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs/pacct"
)

// A lateFile is the result of a search for a place on a disk.
type lateFile struct {
	file *pacct.File
	err  error
}

var errNoPlace = errors.New("no file system that is writable, local and not nearly full was found")

// startAccounting switches on process accounting, so that the history has all processes
// that end, however short they were. It does so only as PID 1 of a container that has
// CAP_SYS_PACCT: a machine has one accounting file, which may belong to psacct or atop.
//
// Only a file system in memory is used at once: the others may block. A later chore
// tries these, see tryDisks.
func (k *kernel) startAccounting(m *machine) {
	if !k.isFirst || k.noProc || !pacct.Allowed() {
		return
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err != nil || ns == initialPIDNamespace {
		return
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return
	}
	err = errNoPlace
	for _, place := range pacct.Places(mounts) {
		if !place.Memory {
			k.disks = append(k.disks, place.Dir)
			continue
		}
		var f *pacct.File
		if f, err = pacct.Start(place.Dir); err == nil || refused(err) {
			m.accountingStarted(f, err)
			return
		}
	}
	if len(k.disks) == 0 {
		m.accountingStarted(nil, err)
	}
}

// refused reports whether the kernel refuses process accounting whatever the file: in a
// user namespace, by seccomp, or because it was built without it.
func refused(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) }

// tryDisks looks for a place on a disk, if there was none in memory. The helper calls
// it, because the disk may not respond.
func (k *kernel) tryDisks() {
	found := lateFile{err: errNoPlace}
	for _, dir := range k.disks {
		if found.file, found.err = pacct.Start(dir); found.err == nil || refused(found.err) {
			break
		}
	}
	k.late <- found
}

// takeLate takes the result of tryDisks, if there is one.
func (k *kernel) takeLate(m *machine) {
	select {
	case found := <-k.late:
		if found.file != nil {
			found.file.SkipAll() // the exits of the children among them are recorded
		}
		m.accountingStarted(found.file, found.err)
	default:
	}
}

// accountingStarted hands the accounting file to the watcher, or says why there is none.
func (m *machine) accountingStarted(f *pacct.File, err error) {
	switch {
	case err == nil:
		m.log.Info("process accounting is on", "directory", f.Dir())
		m.others.setAccounting(f, m.hist)
	case refused(err):
		m.log.Info("process accounting is off", "error", err)
	default:
		m.log.Info("process accounting is off", "error", err)
		m.now = time.Now()
		m.note(history.KindNote, fmt.Sprintf("process accounting is off: %v", err))
	}
}
