package initcore

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhyNotUser(t *testing.T) {
	const both, gid = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID, 1 << unix.CAP_SETGID
	for _, tt := range []struct {
		err  error
		own  rights
		want string
	}{
		{unix.EPERM, rights{uid: 1000}, "yinit runs as user 1000 and must run as root to change the user or the group"},
		{unix.EPERM, rights{uid: 1000, noNewPrivs: true}, "no_new_privs is set, so a set-user-ID bit"},
		{unix.EPERM, rights{uid: 65534, noUsers: true}, "this user namespace has no users"},
		{unix.EINVAL, rights{capabilities: both, noUsers: true}, "this user namespace has no users"},
		{unix.EPERM, rights{capabilities: gid, bounding: both}, "root lacks CAP_SETUID here, although the capability bounding set has it"},
		{unix.EPERM, rights{capabilities: gid, bounding: both, noNewPrivs: true}, "dropped it, and no_new_privs keeps execve(2) from giving it back"},
		{unix.EPERM, rights{capabilities: gid, bounding: gid, noNewPrivs: true}, "root lacks CAP_SETUID here; add it: docker run --cap-add SETUID,"},
		{unix.EPERM, rights{capabilities: gid}, "root lacks CAP_SETUID here; add it: docker run --cap-add SETUID,"},
		{unix.EPERM, rights{}, "--cap-add SETGID --cap-add SETUID,"},
		{unix.EPERM, rights{capabilities: both, noGroups: true}, "/proc/self/setgroups is deny"},
		{unix.EPERM, rights{capabilities: both}, "a seccomp profile or a security module"},
		{unix.ENOSYS, rights{capabilities: both}, "a seccomp profile or a security module"},
		{unix.EINVAL, rights{capabilities: both}, "the user namespace has no such user or group"},
		{unix.EAGAIN, rights{capabilities: both}, "ulimit -u"},
	} {
		if got := whyNotUser(tt.err, tt.own); !strings.Contains(got, tt.want) {
			t.Errorf("whyNotUser(%v, %+v) = %q, want %q", tt.err, tt.own, got, tt.want)
		}
	}
}

// TestSameUser checks which users need no permission.
func TestSameUser(t *testing.T) {
	uid, gid := uint32(unix.Getuid()), uint32(unix.Getgid())
	for name, tt := range map[string]struct {
		user *Credential
		want bool
	}{
		"nobody":                 {nil, false},
		"the user and its group": {&Credential{UID: uid, GID: gid, From: FromSpec}, true},
		"another group, given":   {&Credential{UID: uid, GID: gid + 1, From: FromSpec}, false},
		"another group, assumed": {&Credential{UID: uid, GID: gid + 1, From: Assumed}, true},
		"another group, listed":  {&Credential{UID: uid, GID: gid + 1, From: FromPasswd}, true},
		"another user":           {&Credential{UID: uid + 1, GID: gid, From: FromSpec}, false},
	} {
		if got := tt.user.same(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
