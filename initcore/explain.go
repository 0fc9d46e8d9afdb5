package initcore

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs/cgroup"
)

// examine finds out why a program could not be started, and returns an explanation
// with advice. Relative paths begin in dir, the working directory of the child. It may
// block.
func examine(e StartError, p *Program, dir string) (StartError, string) {
	e.findAmong(dir)
	return e, explain(&e, p, dir)
}

func explain(e *StartError, p *Program, dir string) string {
	what := "cannot run " + quotedName(p.Args[0])
	switch e.step {
	case stepDir:
		return fmt.Sprintf("cannot start %s: its working directory %s: %v", p.Name, p.Dir, e.Err)
	case stepUser:
		return fmt.Sprintf("cannot start %s as user %d: %v; %s", p.Name, p.User.UID, e.Err, whyNotUser(e.Err, ownRights()))
	case stepStdio, stepSession:
		return "cannot start " + p.Name + ": " + e.Error()
	}
	if e.Code() == exitNotFound {
		if advice := miswritten(p.Args); advice != "" {
			return what + ": there is no such program: " + advice
		}
		if !strings.Contains(p.Args[0], "/") {
			return what + ": there is no such program in PATH; " + cmp.Or(p.Instead, "check the name, or give its path")
		}
	}
	return what + ": " + execution{e.Err, dir, p.User}.why(e.Path)
}

// why says why execve(2) of the file failed.
func (x execution) why(path string) string {
	switch x.err {
	case unix.ETXTBSY:
		return "it is open for writing; a process is still copying it, or did not close it"
	case unix.E2BIG:
		return "its arguments and environment are too large; see ulimit -s, and no single string may exceed 128 KiB"
	case unix.ENOMEM, unix.EAGAIN:
		return whyNoProcess(x.err, "")
	case unix.ELOOP:
		return "too many symbolic links lead to it, or too many #! interpreters"
	case unix.EPERM:
		return "the kernel does not permit it; check security modules, and file capabilities on a nosuid mount"
	}
	if fault := x.fault(piece{path: path, name: "it"}, 0); fault != "" {
		return fault
	}
	switch x.err {
	case unix.ENOENT, unix.ENOTDIR:
		return "it exists, but a file that it needs does not"
	case unix.EACCES:
		return "this user may not execute it, or a file that it needs; check security modules and access lists"
	case unix.ELIBBAD:
		return "this machine cannot run its loader"
	default:
		return x.err.Error()
	}
}

// whyNoProcess says why the kernel cannot create a process: too many processes, or
// too little memory. held says who holds zombies, see [zombie.Held].
func whyNoProcess(err error, held string) string {
	if errors.Is(err, unix.ENOMEM) {
		return "there is not enough memory for it" + memoryLimit()
	}
	return whyFull(ownUsage(), held)
}

func whyFull(u cgroup.Usage, held string) string {
	if u.PidsMax > 0 && u.Pids+1 >= u.PidsMax {
		if held != "" {
			held = ", " + held
		}
		return fmt.Sprintf("the pids limit is reached: %d of %d processes and threads are taken%s; "+
			"raise it (docker run --pids-limit), or find the process that leaks them with yinit zombies or yinit top", u.Pids, u.PidsMax, held)
	}
	if held != "" {
		held = " (" + held + ")"
	}
	return "no more processes can be created: the limit of this user (ulimit -u), of the control group (pids.max) or of the machine is reached" + held
}

func memoryLimit() string {
	u := ownUsage()
	if u.MemMax == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s of %s are in use)", u.Mem, u.MemMax)
}

func ownUsage() cgroup.Usage { return ownGroup().Read() }
