package initcore

import (
	"fmt"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/cgroup"
)

func ownGroup() cgroup.Group { return cgroup.Find(procfs.FS{}, "self", "") }

// oomWatch notices that the kernel killed a process because the memory limit of
// the container was hit, by the counter in memory.events (cgroup version 2) or
// memory.oom_control (version 1).
type oomWatch struct {
	group cgroup.Group
	count uint64
	begun bool
}

// begin takes the counter as it is. Before, it is taken to be 0, as it is in a
// new container.
func (w *oomWatch) begin() {
	if !w.begun {
		w.begun, w.group = true, ownGroup()
		w.count = w.group.Read().OOMKills
	}
}

// check is called for a death by SIGKILL. It returns what to say if the counter
// has moved since the last call.
func (w *oomWatch) check(status procfs.WaitStatus) string {
	if status.Signal() != int(unix.SIGKILL) {
		return ""
	}
	if !w.begun {
		w.begun, w.group = true, ownGroup()
	}
	u := w.group.Read()
	before := w.count
	if !u.HasOOM || u.OOMKills <= before {
		return ""
	}
	w.count = u.OOMKills
	limit := ""
	if u.MemMax > 0 {
		limit = ", memory.max " + u.MemMax.String()
	}
	return fmt.Sprintf("the memory limit was hit (oom_kill %d → %d%s)", before, u.OOMKills, limit)
}
