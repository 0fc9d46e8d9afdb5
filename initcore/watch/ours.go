package watch

import (
	"os"
	"path/filepath"

	"yinit/initcore/history"
	"yinit/procfs"
)

// ours is what the watcher knows about this executable and its container, to recognise
// the commands of the inspector, and processes of other containers.
type ours struct {
	exe  string              // path of this executable, as the kernel shows it; "" if unknown
	comm string              // command name of a process that executes it
	key  procfs.ContainerKey // of this process
}

func readOurs(fs procfs.FS, self int) ours {
	o := ours{key: fs.ContainerKey(self)}
	o.exe, _ = os.Readlink("/proc/self/exe") // unknown without /proc
	o.comm = commOf(o.exe)
	return o
}

// commOf returns the command name that a program of this path starts with, see
// PR_SET_NAME(2const).
func commOf(path string) string {
	const most = 15
	name := filepath.Base(path)
	return name[:min(len(name), most)]
}

// usualComm is the command name of yinit wherever it is installed under its own name.
const usualComm = "yinit"

// isOurs reports whether the process executes yinit: the same executable, by its path, or
// one of the same name if the path may not be read. Reading the path does not touch the
// file system that it is on, which might not answer.
func (w *Watcher) isOurs(pid int, comm string) bool {
	if comm == "" || comm != w.ours.comm && comm != usualComm {
		return false
	}
	exe, err := w.opt.FS.Exe(pid)
	return err != nil || exe == "" || exe == w.ours.exe || commOf(exe) == usualComm
}

// inspects reports whether the process is a command of the inspector, such as yinit top,
// and not another init. Without its own command line it is taken for one: an init runs long
// enough for that to be read.
func (p *process) inspects() bool {
	return p.yinit && (p.Cmdline == "" || p.Renamed || history.Inspects(p.Cmdline))
}

// foreign reports whether the process belongs to another container, with which this one
// shares its PID namespace. A process inherits that from its parent.
func (w *Watcher) foreign(p *process) bool {
	if p.PPID == w.opt.Self || p.ID.PID == w.opt.Self || isStub(p.Comm) { // the runtime has not entered the container yet
		return false
	}
	if parent := w.procs[p.PPID]; parent != nil && (p.PPID != 1 || !parent.Foreign) {
		return parent.Foreign
	}
	if p.PPID > 1 {
		return false // its parent ended or is not watched
	}
	// It was started from outside, or PID 1 is another container's and has adopted it.
	same, known := w.ours.key.Same(w.opt.FS.ContainerKey(p.ID.PID))
	return known && !same
}
