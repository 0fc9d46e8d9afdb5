package watch

import "yinit/procfs/pidfd"

// info is what the kernel tells of the process of a pidfd.
type info struct {
	mask       uint64
	ruid, ppid uint32
	exitCode   int32
}

const (
	infoCreds = 1 << 1 // ruid and ppid are there
	infoExit  = 1 << 3 // exitCode is there
)

// ask fills in what the kernel tells of the process of a pidfd.
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

// reaped reports whether the process of a pidfd is gone for good. A zombie is not.
func reaped(fd int) bool { return pidfd.Reaped(fd) }
