package initcore

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// AtEnd says what PID 1 does after it has stopped everything.
type AtEnd uint8

// The values of --at-end.
const (
	EndDefault  AtEnd = iota // power off as the init of a machine, else exit
	EndPowerOff              // power the machine off
	EndReboot                // restart the machine
	EndHalt                  // halt the machine, and leave its power on
	EndExit                  // exit; the kernel of a machine panics if its init exits
)

// atEnds has the word of each value, its command of reboot(2), and what it does in words.
var atEnds = [...]struct {
	word   string
	cmd    int
	action string
}{
	EndPowerOff: {"poweroff", unix.LINUX_REBOOT_CMD_POWER_OFF, "power off"},
	EndReboot:   {"reboot", unix.LINUX_REBOOT_CMD_RESTART, "restart"},
	EndHalt:     {"halt", unix.LINUX_REBOOT_CMD_HALT, "halt"},
	EndExit:     {word: "exit"},
}

// ParseAtEnd parses a value of --at-end.
func ParseAtEnd(s string) (AtEnd, error) {
	for i := range atEnds {
		if s != "" && atEnds[i].word == s {
			return AtEnd(i), nil
		}
	}
	return EndDefault, fmt.Errorf("%q is not one of poweroff, reboot, halt, exit", s)
}

// EndsMachine reports whether the value asks for reboot(2).
func (a AtEnd) EndsMachine() bool { return a != EndDefault && a != EndExit }

// End ends the machine with reboot(2), if a asks for that and the process is PID 1, and does
// not return then. Otherwise it returns the status, with which the process is to exit. In a
// PID namespace that is not the initial one, reboot(2) ends that namespace only.
func End(a AtEnd, status int, log Logging) int {
	return newEnding().end(a, status, log)
}

// ending holds the system calls at the end of a machine.
type ending struct {
	first        bool        // we are PID 1
	capable      func() bool // we may call reboot(2), as far as the capabilities say
	proc         string      // where procfs is mounted
	kernelThread func() bool
	sync         func()
	reboot       func(cmd int) error
	syncLimit    time.Duration
}

func newEnding() *ending {
	return &ending{
		first: os.Getpid() == 1, capable: mayReboot, proc: "/proc", kernelThread: kthreadd,
		sync: unix.Sync, reboot: unix.Reboot, syncLimit: syncLimit,
	}
}

// mayReboot reports whether this process has CAP_SYS_BOOT; also true if that is unknown.
func mayReboot() bool {
	status, err := procfs.FS{}.Status(os.Getpid())
	return err != nil || status.CapEff&(1<<unix.CAP_SYS_BOOT) != 0
}

// syncLimit is how long the end of a machine waits for its disks. A network file system
// whose server is down must not prevent it.
const syncLimit = 30 * time.Second

func (e *ending) end(a AtEnd, status int, log Logging) int {
	if !e.first || a == EndExit {
		return status
	}
	machine := e.ofMachine()
	switch {
	case a == EndDefault && !machine:
		return status
	case a == EndDefault:
		a = EndPowerOff
	}
	does := atEnds[a]
	if !machine && !e.capable() {
		tell(log, machine, fmt.Sprintf("exit status %d: cannot %s: that needs CAP_SYS_BOOT; exiting", status, does.action))
		return status
	}
	text := fmt.Sprintf("exit status %d: the machine will %s", status, does.action)
	if !machine {
		text = fmt.Sprintf("exit status %d, which is lost: the container will %s, and end as if by %s", status, does.action, a.signal())
	}
	tell(log, machine, text)
	if machine {
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.sync()
		}()
		if !waitFor(done, e.syncLimit) {
			tell(log, machine, "not all file systems were written to their disks within "+e.syncLimit.String())
		}
	}
	err := e.reboot(does.cmd)
	tell(log, machine, fmt.Sprintf("cannot %s: %v; exiting", does.action, err))
	return status
}

// signal names the signal by which PID 1 of a container seems to have ended after
// reboot(2), see its section "Behavior inside PID namespaces".
func (a AtEnd) signal() string {
	if a == EndReboot {
		return "SIGHUP"
	}
	return "SIGINT"
}

// initialPIDNamespace is the link /proc/[pid]/ns/pid of the processes in the initial PID
// namespace. The kernel gives it a fixed inode number, PROC_PID_INIT_INO.
const initialPIDNamespace = "pid:[4026531836]"

// ofMachine reports whether we are the init of a machine: PID 1 of the initial PID
// namespace. Without a /proc, or with a kernel that has no PID namespaces, kthreadd is pid
// 2, and reboot(2) permits what it refuses in any other namespace: to let the kernel send
// SIGINT at Ctrl-Alt-Del.
func (e *ending) ofMachine() bool {
	if !e.first {
		return false
	}
	if link, err := os.Readlink(e.proc + "/self/ns/pid"); err == nil {
		return link == initialPIDNamespace
	}
	return e.kernelThread() && e.reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) == nil
}

// kthreadd reports whether pid 2 has no session and no process group, as kthreadd.
func kthreadd() bool {
	session, err1 := unix.Getsid(2)
	group, err2 := unix.Getpgid(2)
	return err1 == nil && err2 == nil && session == 0 && group == 0
}

// tell writes a line to stderr, also with --quiet, and to the console of a machine if
// stderr is not a terminal.
func tell(log Logging, machine bool, text string) {
	log.Level = slog.LevelInfo
	logger, flush := newLogger(log)
	logger.Info(text)
	flush()
	if machine && !isTerminal(2) {
		for _, path := range []string{"/dev/console", "/dev/kmsg"} {
			fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
			if err != nil {
				continue
			}
			_, err = unix.Write(fd, []byte("yinit: "+text+"\n"))
			_ = unix.Close(fd)
			if err == nil {
				return
			}
		}
	}
}
