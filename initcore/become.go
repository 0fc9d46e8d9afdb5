package initcore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// same reports whether the init already runs as the user. It then needs no permission:
// without CAP_SETGID the program keeps the groups of the init. A group that was given
// must be that of the init.
func (c *Credential) same() bool {
	if c == nil {
		return false
	}
	user, group := int(c.UID), int(c.GID)
	r, e, s := unix.Getresuid()
	rg, eg, sg := unix.Getresgid()
	return r == user && e == user && s == user &&
		(c.From != FromSpec || rg == group && eg == group && sg == group)
}

// Warning returns what an administrator should know about the user, or "".
func (c *Credential) Warning() string {
	if c == nil || c.From != Assumed || c.UID == 0 || c.same() {
		return ""
	}
	return fmt.Sprintf("user %d has no entry in %s, so its group is 0 (root), as with docker run --user; for another group write %d:GID", c.UID, passwdFile, c.UID)
}

// rights are what decides whether the init may change the user of a program.
type rights struct {
	uid          int
	capabilities uint64 // those in effect, see capabilities(7)
	bounding     uint64 // those that root may get at all; only CAP_SETUID and CAP_SETGID are looked up
	noNewPrivs   bool   // execve(2) grants nothing, see PR_SET_NO_NEW_PRIVS in prctl(2)
	noUsers      bool   // the user namespace maps no users, see user_namespaces(7)
	noGroups     bool   // the user namespace does not permit setgroups(2), see user_namespaces(7)
}

func ownRights() rights {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // an error leaves no capabilities
	_ = unix.Capget(&header, &data[0])
	setgroups, _ := os.ReadFile("/proc/self/setgroups") // none before Linux 3.19
	users, err := os.ReadFile("/proc/self/uid_map")
	r := rights{
		uid: unix.Geteuid(), capabilities: uint64(data[0].Effective),
		noGroups: bytes.HasPrefix(setgroups, []byte("deny")), noUsers: err == nil && len(users) == 0,
	}
	for _, c := range []int{unix.CAP_SETUID, unix.CAP_SETGID} {
		if has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0); err != nil || has != 0 {
			r.bounding |= 1 << c
		}
	}
	set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	r.noNewPrivs = err == nil && set != 0
	return r
}

// whyNotUser says why a program cannot become another user, and what to do. The error is
// that of setgroups(2), setresgid(2) or setresuid(2).
func whyNotUser(err error, r rights) string {
	const needed = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
	missing := procfs.CapabilityNames(needed &^ r.capabilities)
	switch {
	case r.noUsers:
		return "this user namespace has no users (/proc/self/uid_map is empty): map some, see newuidmap(1)"
	case errors.Is(err, unix.EINVAL):
		return "the user namespace has no such user or group (see /proc/self/uid_map and gid_map)"
	case errors.Is(err, unix.EAGAIN):
		return "the limit of that user on processes is reached (ulimit -u)"
	case len(missing) > 0:
		return r.whyMissing(missing, procfs.CapabilityNames(needed&^r.bounding))
	case r.noGroups:
		return "this user namespace does not permit setgroups(2) (/proc/self/setgroups is deny): it needs a range of groups, see newgidmap(1)"
	default:
		return "root has the capabilities for it, so a seccomp profile or a security module forbids setgroups(2), setresgid(2) or setresuid(2)"
	}
}

// whyMissing says why the init lacks some capabilities. Root cannot get those in
// unavailable.
func (r rights) whyMissing(missing, unavailable []string) string {
	names := "CAP_" + strings.Join(missing, " and CAP_")
	switch {
	case r.uid != 0 && r.noNewPrivs:
		return fmt.Sprintf("yinit runs as user %d and must run as root to change the user or the group; "+
			"no_new_privs is set, so a set-user-ID bit or capabilities of its file have no effect", r.uid)
	case r.uid != 0:
		return fmt.Sprintf("yinit runs as user %d and must run as root to change the user or the group", r.uid)
	case len(unavailable) > 0:
		return fmt.Sprintf("root lacks %s here; add it: docker run --cap-add %s, or capabilities.add in Kubernetes",
			names, strings.Join(missing, " --cap-add "))
	case r.noNewPrivs:
		return fmt.Sprintf("root lacks %s here: what started yinit has dropped it, and no_new_privs keeps execve(2) from giving it back", names)
	default:
		return fmt.Sprintf("root lacks %s here, although the capability bounding set has it: what started yinit has dropped it (see noroot in setpriv(1))", names)
	}
}
