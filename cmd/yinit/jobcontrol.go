package main

import (
	"io"
	"os"
	"os/signal"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/tui"
)

// A job stops an inspector for the shell that it was started from, and shows it again when the
// shell continues it. It is a [tea.ExecCommand]: the program gives the terminal back, runs
// it, and takes the terminal again, with all that another program may have changed there.
type job struct {
	stop bool // stop first; otherwise the process was stopped and is continued
}

// settled is the time in which a process has stopped that was sent SIGSTOP.
const settled = 20 * time.Millisecond

// Run implements [tea.ExecCommand].
func (j job) Run() error {
	if j.stop {
		_ = unix.Kill(0, unix.SIGSTOP)
		time.Sleep(settled)
	}
	return nil
}

// SetStdin implements [tea.ExecCommand].
func (job) SetStdin(io.Reader) {}

// SetStdout implements [tea.ExecCommand].
func (job) SetStdout(io.Writer) {}

// SetStderr implements [tea.ExecCommand].
func (job) SetStderr(io.Writer) {}

// message returns the message for a program to run the job.
func (j job) message() tea.Msg {
	return tea.Exec(j, func(error) tea.Msg { return tea.ClearScreen() })()
}

// suspend is a filter of a program: it turns a request to suspend into a job. Bubble Tea's
// own way sends SIGTSTP and waits for SIGCONT. That lasts for ever in an orphaned process
// group, which the kernel does not stop.
func suspend(_ tea.Model, msg tea.Msg) tea.Msg {
	switch {
	case !isSuspend(msg):
		return msg
	case !hasShell(os.Getpid()):
		return tui.Notice("no shell would continue it: Ctrl-Z does nothing here")
	default:
		return job{stop: true}.message()
	}
}

func isSuspend(msg tea.Msg) bool {
	_, ok := msg.(tea.SuspendMsg)
	return ok
}

// hasShell reports whether the process group of pid has a parent in its session, which
// would continue it: it is not orphaned.
func hasShell(pid int) bool {
	group, _ := unix.Getpgid(pid)
	session, _ := unix.Getsid(pid)
	for parent := parentOf(pid); parent > 0; parent = parentOf(parent) {
		if s, err := unix.Getsid(parent); err != nil || s != session {
			return false
		}
		if g, err := unix.Getpgid(parent); err != nil || g != group {
			return err == nil
		}
	}
	return false
}

// parentOf returns the parent of a process, 0 if there is none or it is unknown.
func parentOf(pid int) int {
	st, _ := procfs.FS{}.Stat(pid)
	return st.PPID
}

// followJobs stops the program on SIGTSTP, if a shell would continue it. On SIGCONT the
// program takes the terminal again and redraws it: after SIGSTOP, the shell has changed the
// terminal without notice. The caller calls end when the program has ended.
func followJobs(p *tea.Program) (end func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, unix.SIGTSTP, unix.SIGCONT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case sig := <-ch:
				if sig == unix.SIGCONT || hasShell(os.Getpid()) {
					p.Send(job{stop: sig == unix.SIGTSTP}.message())
				}
			}
		}
	}()
	return func() {
		signal.Stop(ch)
		close(done)
	}
}
