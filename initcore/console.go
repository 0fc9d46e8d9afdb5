package initcore

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// console is the controlling terminal, if a standard descriptor refers to it. No
// failure here is fatal: a program runs without job control, too.
type console struct {
	fd      int // -1: none
	isFirst bool
	fs      procfs.FS
	send    func(pid int, sig unix.Signal) error // as kill(2)
	// ours is set while the foreground process group is, as far as we know, our own or
	// that of the program to which we gave the terminal. Otherwise it is another
	// process group, such as the shell's.
	ours bool
}

func openConsole(isFirst, session bool, fs procfs.FS) *console {
	c := &console{fd: -1, isFirst: isFirst, fs: fs}
	for fd := range 3 {
		if _, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err != nil {
			continue // not a terminal, or not the controlling one
		}
		if c.fd = fd; c.foreground() {
			c.ours = true
			break
		}
		if !ofOurSession(fd) {
			c.fd = -1 // the master side of another session's terminal
		}
	}
	if session && !c.ours && isTerminal(0) {
		c.fd, c.ours = 0, true // the new session may acquire it
	}
	return c
}

// foreground reports whether our process group is the foreground one.
func (c *console) foreground() bool {
	group, err := unix.IoctlGetInt(c.fd, unix.TIOCGPGRP)
	// Group 0 stands for a process group outside our PID namespace.
	return err == nil && (group == unix.Getpgrp() || group == 0 && c.isFirst)
}

// ofOurSession reports whether fd is the controlling terminal of our session.
func ofOurSession(fd int) bool {
	theirs, err := unix.IoctlGetInt(fd, unix.TIOCGSID)
	if err != nil {
		return false
	}
	own, err := unix.Getsid(0)
	return err == nil && own == theirs
}

// forProgram returns the terminal that a program is to use, or -1 for none.
func (c *console) forProgram() int {
	if c.fd < 0 || !c.ours && !c.foreground() {
		return -1
	}
	c.ours = true
	return c.fd
}

// release gives up our controlling terminal, so that a program in a session of its own
// can acquire it. Only a session leader can do so. The SIGHUP and SIGCONT that follow
// have our own pid as their sender, so they are not forwarded.
func (c *console) release() {
	if session, err := unix.Getsid(0); err == nil && session == unix.Getpid() && c.fd >= 0 {
		_ = unix.IoctlSetInt(c.fd, unix.TIOCNOTTY, 0)
	}
}

// sendsKeys reports whether the terminal will send the signals of its keys to the program
// rather than to us. With session the program needs it as the terminal of its own
// session, which only a session leader can give up.
func (c *console) sendsKeys(session bool) bool {
	if c.forProgram() < 0 {
		return false
	}
	if !session || !ofOurSession(c.fd) {
		return true
	}
	leader, err := unix.Getsid(0)
	return err == nil && leader == unix.Getpid()
}

// takeTerminal implements terminal.
func (c *console) takeTerminal() {
	if c.fd >= 0 && c.ours {
		setForeground(c.fd, unix.Getpgrp())
	}
}

// setForeground makes group the foreground process group of the terminal. A background
// process must block SIGTTOU for that: if SIGTTOU were caught, the call would restart
// for ever, see tcsetpgrp(3).
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
	c.takeTerminal()
	c.ours = false
	// Not SIGTSTP, which we catch. The whole group, because it is one job to the shell.
	_ = unix.Kill(0, unix.SIGSTOP)
}

// present implements terminal.
func (c *console) present() bool { return c.fd >= 0 }

// stopInit implements terminal. The kernel drops a SIGSTOP that PID 1 sends to itself.
func (c *console) stopInit() { _ = unix.Kill(unix.Getpid(), unix.SIGSTOP) }

// usedBy implements terminal.
func (c *console) usedBy(pid int) bool {
	if c.fd < 0 {
		return false
	}
	group, err := unix.IoctlGetInt(c.fd, unix.TIOCGPGRP)
	return err == nil && group == pid
}

// giveTerminal implements terminal.
func (c *console) giveTerminal(pid int) bool {
	if c.fd < 0 {
		return false
	}
	group, err := unix.IoctlGetInt(c.fd, unix.TIOCGPGRP)
	if err != nil {
		return false
	}
	c.ours = group == pid || group == unix.Getpgrp()
	if !c.ours && (!c.isEmpty(group) || c.underShell()) {
		return false
	}
	setForeground(c.fd, pid)
	if group, err = unix.IoctlGetInt(c.fd, unix.TIOCGPGRP); err != nil || group != pid {
		return false // the terminal would stop the program again at once, and so on for ever
	}
	_ = c.send(-pid, unix.SIGCONT) // the terminal had stopped the whole group
	return true
}

// isEmpty reports whether a process group of our PID namespace has no members any more.
func (c *console) isEmpty(group int) bool {
	return group > 1 && errors.Is(c.send(-group, 0), unix.ESRCH)
}

// resume implements terminal.
func (c *console) resume(pid int) {
	if c.fd >= 0 && !c.isFirst && !c.giveTerminal(pid) {
		_ = c.send(-pid, unix.SIGCONT)
	}
}

// underShell implements terminal. The shell is in our session, but in another process
// group, and our group descends from it. Other processes may lie between, such as the
// shell of a script. Our process group is not orphaned then, see setpgid(2).
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

// keysPastRewrite says which rules of --rewrite do not apply to what a terminal sends; ""
// if there are none. A terminal sends these signals to the foreground process group,
// which is that of a lone program, and the init does not get them.
func (c *Config) keysPastRewrite(terminal bool) string {
	if !terminal || len(c.Programs) != 1 {
		return ""
	}
	var names []string
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP, unix.SIGWINCH} {
		if c.Rewrite[sig] != 0 && (sig != unix.SIGTSTP || !c.Session) { // see stopSession
			names = append(names, shortName(sig))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "--rewrite applies to " + strings.Join(names, ", ") + " only if a process sends it: the terminal sends it to " +
		c.Programs[0].Name + " directly; run yinit without a terminal to rewrite it"
}
