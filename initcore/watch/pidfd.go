package watch

import (
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs/pidfd"
)

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

// ask asks about the process of a pidfd, see [pidfd.Info].
func ask(fd int) (i info, err error) {
	var k pidfd.Info
	if err := k.Read(fd); err != nil {
		return i, err
	}
	if k.HasIDs() {
		i.mask, i.ruid, i.ppid = infoCreds, k.UID(), uint32(k.PPID())
	}
	if k.HasExit() {
		i.mask, i.exitCode = i.mask|infoExit, int32(k.ExitStatus())
	}
	return i, nil
}

// reportsExits reports whether the kernel reports how a process ended after it was
// reaped, as Linux does since 6.15. fd is any pidfd. A kernel that does so in an older
// version, too, is taken for one that does not.
func (w *Watcher) reportsExits(fd int) bool {
	var name unix.Utsname
	if _, err := w.ask(fd); err != nil || unix.Uname(&name) != nil {
		return false
	}
	major, rest, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return atLeast(number(major), number(minor), 6, 15)
}

// number returns the number at the beginning of s: 15 of "15-rc1".
func number(s string) (n int) {
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func atLeast(major, minor, wantMajor, wantMinor int) bool {
	return major > wantMajor || major == wantMajor && minor >= wantMinor
}

// reaped reports whether the process of a pidfd has been reaped.
func reaped(fd int) bool { return pidfd.Reaped(fd) }
