package verdict

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"yinit/procfs"
)

// A Kinship is where the user namespace of a process lies, seen from the
// caller's. It decides what the caller's capabilities count there, see
// user_namespaces(7), "Capabilities".
type Kinship uint8

// The kinships.
const (
	KinUnknown Kinship = iota // the kernel does not tell
	KinDenied                 // it does not tell us: then the caller does not own the namespace, either
	KinSame                   // the same namespace
	KinBelow                  // a descendant of the caller's
	KinOwned                  // a descendant, on the way to which lies one that the caller owns
	KinOutside                // neither: no capability of the caller counts there
)

// String is the kinship in a word.
func (k Kinship) String() string {
	return [...]string{"unknown", "denied", "same", "below", "owned", "outside"}[min(k, KinOutside)]
}

// Requests of ioctl_nsfs(2), Linux 4.9 and 4.11.
const (
	nsGetParent   = 0xb702
	nsGetOwnerUID = 0xb704
)

// userNS finds the kinship of pid's user namespace from /proc/[pid]/ns/user, see
// proc_pid_ns(5). Looking takes PTRACE_MODE_READ of ptrace(2).
func userNS(proc procfs.FS, pid int, caller Caller) Kinship {
	ours, err := os.Open(proc.Root() + "/self/ns/user")
	if err != nil {
		return KinUnknown
	}
	defer ours.Close()
	theirs, err := os.Open(proc.Root() + "/" + strconv.Itoa(pid) + "/ns/user")
	if errors.Is(err, fs.ErrPermission) {
		return KinDenied
	}
	if err != nil {
		return KinUnknown
	}
	defer theirs.Close()
	return kinship(ours, theirs, caller.UID[procfs.Effective])
}

// kinship goes up from one namespace until it meets the other.
func kinship(ours, theirs *os.File, euid uint32) Kinship {
	if same, err := sameFile(ours, theirs); err != nil || same {
		return kinOf(same, KinSame, KinUnknown)
	}
	for range 64 { // Linux allows 32 levels.
		parent, errno := nsIoctl(theirs, nsGetParent, 0)
		switch errno {
		case 0:
		case syscall.EPERM: // out of the caller's sight, which is not to say untold
			return KinOutside
		default:
			return KinUnknown
		}
		up := os.NewFile(parent, "ns/user")
		same, err := sameFile(ours, up)
		if err != nil {
			_ = up.Close()
			return KinUnknown
		}
		if same {
			defer up.Close()
			var owner uint32
			_, errno := nsIoctl(theirs, nsGetOwnerUID, uintptr(unsafe.Pointer(&owner)))
			return kinOf(errno == 0 && owner == euid, KinOwned, KinBelow)
		}
		defer up.Close()
		theirs = up
	}
	return KinUnknown
}

func kinOf(yes bool, then, otherwise Kinship) Kinship {
	if yes {
		return then
	}
	return otherwise
}

func nsIoctl(f *os.File, request, arg uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, arg)
	return r, errno
}

// sameFile compares inodes. Fake trees have links to nowhere, which cannot be
// opened, or plain files.
func sameFile(a, b *os.File) (bool, error) {
	x, err := a.Stat()
	if err != nil {
		return false, err
	}
	y, err := b.Stat()
	if err != nil {
		return false, err
	}
	return os.SameFile(x, y), nil
}
