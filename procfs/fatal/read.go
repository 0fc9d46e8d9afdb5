package fatal

import (
	"syscall"

	"yinit/procfs"
)

// A Zombie is what /proc tells about a process that has ended and is not reaped yet.
type Zombie struct {
	Known   bool          // Limits is known
	Limits  procfs.Limits // its resource limits
	Parent  bool          // they are those of its parent: it was reaped too soon
	Seccomp int           // as [procfs.Status.Seccomp]; 0 also if it is unknown
}

// ReadZombie reads limits and status of a zombie, as far as the signal that ended it
// needs them. The files of a zombie do not block: it has no memory map.
func ReadZombie(fs procfs.FS, pid, sig int) (z Zombie) {
	switch s := syscall.Signal(sig); {
	case s == syscall.SIGKILL, DumpsCore(sig):
	default:
		return z
	}
	limits, err := fs.Limits(pid)
	z.Limits, z.Known = limits, err == nil
	if s := syscall.Signal(sig); s == syscall.SIGSYS || s == syscall.SIGKILL {
		if status, err := fs.Status(pid); err == nil {
			z.Seccomp = max(status.Seccomp, 0)
		}
	}
	return z
}

// ReadParent reads the limits of the parent of a process that was reaped at once. Most
// processes have them from there.
func ReadParent(fs procfs.FS, parent, sig int) (z Zombie) {
	if s := syscall.Signal(sig); parent <= 0 || s != syscall.SIGKILL && s != syscall.SIGXCPU {
		return z
	}
	limits, err := fs.Limits(parent)
	return Zombie{Limits: limits, Known: err == nil, Parent: true}
}

// A Space is the size of a file system, and what is free of it for users.
type Space struct{ Size, Free procfs.Bytes }

// full reports whether there is no free page.
func (s Space) full() bool { return s.Size > 0 && s.Free == 0 }

// A Host is what is found out about the machine after the end of a process.
type Host struct {
	CorePattern    string   // /proc/sys/kernel/core_pattern, if HasCorePattern
	HasCorePattern bool     // it could be read
	CoreUsesPID    bool     // /proc/sys/kernel/core_uses_pid, see core(5)
	Shm            Space    // /dev/shm; zero if there is none
	Full           []string // directories whose file systems have no free block
	Needs          string   // level of the instruction set, such as x86-64-v3, that Needing needs
	Needing        string   // the executable, or one of its libraries
	Lacks          []string // flags of /proc/cpuinfo that this level includes and the CPU lacks
}

// ReadHost finds out what the signal needs. The executable is that of the process, "" if
// it is unknown; dirs are the directories in which it may have had files. ReadHost may
// block, in a file system that does not respond.
func ReadHost(fs procfs.FS, sig int, executable string, dirs []string) (h Host) {
	if DumpsCore(sig) {
		pattern, err := fs.CorePattern()
		h.CorePattern, h.HasCorePattern = pattern, err == nil
		h.CoreUsesPID = fs.CoreUsesPID()
	}
	switch syscall.Signal(sig) {
	case syscall.SIGBUS:
		h.Shm = spaceOf("/dev/shm")
		for _, dir := range dirs {
			if dir != "" && spaceOf(dir).full() {
				h.Full = append(h.Full, dir)
			}
		}
	case syscall.SIGILL:
		h.readLevel(fs, executable)
	}
	return h
}

// spaceOf returns the space of the file system of a directory; zero if it is unknown.
func spaceOf(dir string) Space {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return Space{}
	}
	block := procfs.Bytes(max(st.Frsize, st.Bsize))
	if st.Frsize > 0 {
		block = procfs.Bytes(st.Frsize)
	}
	return Space{Size: procfs.Bytes(st.Blocks) * block, Free: procfs.Bytes(st.Bavail) * block}
}
