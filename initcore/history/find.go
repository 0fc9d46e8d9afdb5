package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"yinit/procfs"
	"yinit/procfs/asuser"
	"yinit/procfs/verdict"
)

// Reaps reports whether the process pid is expected to reap orphans if it is PID 1:
// it is yinit, or has the name of an init, see [KnownInit].
func Reaps(proc procfs.FS, pid int) bool {
	comm, err := proc.Comm(pid)
	return err == nil && KnownInit(comm) || IsYinit(proc, pid) == verdict.Yes
}

// The signals that yinit catches as an init.
//
// caughtByYinit is the set if yinit installed its own handlers: every signal that
// can be caught. That includes 32 and 33, for which sigaction(3) of the C libraries
// refuses a handler; the Go runtime installs none for 32. So few other programs
// catch all of them.
//
// caughtByAny is the set if the handlers are those of package os/signal. It lacks
// the signals that C libraries reserve, and any Go program may catch the same.
var (
	caughtByYinit = ^procfs.NewSignalSet(9, 19) // SIGKILL, SIGSTOP
	caughtByAny   = caughtByYinit.Without(procfs.NewSignalSet(32, 33, 34))
)

// IsYinit reports whether the process pid is yinit running as an init. If this user
// has permission to inspect the process, its ring proves that, or its executable,
// which is the same file as ours. Otherwise only the signals that it catches and its
// comm are visible: together they prove that it is not yinit, or leave little doubt
// that it is. If they do neither, the answer is [verdict.Unknown].
func IsYinit(proc procfs.FS, pid int) verdict.Answer {
	r, err := Open(proc, pid)
	if err == nil {
		_ = r.Close() // It was only read.
	}
	if err == nil || errors.Is(err, ErrForeign) { // by a yinit of another version
		return verdict.Yes
	}
	return seemsYinit(proc, pid)
}

// seemsYinit is [IsYinit] without searching for the ring.
func seemsYinit(proc procfs.FS, pid int) verdict.Answer {
	status, err := proc.Status(pid)
	switch {
	case err != nil, !status.Sigs.Known:
		return verdict.Unknown
	case !caughtByAny.Without(status.Sigs.Caught).Empty():
		return verdict.No
	case sameExecutable(proc, pid):
		return verdict.Yes
	case caughtByYinit.Without(status.Sigs.Caught).Empty() && takesPlaceOf(status.Name):
		return verdict.Yes
	default:
		return verdict.Unknown
	}
}

// sameExecutable reports whether the process executes the same file as we do,
// whatever its name or mount. It is false without permission to inspect the
// process, see ptrace(2), PTRACE_MODE_READ_FSCREDS.
func sameExecutable(proc procfs.FS, pid int) bool {
	ours, err := os.Stat("/proc/self/exe")
	if err != nil {
		return false
	}
	theirs, err := os.Stat(proc.Path(pid, "exe"))
	return err == nil && os.SameFile(ours, theirs)
}

// RelayOf returns what the process pid forwards if it is yinit. It reads that from
// the history; if this user may not read it, RelayOf assumes yinit's defaults. It
// returns nil if pid is not yinit or if that cannot be determined.
func RelayOf(proc procfs.FS, pid int) verdict.Relay {
	r, err := Open(proc, pid)
	if err == nil {
		defer r.Close()
		if h, err := r.Header(); err == nil {
			return &h.Relay
		}
	}
	if errors.Is(err, ErrForeign) {
		return PlainRelay()
	}
	if pid != 1 && !errors.Is(err, fs.ErrPermission) {
		return nil // such as yinit top, which catches as many signals and keeps no history
	}
	if seemsYinit(proc, pid) == verdict.Yes {
		return PlainRelay()
	}
	return nil
}

// InheritedBy returns the signals that were blocked and ignored when the process pid was
// started, if it is yinit and this user may read its history; otherwise empty sets.
func InheritedBy(proc procfs.FS, pid int) (blocked, ignored procfs.SignalSet) {
	r, err := Open(proc, pid)
	if err != nil {
		return 0, 0
	}
	defer r.Close()
	h, err := r.Header()
	if err != nil {
		return 0, 0
	}
	return h.Blocked, h.Ignored
}

// A NotFoundError reports why there is no history to read. It wraps the cause, such
// as [ErrNoRing] or [fs.ErrPermission].
type NotFoundError struct {
	Text   string // the reason, and what to do
	Denied bool   // a history exists, but this user may not read it
	err    error
}

// Error returns the text.
func (e *NotFoundError) Error() string { return e.Text }

// Unwrap returns why the ring could not be opened.
func (e *NotFoundError) Unwrap() error { return e.err }

// Find opens the history of an init. It tries the process asked first, then PID 1,
// then all other processes, since the containers of a pod may share a PID namespace.
// If PID 1 belongs to another container than this process, an init of this container
// comes before it. If asked is 0 or 1 Find begins with PID 1. The error is a
// [*NotFoundError].
func Find(proc procfs.FS, asked int) (*Source, error) {
	if asked > 1 {
		s, err := openSource(proc, asked)
		if err == nil {
			return s, nil
		}
		if errors.Is(err, fs.ErrPermission) && IsYinit(proc, asked) == verdict.Yes {
			text := fmt.Sprintf("the history of %d belongs to %s: %s", asked, owner(proc, asked), asuser.Advice(proc, asked, "that user"))
			return nil, &NotFoundError{Text: text, Denied: true, err: err}
		}
	}
	away := elsewhere(proc, 1)
	if away != "" && asked != 1 {
		if s := findOthers(proc, proc.SameContainer); s != nil {
			s.whose(proc, ", not of PID 1, which is in "+away)
			return s, nil
		}
	}
	s, first := openSource(proc, 1)
	if first == nil {
		if away != "" {
			s.whose(proc, " in "+away+"; no init of this container keeps one")
		}
		return s, nil
	}
	none := explain(proc, first)
	if none.Denied {
		return nil, none
	}
	if s := findOthers(proc, func(int) bool { return true }); s != nil {
		comm, _ := proc.Comm(1)
		s.whose(proc, ", not of PID 1 ("+comm+")")
		return s, nil
	}
	return nil, none
}

// elsewhere names the container of a process, "container 0123456789ab" or "another
// container". It returns "" if that is the container of this process, or may be.
func elsewhere(proc procfs.FS, pid int) string {
	key := proc.ContainerKey(pid)
	if same, known := key.Same(proc.OurKey()); same || !known {
		return ""
	}
	const short = 12 // digits, as docker ps shows
	if id := key.ID(); len(id) > short {
		return "container " + id[:short]
	}
	return "another container"
}

// whose sets the remark that says which init keeps the history.
func (s *Source) whose(proc procfs.FS, where string) {
	who := strconv.Itoa(s.Init.PID) + programOf(proc, s.Init.PID)
	if s.Theirs {
		who += " of " + owner(proc, s.Init.PID)
	}
	s.Remark = "this is the history of " + who + where
}

func openSource(proc procfs.FS, pid int) (*Source, error) {
	r, err := Open(proc, pid)
	if err != nil {
		return nil, err
	}
	id := identify(proc, pid)
	return &Source{Reader: r, Init: id, Theirs: theirs(proc, pid), alive: func() bool { return identify(proc, pid) == id }}, nil
}

// theirs reports whether a process other than PID 1 belongs to a user other than root and
// ours, or to an unknown one.
func theirs(proc procfs.FS, pid int) bool {
	s, err := proc.Status(pid)
	uid := s.UID[procfs.Effective]
	return pid != 1 && (err != nil || uid != 0 && uid != uint32(os.Geteuid()))
}

// identify returns the identity of a process. The start time is 0 if it is unknown.
func identify(proc procfs.FS, pid int) procfs.ID {
	if s, err := proc.Stat(pid); err == nil {
		return s.ID()
	}
	return procfs.ID{PID: pid}
}

// findOthers searches for inits other than PID 1 among the processes that fit. It opens
// the history of the first one and lists all of them in its Inits. Those of root and of
// this user come first; if there are any, the others do not count: any process may write
// a history of its own. It returns nil if there are none.
func findOthers(proc procfs.FS, fits func(pid int) bool) (found *Source) {
	scanner := procfs.NewScanner(proc)
	defer scanner.Close()
	pids, err := scanner.PIDs(nil)
	if err != nil {
		return nil
	}
	var all []string
	for _, pid := range pids {
		if pid == 1 || pid == os.Getpid() && !proc.FromAbove() || seemsYinit(proc, pid) == verdict.No || !fits(pid) {
			continue
		}
		s, err := openSource(proc, pid)
		if err != nil {
			continue
		}
		drop := s
		if found == nil || found.Theirs && !s.Theirs {
			found, drop, all = s, found, nil
		}
		if drop != nil {
			_ = drop.Close() // It was only read.
		}
		if found.Theirs == s.Theirs {
			all = append(all, strconv.Itoa(pid)+programOf(proc, pid))
		}
	}
	if found != nil {
		found.Inits = all
	}
	return found
}

// programOf returns the command line of an init in parentheses, with the base name of its
// executable: "(yinit -v -- nginx)".
func programOf(proc procfs.FS, pid int) string {
	words, err := proc.CmdlineInTime(pid)
	if err != nil || len(words) == 0 {
		return ""
	}
	words[0] = filepath.Base(words[0])
	return " (" + strings.Join(words, " ") + ")"
}

// explain reports why the history of PID 1 cannot be read, and what to do.
func explain(proc procfs.FS, err error) *NotFoundError {
	e := &NotFoundError{err: err}
	if _, err := proc.Uptime(); err != nil {
		e.Text = "cannot read " + proc.Root() + ", where the history is found: " + proc.WhatHelps(err).Error()
		return e
	}
	comm, hidden := proc.Comm(1)
	is, denied := IsYinit(proc, 1), errors.Is(err, fs.ErrPermission)
	switch {
	case hidden != nil: // Every PID namespace has a PID 1.
		e.Text = "PID 1 is hidden from this user (hidepid), so whether it keeps a history cannot be determined: run this as root or as the user of PID 1"
	case denied && is == verdict.Yes:
		e.Denied = true
		e.Text = "the history belongs to " + owner(proc, 1) + ": " + asuser.Advice(proc, 1, "that user")
	case denied && is == verdict.Unknown:
		e.Text = fmt.Sprintf("this user has no permission to see whether PID 1 (%s) is yinit: %s", comm, asuser.Advice(proc, 1, owner(proc, 1)))
	case is == verdict.Yes:
		e.Text = "PID 1 is yinit, but its history cannot be read: " + err.Error()
	case is == verdict.Unknown:
		e.Text = "no history is kept: PID 1 is " + comm
	case comm == "yinit":
		e.Text = "no history is kept: PID 1 is another program named yinit"
	default:
		e.Text = "no history is kept: PID 1 is " + comm + ", not yinit"
	}
	return e
}

// owner names the user of a process: "user 1000".
func owner(proc procfs.FS, pid int) string {
	s, err := proc.Status(pid)
	if err != nil {
		return "another user"
	}
	return fmt.Sprintf("user %d", s.UID[procfs.Real])
}
