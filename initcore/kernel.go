package initcore

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/zombie"
)

// kernel implements the interfaces of the machine by system calls. Only the loop's
// thread uses it.
type kernel struct {
	cfg     *Config
	inherit early.Inherited
	fs      procfs.FS
	pid     int
	isFirst bool  // PID 1 of the namespace
	machine *bool // we are the init of a machine; nil: not asked yet
	noProc  bool  // there is no /proc of our PID namespace
	cwd     int   // directory where yinit was started; -1: it is still the working directory
	null    int   // /dev/null; -1: not open
	console *console
	oomAdj  string         // what oomScore returns, once it has been asked
	oomRead bool           // it has been asked
	starts  map[int]launch // by pid, until the process has ended
	workDir string         // path of the directory where yinit was started; "": unknown
	helper  *helper
	report  reportFile
	// examine is [examine], which may take up to examineLimit.
	examine      func(StartError, *Program, string) (StartError, string)
	examineLimit time.Duration
	oom          oomWatch
	pids         pidsWatch
	mounts       []procfs.MountLine // at the start: to read them again would delay the end of a short program
	container    cgroup.Container
	scanner      *procfs.Scanner
	zombies      history.Budget // how many orphans readZombie reads
	dead         deadChildren
	exact        history.Budget // how many orphans are read from /proc although dead knows them
	relays       *relays
	found        []procfs.Stat   // children that search found
	answer       chan stopAnswer // of the last check
	forbidden    features        // what the seccomp filter does not allow, see tryCalls
	trial        trial
}

// A launch keeps what is needed to explain a failed start until the process has ended.
type launch struct {
	report *startReport
	paths  []string // paths that the child tries to execute
}

func newKernel(cfg *Config, inherit early.Inherited) *kernel {
	k := &kernel{
		cfg: cfg, inherit: inherit, pid: os.Getpid(), cwd: -1, null: -1,
		starts: map[int]launch{}, zombies: history.NewBudget(zombieBurst, zombiesPerSecond), exact: history.NewBudget(exactBurst, exactPerSecond), relays: newRelays(), helper: &helper{}, examine: examine, examineLimit: examineLimit,
	}
	k.workDir, _ = unix.Getwd() // "" if it was removed
	k.isFirst = k.pid == 1
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(k.pid) {
		// There is no /proc, or it shows the pids of another PID namespace.
		k.fs, k.noProc = procfs.New("/proc/no-proc-of-this-pid-namespace"), true
	}
	k.mounts, _ = k.fs.Mounts() // nil on error: no control group is found then, and accounting stays off
	k.scanner, k.container, k.oom.mounts = procfs.NewScanner(k.fs), cgroup.OfContainer(k.mounts), k.mounts
	k.console = openConsole(k.isFirst, cfg.Session, k.fs)
	k.console.send = k.send
	return k
}

// start implements processes.
func (k *kernel) start(p *program) (int, error) {
	env := withUser(merge(k.cfg.Env, p.Env), p.User)
	a := attributes{
		mask: k.inherit.Mask, ignored: k.inherit.Ignored, limits: k.inherit.Limits,
		closed: k.inherit.Closed,
		stdio:  [3]int{-1, -1, -1}, cwd: k.cwd, tty: -1, session: k.cfg.Session,
		dir: p.Dir, user: p.User, same: p.User.same(), oom: k.oomScore(), initPID: k.pid,
	}
	if len(k.cfg.Programs) == 1 {
		a.tty, a.takeTTY = k.console.forProgram(), k.cfg.Session && k.console.fd >= 0
	} else if k.null = k.openNull(); k.null >= 0 {
		a.stdio[0] = k.null
	}
	if p.Prefix {
		for fd := 1; fd <= 2; fd++ {
			end, err := k.relays.pipe(p.Name, fd)
			if err != nil {
				return 0, err
			}
			defer unix.Close(end)
			a.stdio[fd] = end
		}
	}
	img := newImage(p.Args, env, a)
	pid, report, err := img.spawn()
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM) {
		err = fmt.Errorf("%w: %s", err, whyNoProcess(err, zombie.Held(k.fs)))
	}
	if err != nil {
		return 0, err
	}
	if !a.session {
		// Both sides call setpgid(2), so that the group exists whichever runs first. It
		// fails here once the child has called execve(2), which is after its own call.
		_ = unix.Setpgid(pid, pid)
	}
	k.starts[pid] = launch{report: report, paths: candidates(p.Args[0], env)}
	return pid, nil
}

func (k *kernel) openNull() int {
	if k.null >= 0 {
		return k.null
	}
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1 // the programs share our standard input instead
	}
	return fd
}

// group implements processes.
func (k *kernel) group(pid int) int {
	group, err := unix.Getpgid(pid)
	if err != nil {
		return pid // it is gone, or a security module refused the call
	}
	return group
}

// Codes of waitid(2) for SIGCHLD, see sigaction(2).
const (
	cldDumped    = 3
	cldStopped   = 5
	cldContinued = 6
	cldExited    = 1
)

// childInfo is siginfo_t as waitid(2) fills it on 64-bit machines.
type childInfo struct {
	signo, errno, code, _ int32
	pid                   int32
	uid                   uint32
	status                int32
	_                     [100]byte
}

// reap implements processes. It reads /proc before it reaps a child, because its entry
// disappears then.
func (k *kernel) reap(d *death) error {
	if k.reapInBurst(d) {
		return nil
	}
	var info childInfo
	for again := true; again; again = k.reapTrial(info) {
		if err := k.find(&info); err != nil {
			return err
		}
	}
	*d = death{PID: int(info.pid), UID: info.uid, Stat: d.Stat}
	if d.PID == 0 {
		return nil
	}
	if info.code == cldStopped || info.code == cldContinued {
		return k.takeStop(d)
	}
	d.Status = waitStatus(info)
	k.identify(d)
	k.readZombie(d)
	var usage unix.Rusage
	if err := waitid(unix.P_PID, d.PID, &info, unix.WEXITED|unix.WNOHANG, &usage); err != nil {
		return err
	}
	d.ownUsage(&usage)
	if l, ok := k.starts[d.PID]; ok {
		delete(k.starts, d.PID)
		d.Carried = k.ownPeak()
		d.paths = l.paths
		d.Failure = failure(l)
	}
	return nil
}

// takeStop receives the report that a child was stopped or continued. Since find has
// seen one, the child may have been continued, stopped or killed: the kernel keeps the
// last report alone, and the one that is received here is not repeated.
func (k *kernel) takeStop(d *death) error {
	var info childInfo
	err := waitid(unix.P_PID, d.PID, &info, unix.WSTOPPED|unix.WCONTINUED|unix.WNOHANG, nil)
	if err == nil && info.pid == 0 {
		return k.reap(d)
	}
	d.Stopped = unix.Signal(info.status)
	return err
}

// find fills info with a child that ended, stopped or continued.
func (k *kernel) find(info *childInfo) error {
	if k.findNextDead(info) {
		return nil
	}
	return waitid(unix.P_ALL, 0, info, unix.WEXITED|unix.WSTOPPED|unix.WCONTINUED|unix.WNOHANG|unix.WNOWAIT, nil)
}

// ownPeak returns the peak resident set size of the init; 0: unknown.
func (k *kernel) ownPeak() procfs.Bytes {
	status, err := k.fs.Status(k.pid)
	if err != nil {
		return 0
	}
	return status.Peak
}

// identify reads the stat file of the dead process, if there is a /proc.
func (k *kernel) identify(d *death) {
	if k.noProc || k.scanner.Stat(d.PID, &d.Stat) != nil {
		d.Stat = procfs.Stat{}
		return
	}
	d.Runtime = procfs.Age(procfs.SinceBoot(), d.Stat.Start)
}

// waitid is waitid(2) with WNOHANG. It cannot block, so the raw system call need not
// notify the Go scheduler, and EINTR cannot occur.
func waitid(kind, id int, info *childInfo, options int, usage *unix.Rusage) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, uintptr(kind), uintptr(id),
		uintptr(unsafe.Pointer(info)), uintptr(options), uintptr(unsafe.Pointer(usage)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// mayReap returns the error with which waitid(2) is refused, as by a seccomp filter: an
// init that cannot wait would neither reap nor end.
func mayReap() error {
	var info childInfo
	err := waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if errors.Is(err, unix.ECHILD) {
		return nil
	}
	return err
}

func waitStatus(info childInfo) procfs.WaitStatus {
	switch info.code {
	case cldExited:
		return procfs.WaitStatus(info.status&0xff) << 8
	case cldDumped:
		return procfs.WaitStatus(info.status&0x7f | 0x80)
	default:
		return procfs.WaitStatus(info.status & 0x7f)
	}
}

// name implements facts.
func (k *kernel) name(pid int) string {
	comm, err := k.fs.Comm(pid)
	if err != nil {
		return ""
	}
	return comm
}

// examineLimit is how long the loop waits for the reason why a program could not be run.
const examineLimit = time.Second

// explain implements facts.
func (k *kernel) explain(e *StartError, p *Program) string {
	dir := k.dirOf(p)
	if e.step != stepExec {
		return explain(e, p, dir) // this reads no file
	}
	var (
		found StartError
		text  string
	)
	if !k.helper.call(k.examineLimit, func() { found, text = k.examine(*e, p, dir) }) {
		return fmt.Sprintf("cannot run %s: %v; its file system does not respond, so no further details are known", p.Args[0], e.Err)
	}
	*e = found
	return text
}

// dirOf returns the directory in which a program is started.
func (k *kernel) dirOf(p *Program) string { return within(k.workDir, p.Dir) }

// outOfMemory implements facts.
func (k *kernel) outOfMemory(status procfs.WaitStatus, now time.Time, watched bool) string {
	return k.oom.victim(status, now, watched)
}

// outOfMemoryUnseen implements facts.
func (k *kernel) outOfMemoryUnseen(now time.Time) unseenKills { return k.oom.unseenVictims(now) }

// closeInherited closes the inherited descriptors, which are meant for the programs,
// after all programs have been started. The helper calls it, because close(2) may
// block. It spares close-on-exec descriptors: those are the init's own.
func (k *kernel) closeInherited() {
	fds, err := k.fs.FDs(k.pid)
	if err != nil {
		fds = fds[:0]
		for fd := 3; fd < 1024; fd++ {
			fds = append(fds, fd)
		}
	}
	for _, fd := range fds {
		if fd < 3 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// keepDirectory opens the directory where yinit was started, for programs that are
// started later, and changes to /.
func (k *kernel) keepDirectory() {
	if fd, err := unix.Open(".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
		k.cwd = fd
	}
	_ = unix.Chdir("/")
}
