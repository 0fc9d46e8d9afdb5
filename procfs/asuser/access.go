package asuser

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"yinit/procfs"
)

// The capabilities that decide who may inspect a process, see capabilities(7).
const (
	capSetgid = 1 << 6
	capSetuid = 1 << 7
	capPtrace = 1 << 19
)

// fewCapabilities is how many missing capabilities a message names.
const fewCapabilities = 3

// An access is what decides whether this process may inspect another one, see
// ptrace(2), "Ptrace access mode checking".
type access struct {
	pid     int
	uid     uint32 // effective user of this process
	owner   uint32 // real user of the other process
	caps    uint64 // effective capabilities of this process
	theirs  uint64 // permitted capabilities of the other process
	unknown bool   // one of the two cannot be read
}

// Advice says what a user who may not inspect a process has to do: become another user,
// or get the capabilities that the kernel requires, in Docker and in Kubernetes. who names
// the owner of the process, such as "that user".
func Advice(fs procfs.FS, pid int, who string) string { return accessTo(fs, pid).advice(who) }

func accessTo(proc procfs.FS, pid int) access {
	us, err := proc.Base().Status(os.Getpid())
	them, other := proc.Status(pid)
	return access{
		pid: pid, uid: us.UID[procfs.Effective], owner: them.UID[procfs.Real],
		caps: us.CapEff, theirs: them.CapPrm, unknown: err != nil || other != nil,
	}
}

// advice says what a user who may not inspect the process has to do. who names the
// other user: "that user". The same user, and root, which takes the identity of the
// other user, are refused if the other process has capabilities that they lack.
func (a access) advice(who string) string {
	missing := procfs.CapabilityNames(a.theirs &^ a.caps)
	add := []string{"SYS_PTRACE"} // which alone is enough
	if len(missing) > 0 && len(missing) <= fewCapabilities && !slices.Contains(missing, add[0]) {
		add = missing
	}
	switch {
	case a.unknown, a.uid != 0 && a.uid != a.owner:
		return "run this as " + who + " or as root (docker exec -u)"
	case a.uid != a.owner && a.caps&(capSetuid|capSetgid) != capSetuid|capSetgid:
		return fmt.Sprintf("run this as %s (docker exec -u %d): root without CAP_SETUID and CAP_SETGID cannot take that identity", who, a.owner)
	case a.caps&capPtrace != 0:
		return "this process has CAP_SYS_PTRACE, so a security module forbids it, or the process is in another user namespace"
	case len(missing) == 0: // not dumpable, another user namespace, or a security module
		return "the kernel requires CAP_SYS_PTRACE for this process: " + howToAdd(add)
	case len(missing) <= fewCapabilities:
		return fmt.Sprintf("the kernel requires all capabilities of process %d or CAP_SYS_PTRACE, and this one lacks CAP_%s: %s",
			a.pid, strings.Join(missing, " and CAP_"), howToAdd(add))
	default:
		return fmt.Sprintf("the kernel requires all capabilities of process %d or CAP_SYS_PTRACE, and this one lacks %d of them: %s",
			a.pid, len(missing), howToAdd(add))
	}
}

// howToAdd says how to add capabilities to a container.
func howToAdd(names []string) string {
	return "docker run --cap-add " + strings.Join(names, " --cap-add ") +
		", or in Kubernetes securityContext.capabilities.add: [" + strings.Join(names, ", ") + "]"
}
