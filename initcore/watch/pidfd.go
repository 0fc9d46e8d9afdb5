package watch

import "yinit/procfs/pidfd"

// info is what the kernel reports about the process of a pidfd.
type info struct {
	mask       uint64 // infoCreds, infoExit: which fields are set
	ruid, ppid uint32 // real user ID, and parent
	exitCode   int32  // wait status
}

const (
	infoCreds = 1 << 1 // ruid and ppid are set
	infoExit  = 1 << 3 // exitCode is set
)

// ask fills in i from the process of a pidfd, see [pidfd.Info].
func (i *info) ask(fd int) error {
	*i = info{}
	var k pidfd.Info
	if err := k.Read(fd); err != nil {
		return err
	}
	if k.HasIDs() {
		i.mask, i.ruid, i.ppid = infoCreds, k.UID(), uint32(k.PPID())
	}
	if k.HasExit() {
		i.mask, i.exitCode = i.mask|infoExit, int32(k.ExitStatus())
	}
	return nil
}

// reaped reports whether the process of a pidfd has been reaped.
func reaped(fd int) bool { return pidfd.Reaped(fd) }
