package initcore

import (
	"golang.org/x/sys/unix"
)

// console is the controlling terminal, if one of the standard descriptors is it
// and we are in its foreground. Nothing here is fatal: without job control a
// program still runs.
type console struct {
	fd      int // -1: none
	isFirst bool
}

func openConsole(isFirst, session bool) console {
	c := console{fd: -1, isFirst: isFirst}
	for fd := range 3 {
		group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		if err != nil {
			continue // no terminal, or not ours
		}
		// In the background the terminal is somebody else's now. A group of 0 is
		// one outside of our PID namespace.
		if group == unix.Getpgrp() || group == 0 && isFirst {
			c.fd = fd
			break
		}
	}
	if session && c.fd < 0 && isTerminal(0) {
		c.fd = 0
	}
	return c
}

// hand is the terminal that a program is to take, -1 for none.
func (c console) hand() int { return c.fd }

// giveUp lets go of the terminal, so that a program in a session of its own can
// take it. Only a session leader holds one. The SIGHUP and SIGCONT that follow
// come from ourselves, and are passed on to nobody.
func (c console) giveUp() {
	if session, err := unix.Getsid(0); err == nil && session == unix.Getpid() && c.fd >= 0 {
		_ = unix.IoctlSetInt(c.fd, unix.TIOCNOTTY, 0)
	}
}

// takeBack implements terminal.
func (c console) takeBack() {
	if c.fd >= 0 {
		foreground(c.fd, unix.Getpgrp())
	}
}

// foreground makes a process group the one that the terminal's keys go to. From
// the background that takes a blocked SIGTTOU: caught as it is, it would restart
// the call for ever, see tcsetpgrp(3).
func foreground(fd, group int) {
	var ttou, before unix.Sigset_t
	ttou.Val[0] = 1 << (unix.SIGTTOU - 1)
	if unix.PthreadSigmask(unix.SIG_BLOCK, &ttou, &before) != nil {
		return
	}
	_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group) // the terminal may be gone
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
}

// suspend implements terminal.
func (c console) suspend() {
	if c.fd < 0 || c.isFirst || !underShell() {
		return
	}
	c.takeBack()
	// Not TSTP, which we catch. The whole group: to the shell it is one job.
	_ = unix.Kill(0, unix.SIGSTOP)
}

// resume implements terminal.
func (c console) resume(pid int) {
	if c.fd < 0 || c.isFirst {
		return
	}
	if group, err := unix.IoctlGetInt(c.fd, unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
		foreground(c.fd, pid)
	}
	_ = unix.Kill(-pid, unix.SIGCONT) // the terminal had stopped the whole group
}

// underShell reports whether our parent is in our session and in another process
// group, as a shell with job control is. Nobody else would continue us.
func underShell() bool {
	parent := unix.Getppid()
	if parent <= 0 {
		return false
	}
	session, err := unix.Getsid(parent)
	if err != nil {
		return false
	}
	own, err := unix.Getsid(0)
	if err != nil || own != session {
		return false
	}
	group, err := unix.Getpgid(parent)
	return err == nil && group != unix.Getpgrp()
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
