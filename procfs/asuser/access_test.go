package asuser

import (
	"strings"
	"testing"
)

func TestAdvice(t *testing.T) {
	const all, docker = 1<<41 - 1, 0xa80425fb // of root on the host, and in a container of Docker
	const netRaw = 1 << 13
	for name, test := range map[string]struct {
		a    access
		want string
	}{
		"another user":       {access{uid: 1000, owner: 0}, "run this as its user or as root (docker exec -u)"},
		"unknown":            {access{unknown: true}, "run this as its user or as root"},
		"one is missing":     {access{pid: 7, caps: docker &^ netRaw, theirs: docker}, "all capabilities of process 7 or CAP_SYS_PTRACE, and this one lacks CAP_NET_RAW: docker run --cap-add NET_RAW, or in Kubernetes securityContext.capabilities.add: [NET_RAW]"},
		"many are missing":   {access{pid: 7, caps: docker, theirs: all}, "lacks 27 of them: docker run --cap-add SYS_PTRACE"},
		"none is missing":    {access{caps: docker, theirs: docker}, "the kernel requires CAP_SYS_PTRACE for this process: docker run --cap-add SYS_PTRACE"},
		"the same user":      {access{uid: 1000, owner: 1000, theirs: netRaw}, "lacks CAP_NET_RAW"},
		"root without SETID": {access{owner: 1000, caps: docker &^ (capSetuid | capSetgid)}, "run this as its user (docker exec -u 1000): root without CAP_SETUID and CAP_SETGID"},
		"all but not enough": {access{caps: all &^ netRaw, theirs: all}, "a security module forbids it"},
	} {
		if got := test.a.advice("its user"); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
