package initcore

import (
	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// console is the controlling terminal, if one of the standard descriptors is it.
// Nothing here is fatal: without job control a program still runs.
type console struct {
	fd      int // -1: none
	isFirst bool
	fs      procfs.FS
	// ours is that we are in its foreground, as far as we know, or the program that we
	// gave it to. Otherwise another process group is, such as the shell's.
	ours bool
}

func openConsole(isFirst, session bool, fs procfs.FS) *console {
	c := &console{fd: -1, isFirst: isFirst, fs: fs}
	for fd := range 3 {
		if _, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err != nil {
			continue // no terminal, or not ours
		}
		if c.fd = fd; c.foreground() {
			c.ours = true
			break
		}
		if !ofOurSession(fd) {
			c.fd = -1 // the other end of somebody's terminal
		}
	}
	if session && !c.ours && isTerminal(0) {
		c.fd, c.ours = 0, true // a new session may take it
	}
	return c
}

// foreground reports whether our process group is the foreground one.
func (c *console) foreground() bool {
	group, err := unix.IoctlGetInt(c.fd, unix.TIOCGPGRP)
	// A group of 0 is one outside of our PID namespace.
	return err == nil && (group == unix.Getpgrp() || group == 0 && c.isFirst)
}

// ofOurSession reports whether the terminal is the controlling one of our session.
func ofOurSession(fd int) bool {
	theirs, err := unix.IoctlGetInt(fd, unix.TIOCGSID)
	if err != nil {
		return false
	}
	own, err := unix.Getsid(0)
	return err == nil && own == theirs
}

// forProgram returns the terminal that a program is to take, -1 for none.
func (c *console) forProgram() int {
	if c.fd < 0 || !c.ours && !c.foreground() {
		return -1
	}
	c.ours = true
	return c.fd
}

// release gives the terminal up as our controlling one, so that a program in a session
// of its own can take it. Only a session leader can. The SIGHUP and SIGCONT that follow
// come from ourselves, and are not forwarded.
func (c *console) release() {
	if session, err := unix.Getsid(0); err == nil && session == unix.Getpid() && c.fd >= 0 {
		_ = unix.IoctlSetInt(c.fd, unix.TIOCNOTTY, 0)
	}
}

// takeTerminal implements terminal.
func (c *console) takeTerminal() {
	if c.fd >= 0 && c.ours {
		setForeground(c.fd, unix.Getpgrp())
	}
}

// setForeground makes a process group the one that the terminal's keys go to. From
// the background that takes a blocked SIGTTOU: caught as it is, it would restart
// the call for ever, see tcsetpgrp(3).
func setForeground(fd, group int) {
	var ttou, before unix.Sigset_t
	ttou.Val[0] = 1 << (unix.SIGTTOU - 1)
	if unix.PthreadSigmask(unix.SIG_BLOCK, &ttou, &before) != nil {
		return
	}
	_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group) // the terminal may be gone
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
}

// suspend implements terminal.
func (c *console) suspend() {
	if c.fd < 0 || c.isFirst || !c.underShell() {
		return
	}
	c.takeTerminal()
	c.ours = false
	// Not TSTP, which we catch. The whole group: to the shell it is one job.
	_ = unix.Kill(0, unix.SIGSTOP)
}

// giveTerminal implements terminal.
func (c *console) giveTerminal(pid int) bool {
	if c.fd < 0 || c.isFirst {
		return false
	}
	group, err := unix.IoctlGetInt(c.fd, unix.TIOCGPGRP)
	if err != nil {
		return false
	}
	c.ours = group == pid || group == unix.Getpgrp()
	if !c.ours {
		return false
	}
	setForeground(c.fd, pid)
	if group, err = unix.IoctlGetInt(c.fd, unix.TIOCGPGRP); err != nil || group != pid {
		return false // it would be stopped again at once, and for ever
	}
	_ = unix.Kill(-pid, unix.SIGCONT) // the terminal had stopped the whole group
	return true
}

// resume implements terminal.
func (c *console) resume(pid int) {
	if c.fd >= 0 && !c.isFirst && !c.giveTerminal(pid) {
		_ = unix.Kill(-pid, unix.SIGCONT)
	}
}

// underShell reports whether somebody would continue us: a shell with job control
// is in our session and in another process group, and our group descends from it.
// There may be others between, such as the shell of a script. To the kernel our
// group is no orphan then, see setpgid(2).
func (c *console) underShell() bool {
	session, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	own := unix.Getpgrp()
	for pid := unix.Getppid(); pid > 0; {
		if s, err := unix.Getsid(pid); err != nil || s != session {
			return false
		}
		if group, err := unix.Getpgid(pid); err != nil || group != own {
			return err == nil
		}
		parent, err := c.fs.Stat(pid)
		if err != nil {
			return false
		}
		pid = parent.PPID
	}
	return false
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
