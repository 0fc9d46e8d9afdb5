package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Space is a PID namespace below that of a proc filesystem, such as that of a container seen
// from its node. It knows which processes are in it, or below it, and which pids they have
// inside, from the line NSpid of proc_pid_status(5), Linux 4.1. An [FS] of a Space shows these
// processes only, with the pids that they have inside, as the proc filesystem of the container
// would. It reads no file of the container: whatever that has mounted on its /proc does not
// count. Its methods may be called by several goroutines at once.
type Space struct {
	base  FS
	link  string // of the namespace: "pid:[4026532201]"
	depth int    // number of namespaces from that of base down to this one
	via   int    // pid outside of the process through which it was found
	as    func(pid int, f func())

	mu     sync.Mutex
	known  map[int]*member // by the pid outside; nil: it is not in the namespace
	hosts  map[int]int     // pid outside by pid inside
	below  map[string]bool // links of other namespaces: whether they are below this one
	hidden map[int]bool    // pids outside of which it is not known: this user may not read their namespace
	listed time.Time       // when the last listing ended
	round  int             // number of listings
}

// A member is a process in a Space.
type member struct {
	id   ID  // outside
	pid  int // inside
	tids map[int]int

	group, session pair
}

// A pair is a process group or a session, outside and inside.
type pair struct{ outside, inside int }

// ErrNamespace says that a proc filesystem does not tell which pids a process has inside its
// PID namespace: the kernel is older than 4.1, or is gVisor.
var ErrNamespace = errors.New("the kernel does not report the pids inside a PID namespace")

// Inside returns the PID namespace of the process pid as its processes see it. That of f itself
// is f. as calls a function with the identity of the owner of a process outside, see package
// asuser; it may be nil. The error matches [ErrGone] if there is no such process, and
// [io/fs.ErrPermission] if the caller may not read its namespace (PTRACE_MODE_READ of ptrace(2)).
func (f FS) Inside(pid int, as func(pid int, f func())) (FS, error) {
	if as == nil {
		as = func(_ int, f func()) { f() }
	}
	s := &Space{base: f, via: pid, as: as}
	n, err := s.numbersOf(pid)
	if err != nil {
		return FS{}, err
	}
	if len(n.pids) == 0 {
		return FS{}, ErrNamespace
	}
	if len(n.pids) == 1 {
		return f, nil
	}
	s.depth = len(n.pids)
	if s.link, err = s.namespace(pid); err != nil {
		return FS{}, err
	}
	s.known, s.hosts, s.below, s.hidden = map[int]*member{}, map[int]int{}, map[string]bool{}, map[int]bool{}
	f.space = s
	return f, nil
}

// FromAbove reports whether f shows a PID namespace below that of its proc filesystem, so that
// this process has no pid there.
func (f FS) FromAbove() bool { return f.space != nil }

// Own reports whether f is the proc filesystem of this process, as it is mounted at /proc.
func (f FS) Own() bool { return f.space == nil && f.Root() == defaultRoot }

// Base returns the proc filesystem in which f looks for its processes: f itself, or that of the
// node.
func (f FS) Base() FS { return New(f.root) }

// Host returns the pid that a process has in the namespace of the proc filesystem, which the
// kernel takes from this process if that is its own: another one than pid where f shows a
// namespace from above. It returns 0 if there is no such process.
func (f FS) Host(pid int) int {
	if f.space == nil {
		return pid
	}
	return max(f.space.outside(place{pid: pid}).pid, 0)
}

// Namespace returns the link of the PID namespace that f shows from above, else "".
func (f FS) Namespace() string {
	if f.space == nil {
		return ""
	}
	return f.space.link
}

// self returns the pid in the namespace of the proc filesystem of the process for which f looks:
// this one or, from above, the one through which the namespace was found.
func (f FS) self(getpid int) int {
	if f.space == nil {
		return getpid
	}
	return f.space.via
}

// numbers are the numbers of a process in its namespaces, the outermost first.
type numbers struct {
	pids, groups, sessions []int
	parent                 int // outside
}

// numbersOf reads them from the status of a process outside.
func (s *Space) numbersOf(host int) (numbers, error) {
	return s.numbersAt(place{pid: host, name: "status"})
}

func (s *Space) numbersAt(at place) (numbers, error) {
	b, err := s.base.read(at, make([]byte, 0, smallFile), maxFile)
	if err != nil {
		return numbers{}, err
	}
	n, ok := parseNumbers(b)
	if !ok {
		return numbers{}, s.base.wrap(at, fmt.Errorf("status: %w", ErrFormat))
	}
	return n, nil
}

// parseNumbers parses the lines of status that have pids of several namespaces.
func parseNumbers(b []byte) (n numbers, ok bool) {
	ok = true
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte{'\n'}), []byte(":\t"))
		switch string(key) {
		case "PPid":
			ok = ok && setInt(&n.parent, value)
		case "NSpid":
			ok = ok && setInts(&n.pids, value)
		case "NSpgid":
			ok = ok && setInts(&n.groups, value)
		case "NSsid":
			ok = ok && setInts(&n.sessions, value)
			return n, ok // All others come before it.
		}
	}
	return n, ok
}

// at returns the number in this namespace of a list of a process in it, or below it.
func (s *Space) at(list []int) int {
	if len(list) < s.depth {
		return 0
	}
	return list[s.depth-1]
}

// namespace returns the link of the PID namespace of a process outside.
func (s *Space) namespace(host int) (link string, err error) {
	link, err = s.base.PIDNamespace(host)
	if errors.Is(err, fs.ErrPermission) {
		s.as(host, func() { link, err = s.base.PIDNamespace(host) })
	}
	if err == nil && link == "" {
		err = s.base.wrap(place{pid: host, name: "ns/pid"}, ErrGone)
	}
	return link, err
}

// examine finds out whether a process outside is in the namespace, or below it; nil: it is not.
// The lock is held.
func (s *Space) examine(host int) *member {
	delete(s.hidden, host)
	n, err := s.numbersOf(host)
	if err != nil || len(n.pids) < s.depth {
		return nil
	}
	link, err := s.namespace(host)
	in := false
	switch {
	case errors.Is(err, fs.ErrPermission):
		// The children of a member are in its namespace or below it, see setns(2).
		if in = s.isMember(n.parent); !in {
			s.hidden[host] = true
		}
	case err != nil:
	case len(n.pids) == s.depth:
		in = link == s.link
	default:
		in = s.isBelow(link, host)
	}
	if !in {
		return nil
	}
	stat, err := s.base.Stat(host)
	if err != nil {
		return nil
	}
	// The pid may have been reused since.
	if again, err := s.numbersOf(host); err != nil || !slices.Equal(again.pids, n.pids) {
		return nil
	}
	return &member{
		id: stat.ID(), pid: s.at(n.pids),
		group: pair{stat.PGRP, s.at(n.groups)}, session: pair{stat.Session, s.at(n.sessions)},
	}
}

// isMember reports whether a process outside is known to be in the namespace, and is still the
// same.
func (s *Space) isMember(host int) bool {
	m := s.known[host]
	if m == nil {
		return false
	}
	stat, err := s.base.Stat(host)
	return err == nil && stat.ID() == m.id
}

// nsParent is NS_GET_PARENT of ioctl_nsfs(2), Linux 4.9.
const nsParent = 0xb702

// isBelow reports whether the namespace of a process outside, which is deeper than this one, is
// below it.
func (s *Space) isBelow(link string, host int) bool {
	if below, ok := s.below[link]; ok {
		return below
	}
	below := false
	look := func() bool {
		fd, err := openAt(atCWD, append([]byte(s.base.path(place{pid: host, name: "ns/pid"})), 0), syscall.O_RDONLY)
		if err != nil {
			return false
		}
		below = s.climbs(fd)
		return true
	}
	if !look() {
		s.as(host, func() { look() })
	}
	s.below[link] = below
	return below
}

// climbs reports whether this namespace is among the ancestors of the namespace fd, which it
// closes.
func (s *Space) climbs(fd int) bool {
	const most = 32 // levels of PID namespaces, see pid_namespaces(7)
	for range most {
		up, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), nsParent, 0)
		_ = syscall.Close(fd) // It was only asked.
		if errno != 0 {
			return false // the parent is not below the namespace of the caller
		}
		fd = int(up)
		var st syscall.Stat_t
		if syscall.Fstat(fd, &st) == nil && fmt.Sprintf("pid:[%d]", st.Ino) == s.link {
			_ = syscall.Close(fd)
			return true
		}
	}
	_ = syscall.Close(fd)
	return false
}

func setInts(dst *[]int, v []byte) bool {
	for word, rest := nextField(v); len(word) > 0; word, rest = nextField(rest) {
		n, ok := parseInt(word)
		if !ok {
			return false
		}
		*dst = append(*dst, n)
	}
	return true
}
