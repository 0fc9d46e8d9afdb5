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
// memory.oom_control (version 1). The counter does not say which process it was.
type oomWatch struct {
	meter    memoryMeter
	begun    bool
	kills    uint64    // the counter when it was last read
	reported uint64    // how many of those were reported
	looked   time.Time // when the counter was last read
	since    time.Time // the last kill was after this reading
	grew     time.Time // and before this one
}

const (
	// oomBegin is when the counter is first read: a start does not wait for it, and no
	// program uses up its memory sooner.
	oomBegin = 2 * time.Millisecond
	// oomClaim is how long a victim may take to end: it has memory to free.
	oomClaim = 2 * time.Second
)

// startCounting reads the counter for the first time: earlier kills do not count.
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

// victim is called for each death. If it was such a kill, it returns what to report.
// It is certain only if every death is seen, so that no other process can have been
// the victim.
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

// unseenVictim returns what to report if there was such a kill and no death that was
// seen can have been the victim's.
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
