package initcore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/pacct"
)

var errNoPlace = errors.New("no tmpfs that is writable and not nearly full was found")

// startAccounting switches on process accounting, so that the history has all processes
// that end, however short they were. It does so only as PID 1 of a container that has
// CAP_SYS_PACCT: a machine has one accounting file, which may belong to psacct or atop.
//
// The file is in memory, because the loop reads it: any other file system may block.
func (k *kernel) startAccounting(m *machine) {
	if !k.isFirst || k.mounts == nil || k.forbidden&(featureAccounting|featurePidfd) != 0 || !pacct.Allowed() {
		return
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err != nil || ns == initialPIDNamespace {
		return
	}
	var f *pacct.File
	err := errNoPlace
	for _, dir := range pacct.Places(k.mounts) {
		if f, err = pacct.Start(dir); err == nil || refused(err) {
			break
		}
	}
	if fd, err := k.fs.OpenLastPID(); err == nil {
		m.others.accountedFrom, _ = procfs.ReadLastPID(fd) // 0 on error
		_ = unix.Close(fd)
	}
	m.accountingStarted(f, err)
}

// refused reports whether the kernel refuses process accounting whatever the file: in a
// user namespace, by seccomp, or because it was built without it.
func refused(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) }

// accountingStarted hands the accounting file to the watcher, or says why there is none.
func (m *machine) accountingStarted(f *pacct.File, err error) {
	switch {
	case err == nil:
		m.log.Info("process accounting is on", "directory", f.Dir())
		m.others.accounting = f
	case refused(err):
		m.log.Info("process accounting is off", "error", err)
	default:
		m.log.Info("process accounting is off", "error", err)
		m.now = time.Now()
		m.note(history.KindNote, fmt.Sprintf("process accounting is off: %v", err))
	}
}
