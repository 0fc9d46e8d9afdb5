package verdict

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"yinit/procfs"
)

// NSRelation is how the user namespace of a process relates to the caller's. It
// decides which capabilities the caller has there, see user_namespaces(7),
// "Capabilities".
type NSRelation uint8

// The relations.
const (
	NSUnknown NSRelation = iota // the kernel does not report it
	NSDenied                    // permission denied, so the caller does not own the namespace either
	NSSame                      // the same namespace
	NSBelow                     // a descendant of the caller's namespace
	NSOwned                     // a descendant, and the caller owns it or a namespace between the two
	NSOutside                   // none of these: the caller has no capability there
)

// String returns the relation in a word.
func (k NSRelation) String() string {
	return [...]string{"unknown", "denied", "same", "below", "owned", "outside"}[min(k, NSOutside)]
}

// Requests of ioctl_nsfs(2), Linux 4.9 and 4.11.
const (
	nsGetParent   = 0xb702
	nsGetOwnerUID = 0xb704
)

// userNS finds how pid's user namespace relates to the caller's, from
// /proc/[pid]/ns/user, see proc_pid_ns(5). It requires PTRACE_MODE_READ of
// ptrace(2).
func userNS(proc procfs.FS, pid int, caller Caller) NSRelation {
	ours, err := procfs.Open(proc.Root() + "/self/ns/user")
	if err != nil {
		return NSUnknown
	}
	defer ours.Close()
	theirs, err := procfs.Open(proc.Path(pid, "ns/user"))
	if errors.Is(err, fs.ErrPermission) {
		return NSDenied
	}
	if err != nil {
		return NSUnknown
	}
	defer theirs.Close()
	return nsRelation(ours, theirs, caller.UID[procfs.Effective])
}

// nsRelation walks up from one namespace until it reaches the other.
func nsRelation(ours, theirs *os.File, euid uint32) NSRelation {
	if same, err := sameFile(ours, theirs); err != nil || same {
		return relationIf(same, NSSame, NSUnknown)
	}
	for range 64 { // Linux allows 32 levels.
		parent, errno := nsIoctl(theirs, nsGetParent, 0)
		switch errno {
		case 0:
		case syscall.EPERM: // the parent is outside the caller's namespace, see ioctl_nsfs(2)
			return NSOutside
		default:
			return NSUnknown
		}
		up := os.NewFile(parent, "ns/user")
		same, err := sameFile(ours, up)
		if err != nil {
			_ = up.Close()
			return NSUnknown
		}
		if same {
			defer up.Close()
			var owner uint32
			_, errno := nsIoctl(theirs, nsGetOwnerUID, uintptr(unsafe.Pointer(&owner)))
			return relationIf(errno == 0 && owner == euid, NSOwned, NSBelow)
		}
		defer up.Close()
		theirs = up
	}
	return NSUnknown
}

func relationIf(yes bool, then, otherwise NSRelation) NSRelation {
	if yes {
		return then
	}
	return otherwise
}

func nsIoctl(f *os.File, request, arg uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, arg)
	return r, errno
}

// sameFile compares device and inode. In a fake tree the files are plain files, or
// dangling links that cannot be opened.
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
