package doctor

import (
	"fmt"
	"strings"
	"time"

	"yinit/procfs"
)

// A Health is what a health check asks: how many zombies are old, and how full the pids limit
// is. It is less than the doctor asks, because it is asked every few seconds.
type Health struct {
	MaxZombies int           // old zombies that are healthy
	OldAfter   time.Duration // for how long an old one has been dead
	MaxPids    int           // percent of the pids limit that are healthy

	Zombies, Old int           // all, and the old ones
	Oldest       time.Duration // of the old ones, at least
	Parent       int           // that of most of the old ones; 0: it is outside the container, or there is none
	ParentComm   string        // its name
	Pids         int           // processes and threads; 0: unknown
	PidsLimit    int           // 0: none, or unknown
	Hidden       bool          // there are processes that this user does not see
}

// Reasons returns what is not healthy; none: it is healthy.
func (h *Health) Reasons() []string {
	var all []string
	if h.Old > h.MaxZombies {
		reason := fmt.Sprintf("%s dead for more than %s (more than %d)", plural(h.Old, "zombie is", "zombies are"), procfs.Span(h.OldAfter), h.MaxZombies)
		if h.Oldest > 0 {
			reason += ", the oldest for " + procfs.Span(h.Oldest.Truncate(time.Second))
		}
		if h.Parent != 0 {
			reason += fmt.Sprintf("; most are children of %d %s", h.Parent, h.ParentComm)
		}
		all = append(all, reason)
	}
	if h.PidsLimit > 0 && h.Pids*100 > h.MaxPids*h.PidsLimit {
		all = append(all, fmt.Sprintf("%d of %d processes and threads are taken, more than %d%%", h.Pids, h.PidsLimit, h.MaxPids))
	}
	return all
}

// Text says it in one line.
func (h *Health) Text() string {
	line := "healthy: " + h.state()
	if reasons := h.Reasons(); len(reasons) > 0 {
		line = "unhealthy: " + strings.Join(reasons, "; ")
	}
	if h.Hidden {
		line += "; processes of other users are hidden from this one"
	}
	return line
}

// state says what there is.
func (h *Health) state() string {
	line := "no zombies"
	if h.Zombies > 0 {
		line = fmt.Sprintf("%s, %d dead for more than %s", plural(h.Zombies, "zombie", "zombies"), h.Old, procfs.Span(h.OldAfter))
	}
	switch {
	case h.PidsLimit > 0:
		line += fmt.Sprintf("; %d of %d processes and threads", h.Pids, h.PidsLimit)
	case h.Pids > 0:
		line += fmt.Sprintf("; %s, and no limit", plural(h.Pids, "process or thread", "processes and threads"))
	}
	return line
}
