package initcore

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// defaultPath is searched if the environment has no PATH, as in execvp(3).
const defaultPath = "/usr/local/bin:/bin:/usr/bin"

// A step is a step of a child between fork and exec that may fail.
type step uint32

const (
	stepExec step = iota + 1
	stepDir
	stepUser
	stepStdio
	stepSession
)

// StartError says why a child could not execute its program.
type StartError struct {
	Path  string     // the file to which Err applies, if execve(2) failed
	Err   unix.Errno // the error of the system call that failed
	step  step       // the step that failed
	tried []string   // the paths that the child was to try, in order
	// found is set by findAmong: the file exists, so what execve(2) did not find is its
	// interpreter or its loader.
	found bool
}

// Error returns the message of the errno; [examine] finds a better explanation.
func (e *StartError) Error() string {
	switch e.step {
	case stepDir:
		return "cannot change to its working directory: " + e.Err.Error()
	case stepUser:
		return "cannot become its user: " + e.Err.Error()
	case stepStdio:
		return "cannot set up its standard input and output: " + e.Err.Error()
	case stepSession:
		return "cannot start a session: " + e.Err.Error()
	default:
		return e.Path + ": " + e.Err.Error()
	}
}

// Unwrap returns the errno.
func (e *StartError) Unwrap() error { return e.Err }

// Exit statuses of shells and inits for a program that did not start.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// Code returns the exit status that shells and inits use for the error: 127 if the
// program does not exist, 126 if it exists but cannot be run. It returns 125 if the child
// failed before execve(2).
func (e *StartError) Code() int {
	if e.step != stepExec {
		return 125
	}
	if !e.found && missing(e.Err) {
		return exitNotFound
	}
	return exitNotExecutable
}

// attributes are the properties of the child other than its command.
type attributes struct {
	mask    uint64        // signal mask, as yinit inherited it
	ignored uint64        // ignored signals, as yinit inherited them
	limits  []early.Limit // the limits that yinit has changed, as it inherited them
	closed  [3]bool       // standard descriptors to close
	stdio   [3]int        // standard descriptors; -1: the init's own
	cwd     int           // directory to start from; -1: the init's
	tty     int           // terminal whose foreground process group the child becomes; -1: none
	session bool          // create a session instead of a process group
	takeTTY bool          // make the terminal the controlling one of the session
	dir     string        // working directory; "": cwd
	user    *Credential   // nil: the init's own user
	same    bool          // user is the init's own, so no right to change is needed
	oom     string        // its oom_score_adj, as text; "": that of the init
	initPID int
}

// image describes a process to create, laid out so that the child allocates nothing.
type image struct {
	attributes
	keep       [][]byte  // the strings that the addresses below point into
	candidates []uintptr // paths to try in order
	argv, envp []uintptr
	shell      []uintptr // argv to run a script without #! by the shell; the child fills in its path
	sh         uintptr   // "/bin/sh"
	oomFile    uintptr   // the file for oom, if that is not ""
	oomText    uintptr
	dirPath    uintptr
	groups     []uint32
	listen     *byte // first digit of the value of LISTEN_PID; nil: not set
	report     *startReport
}

// newImage prepares the program for fork.
func newImage(args, env []string, a attributes) *image {
	img := &image{attributes: a}
	for _, path := range candidates(args[0], env) {
		img.candidates = append(img.candidates, img.cString(path))
	}
	img.argv = img.cStrings(args)
	img.envp = img.environment(env)
	img.sh = img.cString("/bin/sh")
	img.shell = append([]uintptr{img.sh, 0}, img.argv[1:]...)
	if a.dir != "" {
		img.dirPath = img.cString(a.dir)
	}
	if a.oom != "" {
		img.oomFile, img.oomText = img.cString(oomScoreAdj), img.cString(a.oom)
	}
	if a.user != nil {
		img.groups = append([]uint32{}, a.user.Groups...)
	}
	return img
}

func (img *image) cString(s string) uintptr {
	b := append([]byte(s), 0)
	img.keep = append(img.keep, b)
	return uintptr(unsafe.Pointer(&b[0]))
}

func (img *image) cStrings(list []string) []uintptr {
	out := make([]uintptr, 0, len(list)+1)
	for _, s := range list {
		out = append(out, img.cString(s))
	}
	return append(out, 0)
}

// environment lays out env. It reserves room for the value of LISTEN_PID, which the
// child fills in with its pid, see sd_listen_fds(3).
func (img *image) environment(env []string) []uintptr {
	const name, room = "LISTEN_PID=", 11
	list := img.cStrings(env)
	for i, s := range env {
		if img.listen == nil && strings.HasPrefix(s, name) && s[len(name):] == strconv.Itoa(img.initPID) {
			b := make([]byte, len(name)+room)
			copy(b, name)
			img.keep = append(img.keep, b)
			list[i] = uintptr(unsafe.Pointer(&b[0]))
			img.listen = &b[len(name)]
		}
	}
	return list
}

// candidates returns the paths that execvp(3) would try.
func candidates(file string, env []string) []string {
	if strings.Contains(file, "/") {
		return []string{file}
	}
	path := defaultPath
	for _, s := range env {
		if v, ok := strings.CutPrefix(s, "PATH="); ok {
			path = v
			break // of several, getenv(3) returns the first
		}
	}
	var list []string
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			list = append(list, file) // the current directory
			continue
		}
		list = append(list, dir+"/"+file)
	}
	return list
}

// withUser returns env with HOME set to the home directory of the user, if there is one.
func withUser(env []string, user *Credential) []string {
	if user == nil || user.Home == "" {
		return env
	}
	out := make([]string, 0, len(env)+1)
	for _, s := range env {
		if !strings.HasPrefix(s, "HOME=") {
			out = append(out, s)
		}
	}
	return append(out, "HOME="+user.Home)
}

// merge returns env with the assignments of extra, which override those of env.
func merge(env, extra []string) []string {
	if len(extra) == 0 {
		return env
	}
	out := make([]string, 0, len(env)+len(extra))
	for _, s := range env {
		name, _, _ := strings.Cut(s, "=")
		if !assigns(extra, name) {
			out = append(out, s)
		}
	}
	return append(out, extra...)
}

func assigns(env []string, name string) bool {
	for _, s := range env {
		if strings.HasPrefix(s, name) && len(s) > len(name) && s[len(name)] == '=' {
			return true
		}
	}
	return false
}

// forkTries is how often spawn tries again if a limit permits no further process, as the
// Go runtime does for its threads: those that package early has tried may be ending.
const forkTries = 8

// A startReport is memory that the init shares with a child until the child executes the
// program. If that fails, the child writes the reason. Unlike a pipe, no other process can
// open it and write a reason of its own.
type startReport struct {
	step  step // 0: the child executed the program
	errno unix.Errno
	path  uintptr // index of the path that the child tried to execute
}

const reportSize = unsafe.Sizeof(startReport{})

// newStartReport maps an empty report. The caller has to release it.
func newStartReport() (*startReport, error) {
	at, err := unix.MmapPtr(-1, 0, nil, reportSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return (*startReport)(at), nil
}

func (r *startReport) release() {
	_ = unix.MunmapPtr(unsafe.Pointer(r), reportSize) // it is mapped
}

// spawn forks the image. After the child has ended, the report holds the failure that
// the child wrote, or nothing if the child executed the program.
func (img *image) spawn() (pid int, report *startReport, err error) {
	if img.report, err = newStartReport(); err != nil {
		return 0, nil, err
	}
	pid, errno := fork(img)
	for try := 1; errno == unix.EAGAIN && try <= forkTries; try++ {
		nap(time.Duration(try) * time.Millisecond)
		pid, errno = fork(img)
	}
	if errno != 0 {
		img.report.release()
		return 0, nil, os.NewSyscallError("fork", errno)
	}
	return pid, img.report, nil
}

// missing reports whether the error says that there is no such file.
func missing(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
}

// failure returns the failure that a child of spawn wrote, and releases its report. It
// returns nil if the child executed the program.
func failure(l launch) *StartError {
	defer l.report.release()
	if l.report.step == 0 {
		return nil
	}
	e := &StartError{step: l.report.step, Err: l.report.errno, tried: l.paths}
	if i := l.report.path; i < uintptr(len(l.paths)) {
		e.Path = l.paths[i]
	}
	return e
}

// findAmong distinguishes a missing file from a file whose interpreter or loader is
// missing, for which the kernel returns the same errno. Relative paths begin in dir.
func (e *StartError) findAmong(dir string) {
	if e.step != stepExec || !missing(e.Err) {
		return
	}
	for _, path := range e.tried {
		if exists(within(dir, path)) {
			e.Path, e.found = path, true
			return
		}
	}
}

// within returns path as a process whose working directory is dir resolves it.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
