package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"yinit/procfs"
	"yinit/procfs/asuser"
	"yinit/procfs/cgroup"
	"yinit/procfs/container"
	"yinit/procfs/doctor"
	"yinit/procfs/hint"
	"yinit/procfs/host"
	"yinit/procfs/snapshot"
)

// A Target is the container at which a command looks. That is the one place that knows which
// one it is: where its processes are found, its control group, its users and its name.
type Target struct {
	// FS shows its processes with the pids that they have inside.
	FS procfs.FS
	// Group is its control group.
	Group cgroup.Group
	// Names are what it is called; zero if it is the container of this process.
	Names container.Names
	// PID is the process through which it was found, in the proc filesystem of the node; 0: it
	// is the container of this process.
	PID int
	// Place is how a command that the user types is led to it.
	Place hint.Place

	users func() *host.Users
	name  func() string
}

// Own returns the container of this process, whose proc filesystem is fs, or the one that another
// proc filesystem shows.
func Own(fs procfs.FS) *Target {
	return &Target{
		FS: fs, Group: cgroup.Find(fs, "self", ""),
		users: sync.OnceValue(func() *host.Users { return host.NewUsers(passwdFile) }),
		name: func() string {
			name, _ := os.Hostname() // "" if the kernel does not tell
			return name
		},
	}
}

const passwdFile = "/etc/passwd"

// Through returns the container of a process, as it is seen through that process: its PID
// namespace, with all that is below it, and its own control group and files. root is as in
// [FindRoot]. The error says why this user cannot look into it.
func Through(node procfs.FS, pid int, root string) (*Target, error) {
	inside, err := node.Inside(pid, func(pid int, f func()) {
		if os.Geteuid() != 0 || asuser.Owner(node, pid, f) != nil {
			f()
		}
	})
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("no permission to look into the container of process %d: %s", pid, asuser.Advice(node, pid, "its user"))
	case errors.Is(err, procfs.ErrGone):
		return nil, fmt.Errorf("there is no process %d", pid)
	case err != nil:
		return nil, err
	}
	_, groups := FindRoot(node, root)
	t := &Target{FS: inside, PID: pid, Group: groups.Find(fmt.Sprint(pid))}
	t.users = sync.OnceValue(t.readUsers)
	t.name = sync.OnceValue(t.readName)
	return t, nil
}

// Other reports whether it is another container than that of this process.
func (t *Target) Other() bool { return t.PID != 0 }

// Stop returns the signal and the timeout of a stop, as the engine would choose them for the
// processes of a snapshot; 0: unknown, or the default.
func (t *Target) Stop(s *snapshot.Snapshot) (signal int, timeout time.Duration) {
	if t.Names.Engine == "" && t.Names.PodUID == "" {
		return 0, 0
	}
	c := Container{Names: t.Names, View: *s}
	if timeout = c.Timeout(); !t.Names.HasTimeout && timeout == doctor.DockerTimeout {
		timeout = 0
	}
	return c.Signal(), timeout
}

// Users returns its users.
func (t *Target) Users() *host.Users { return t.users() }

// HostName returns its host name; "": unknown.
func (t *Target) HostName() string { return t.name() }

// Container returns what a [snapshot.Reader] reads.
func (t *Target) Container() *snapshot.Container {
	return &snapshot.Container{Group: t.Group, Users: t.Users(), Name: t.HostName}
}

const (
	mostUsers = 1 << 20 // bytes of its passwd(5) that are read
	mostName  = 64      // bytes of a host name, see gethostname(2)
	// patience is how long its file system is waited for. A FUSE file system of the container
	// may never respond.
	patience = time.Second
)

// readFile reads a file of the container.
func (t *Target) readFile(name string, most int) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := t.node().ReadIn(t.PID, name, most)
		if errors.Is(err, fs.ErrPermission) && os.Geteuid() == 0 {
			_ = asuser.Owner(t.node(), t.PID, func() { b, err = t.node().ReadIn(t.PID, name, most) })
		}
		done <- result{b, err}
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case r := <-done:
		return r.b, r.err
	case <-late.C:
		return nil, fmt.Errorf("%s does not respond", name)
	}
}

// node returns the proc filesystem of the node.
func (t *Target) node() procfs.FS { return t.FS.Base() }

// readUsers reads its users. The numbers that the kernel shows this process are those of its own
// user namespace.
func (t *Target) readUsers() *host.Users {
	var ids []host.IDs
	ours, err := t.namespace(os.Getpid(), "user")
	theirs, err2 := t.namespace(t.PID, "user")
	if err == nil && err2 == nil && ours != theirs {
		b, _ := t.node().ReadFile(fmt.Sprintf("%d/uid_map", t.PID)) // without it the numbers are ours
		ids = host.ParseIDs(b)
	}
	return host.UsersOf(func() ([]byte, error) { return t.readFile(passwdFile, mostUsers) }, ids)
}

// namespace returns the link of a namespace of a process of the node.
func (t *Target) namespace(pid int, kind string) (string, error) {
	link, err := os.Readlink(t.node().Path(pid, "ns/"+kind))
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() == 0 {
		_ = asuser.Owner(t.node(), pid, func() { link, err = os.Readlink(t.node().Path(pid, "ns/"+kind)) })
	}
	return link, err
}

// readName reads its host name. Only a process in its UTS namespace can ask the kernel, so it is
// the name that the engine has written into the container. That is the name of the container as
// long as nobody has changed one of the two.
func (t *Target) readName() string {
	ours, err := t.namespace(os.Getpid(), "uts")
	theirs, err2 := t.namespace(t.PID, "uts")
	if err == nil && err2 == nil && ours == theirs {
		name, _ := os.Hostname() // "" if the kernel does not tell
		return name
	}
	if b, err := t.readFile("/etc/hostname", mostName+1); err == nil {
		line, _, _ := bytes.Cut(b, []byte{'\n'})
		if name := strings.TrimSpace(string(line)); name != "" {
			return name[:min(len(name), mostName)]
		}
	}
	return t.Names.ShortID()
}
