// Package checkup reads what only the doctor asks: counters of the memory limit, the room in
// /dev/shm, pid files, limits for open files. It draws no conclusions, and writes nothing.
package checkup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
	"yinit/procfs/idle"
	"yinit/procfs/snapshot"
)

const (
	// patient is how long a file system that does not respond is waited for.
	patient = time.Second
	// mostChildren is how many processes are asked: children of PID 1, those in state D.
	mostChildren = 64
)

// Read reads the checks of the container of proc: that of the caller if proc is /proc, else
// that of its PID 1. group is the control group of the container, procs are its processes.
func Read(proc procfs.FS, group cgroup.Group, procs []snapshot.Process) doctor.Checks {
	var c doctor.Checks
	c.OOMKills, _ = group.OOMKills()
	c.OOMGroup = group.KillsTogether()
	c.OpenMax = openMax(proc, procs)
	readFiles(&c, rootOf(proc), patient)
	return c
}

// A root opens files and directories below the root directory of a container.
type root func(name string, dir bool) (*os.File, error)

// rootOf returns the root directory of the container. That of another one is not trusted.
func rootOf(proc procfs.FS) root {
	if proc.Own() {
		return below("/")
	}
	return proc.OpenRoot
}

// below returns the root directory that is at a path.
func below(dir string) root {
	return func(name string, _ bool) (*os.File, error) { return procfs.Open(filepath.Join(dir, name)) }
}

// openMax returns the soft limits of PID 1 and of its children for open files.
func openMax(proc procfs.FS, procs []snapshot.Process) map[procfs.ID]uint64 {
	all := map[procfs.ID]uint64{}
	for i := range procs {
		p := &procs[i]
		if p.ID.PID != 1 && p.PPID != 1 || p.KernelThread() || len(all) == mostChildren {
			continue
		}
		limits, err := proc.ResourceLimits(p.ID.PID)
		if err != nil {
			continue // It has ended.
		}
		for _, l := range limits {
			if l.Name == "nofile" {
				all[p.ID] = l.Soft
			}
		}
	}
	return all
}

// Stuck returns for how long processes have been in uninterruptible sleep or stopped, as far
// as that can be found out: they have not run since.
func Stuck(proc procfs.FS, procs []snapshot.Process) map[procfs.ID]time.Duration {
	all, clock := map[procfs.ID]time.Duration{}, idle.NewClock(proc)
	for i := range procs {
		p := &procs[i]
		if p.State != procfs.StateDisk && !p.State.Stopped() || len(all) == mostChildren {
			continue
		}
		s, err := proc.Stat(p.ID.PID)
		if err != nil || s.ID() != p.ID || s.State != p.State {
			continue
		}
		if since, ok := clock.Since(&s); ok {
			all[p.ID] = since
		}
	}
	return all
}

// files is what is read from the file system of the container.
type files struct {
	shmSize, shmFree procfs.Bytes
	pids             []doctor.PidFile
	denied           bool
}

// readFiles reads the file system of the container. A mount that does not respond keeps a
// thread, and not the caller.
func readFiles(c *doctor.Checks, open root, limit time.Duration) {
	done := make(chan files, 1)
	go func() {
		var f files
		f.readShm(open)
		f.readPidFiles(open)
		done <- f
	}()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case f := <-done:
		c.ShmSize, c.ShmFree, c.PidFiles = f.shmSize, f.shmFree, f.pids
		if f.denied {
			c.Unread = append(c.Unread, "this user may not read the files of the container, for /dev/shm and pid files")
		}
	case <-late.C:
		c.Late = true
		c.Unread = append(c.Unread, "/dev/shm or /run does not respond")
	}
}

// readShm reads the room in /dev/shm, if a file system is mounted there.
func (f *files) readShm(open root) {
	dir, err := open("/dev/shm", true)
	f.note(err)
	if err != nil {
		return
	}
	defer dir.Close()
	dev, err := open("/dev", true)
	if err != nil {
		return
	}
	defer dev.Close()
	var at, above syscall.Stat_t
	if syscall.Fstat(int(dir.Fd()), &at) != nil || syscall.Fstat(int(dev.Fd()), &above) != nil || at.Dev == above.Dev {
		return
	}
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &st); err != nil {
		return
	}
	block := procfs.Bytes(max(st.Frsize, 1))
	f.shmSize, f.shmFree = procfs.Bytes(st.Blocks)*block, procfs.Bytes(st.Bavail)*block
}

// note notes that this user may not read the container.
func (f *files) note(err error) { f.denied = f.denied || errors.Is(err, fs.ErrPermission) }

// parsePID parses the content of a pid file: a number, and nothing but spaces around it.
func parsePID(b []byte) (pid int, ok bool) {
	end := 0
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	for _, c := range b[end:] {
		if c != '\n' && c != ' ' && c != '\r' && c != '\t' {
			return 0, false
		}
	}
	pid, err := strconv.Atoi(string(b[:end]))
	return pid, err == nil && pid > 0
}
