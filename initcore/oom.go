package initcore

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/procfs/cgroup"
)

func ownGroup() cgroup.Group { return cgroup.Find(procfs.FS{}, "self", "") }

// A memoryMeter reads the memory counters of a control group, see [cgroup.Group].
type memoryMeter interface {
	OOMKills() (kills uint64, ok bool)
	OOMGroup() uint64
	OOMGroupKills() (kills uint64, ok bool)
	MemoryLimit() procfs.Bytes
}

// oomWatch detects that the kernel killed a process because the memory limit of the
// container was hit. It reads the counter oom_kill in memory.events (cgroup version 2)
// or memory.oom_control (version 1). The counter does not say which process was killed.
type oomWatch struct {
	meter      memoryMeter
	begun      bool               // startCounting was called
	kills      uint64             // the counter at the last reading
	reported   uint64             // how many kills were reported or happened before the first reading
	lastRead   time.Time          // time of the last reading
	since      time.Time          // time of the last reading before the counter grew
	grew       time.Time          // time of the first reading after it grew
	grown      func(kills uint64) // called when the counter has grown; nil: nothing is
	groupKills uint64             // oom_group_kill at the first reading
}

const (
	// oomBegin is the time from the start of the programs to the first reading. So the
	// reading does not delay them, and no program uses up its memory sooner.
	oomBegin = 2 * time.Millisecond
	// oomClaim is how long a victim may take to exit: it has memory to free.
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
	w.readCounter(now)
	w.reported = w.kills
	w.groupKills, _ = w.meter.OOMGroupKills()
}

// readCounter reads the counter.
func (w *oomWatch) readCounter(now time.Time) {
	kills, ok := w.meter.OOMKills()
	if ok && kills > w.kills {
		w.kills, w.since, w.grew = kills, w.lastRead, now
		if w.grown != nil {
			w.grown(kills)
		}
	}
	w.lastRead = now
}

// victim is called for each death. If the process was killed because the memory limit
// was hit, it returns what to report, otherwise "". The report is certain only if every
// death is seen, so that no other process can have been the victim.
func (w *oomWatch) victim(status procfs.WaitStatus, now time.Time, watched bool) string {
	if status.Signal() != int(unix.SIGKILL) {
		return ""
	}
	w.startCounting(now)
	w.readCounter(now)
	if w.reported >= w.kills {
		return ""
	}
	defer func() { w.reported++ }()
	if watched && now.Sub(w.grew) <= oomClaim || now.Sub(w.since) <= oomClaim {
		return "the memory limit was hit " + w.figures()
	}
	return "perhaps because the memory limit was hit, at " + w.since.Format(time.TimeOnly) + " or later " + w.figures()
}

// unseenVictim returns what to report if a process was killed because the memory limit
// was hit and no death that was seen can be that of the victim; otherwise "".
func (w *oomWatch) unseenVictim(now time.Time) string {
	w.startCounting(now)
	w.readCounter(now)
	if w.reported >= w.kills || now.Sub(w.grew) <= oomClaim {
		return ""
	}
	defer func() { w.reported = w.kills }()
	return "the memory limit was hit " + w.figures() + " by a process whose exit was not seen"
}

// keepStats returns how many stat files of other processes may be kept open: their
// kernel memory is charged to the container, and may take a 64th of its limit.
func (k *kernel) keepStats() int {
	const share, each = 64, 5 * procfs.KiB
	k.oom.startCounting(time.Now())
	limit := k.oom.meter.MemoryLimit()
	if limit == 0 {
		return watch.MaxWatched
	}
	return int(min(limit/share/each, watch.MaxWatched))
}

func (w *oomWatch) figures() string {
	text := fmt.Sprintf("(oom_kill %d → %d", w.reported, w.kills)
	if limit := w.meter.MemoryLimit(); limit != 0 {
		text += fmt.Sprintf(", memory.max %s", limit)
	}
	if n, ok := w.meter.OOMGroupKills(); ok && n > w.groupKills {
		text += ", all processes of the group were killed: memory.oom.group"
	}
	return text + ")"
}
