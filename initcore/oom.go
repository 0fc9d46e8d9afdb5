package initcore

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/cgroup"
)

func ownGroup() cgroup.Group { return cgroup.Find(procfs.FS{}, "self", "") }

// A memoryMeter is a control group, see there.
type memoryMeter interface {
	OOMKills() (kills uint64, ok bool)
	MemoryLimit() procfs.Bytes
}

// oomWatch notices that the kernel killed a process because the memory limit of
// the container was hit, by the counter in memory.events (cgroup version 2) or
// memory.oom_control (version 1). The counter does not say who it was.
type oomWatch struct {
	meter    memoryMeter
	begun    bool
	kills    uint64    // at the last look
	reported uint64    // those of them of which something was said
	looked   time.Time // when the last look was
	since    time.Time // the last kill came after this look
	grew     time.Time // and before this one
}

const (
	// oomBegin is when it begins: no start waits for it, and no program uses up its
	// memory sooner.
	oomBegin = 2 * time.Millisecond
	// oomClaim is how long after a kill its victim may take to end. It has memory to
	// give back.
	oomClaim = 2 * time.Second
)

// begin takes the counter as it is: what happened before is not our affair.
func (w *oomWatch) startCounting(now time.Time) {
	if w.begun {
		return
	}
	if w.begun = true; w.meter == nil {
		w.meter = ownGroup()
	}
	w.look(now)
	w.reported = w.kills
}

// look reads the counter.
func (w *oomWatch) look(now time.Time) {
	kills, ok := w.meter.OOMKills()
	if ok && kills > w.kills {
		w.kills, w.since, w.grew = kills, w.looked, now
	}
	w.looked = now
}

// victim is called for each death. It returns what to say if it was such a kill.
// Only if the counter was looked at whenever there were new processes, nobody else
// can have been the victim.
func (w *oomWatch) victim(status procfs.WaitStatus, now time.Time, watched bool) string {
	if status.Signal() != int(unix.SIGKILL) {
		return ""
	}
	w.startCounting(now)
	w.look(now)
	if w.reported >= w.kills {
		return ""
	}
	defer func() { w.reported++ }()
	if watched && now.Sub(w.grew) <= oomClaim || now.Sub(w.since) <= oomClaim {
		return "the memory limit was hit " + w.figures()
	}
	return "perhaps because the memory limit was hit, at " + w.since.Format(time.TimeOnly) + " or later " + w.figures()
}

// nobody returns what to say if there was such a kill, and nobody who ended so was
// seen.
func (w *oomWatch) unseenVictim(now time.Time) string {
	w.startCounting(now)
	w.look(now)
	if w.reported >= w.kills || now.Sub(w.grew) <= oomClaim {
		return ""
	}
	defer func() { w.reported = w.kills }()
	return "the memory limit was hit " + w.figures() + " by a process whose end was not seen"
}

func (w *oomWatch) figures() string {
	limit := w.meter.MemoryLimit()
	if limit == 0 {
		return fmt.Sprintf("(oom_kill %d → %d)", w.reported, w.kills)
	}
	return fmt.Sprintf("(oom_kill %d → %d, memory.max %s)", w.reported, w.kills, limit)
}
