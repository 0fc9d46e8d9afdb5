package initcore

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// lateAfter is the age of PID 1 from which it is worth a warning that yinit was not PID 1
// from the start.
const lateAfter = time.Second

// warnPlace warns if yinit cannot do what it is there for, because another program is PID 1,
// or was until now. Then the SIGTERM of docker stop does not reach yinit.
func (m *machine) warnPlace(k *kernel) {
	if k.noProc {
		return
	}
	var text string
	if k.isFirst {
		var children unix.Rusage
		if unix.Getrusage(unix.RUSAGE_CHILDREN, &children) == nil {
			text = late(k.fs, procfs.SinceBoot(), children.Minflt)
		}
	} else {
		text = notFirst(k.fs, unix.Getppid())
	}
	if text != "" && !inInitialNamespace(k.fs) {
		m.log.Warn(text)
		m.noteWarning(text)
	}
}

// inInitialNamespace reports whether we are in the initial PID namespace: its PID 1 is that
// of a machine, where a script that prepares the machine is usual.
func inInitialNamespace(fs procfs.FS) bool {
	link, err := os.Readlink(fs.Root() + "/self/ns/pid")
	return err == nil && link == initialPIDNamespace
}

// notFirst returns the warning for a yinit that a shell has started, if the shell is PID 1,
// or a child of it, and PID 1 drops SIGTERM. That is what the shell form of ENTRYPOINT leads
// to. PID 1 may be the pause container of a pod, or another init: these take the signal. An
// interactive shell ignores it.
func notFirst(fs procfs.FS, parent int) string {
	script, ok := viaShells(fs, parent)
	if !ok {
		return ""
	}
	status, err := fs.Status(1)
	if err != nil || script != "" && script != status.Name || !dropsTerm(fs, &status) {
		return ""
	}
	return "PID 1 is " + status.Name + ", which drops SIGTERM: begin ENTRYPOINT with yinit, as a list, such as [\"/yinit\", \"--\"]"
}

// viaShells reports whether there are only shells between PID 1 and this process, or
// subshells of one script, whose name it returns.
func viaShells(fs procfs.FS, pid int) (script string, ok bool) {
	for pid != 1 {
		s, err := fs.Stat(pid)
		if err != nil || s.PPID <= 0 {
			return "", false // such as what docker exec has started
		}
		if !isShell(s.Comm) {
			if script != "" && script != s.Comm {
				return "", false
			}
			script = s.Comm
		}
		pid = s.PPID
	}
	return script, true
}

// dropsTerm reports whether PID 1, with this status, drops SIGTERM.
func dropsTerm(fs procfs.FS, status *procfs.Status) bool {
	const term = int(unix.SIGTERM)
	switch {
	case !status.Sigs.Known, status.Sigs.Blocked.Has(term), status.Sigs.Disposition(term) != procfs.Default:
		return false
	case isShell(status.Name):
		return true
	case history.KnownInit(status.Name):
		return false
	}
	// An init that waits in sigwait(3) looks as if it did not take the signal.
	wchan, err := fs.Wchan(1, 1)
	return err == nil && wchan != "" && wchan != "do_sigtimedwait"
}

// late returns the warning for a yinit that became PID 1 by execve(2) after another program
// had run other programs for a while. faults is the number of page faults of the children
// that PID 1 has waited for: where it is 0, an engine has created PID 1 long before it
// started the container.
func late(fs procfs.FS, now time.Duration, faults int64) string {
	if faults == 0 {
		return ""
	}
	s, err := fs.Stat(1)
	if err != nil {
		return ""
	}
	age := procfs.Age(now, s.Start)
	if age < lateAfter {
		return ""
	}
	return fmt.Sprintf("yinit became PID 1 only after %s, and until then SIGTERM was dropped: begin ENTRYPOINT with yinit, as a list, and let it run the script", procfs.Span(age))
}
