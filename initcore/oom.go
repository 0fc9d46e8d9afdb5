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
	mounts     []procfs.MountLine // the mounts among which startCounting finds the control group
	meter      memoryMeter        // nil: startCounting was not called
	begun      bool               // startCounting was called
	kills      uint64             // the counter at the last reading
	reported   uint64             // how many kills were reported or happened before the first reading
	lastRead   time.Time          // time of the last reading
	open       []growth           // the kills that were not reported yet, the oldest first
	grown      func(kills uint64) // called when the counter has grown; nil: nothing is
	groupKills uint64             // oom_group_kill at the first reading
}

// A growth is what one reading of the counter has shown.
type growth struct {
	kills uint64    // by how much it had grown, without the kills that were reported since
	since time.Time // time of the reading before
	at    time.Time // time of the reading
}

// mostGrowths limits [oomWatch.open]; what exceeds it counts with the last one.
const mostGrowths = 16

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
		w.meter = cgroup.FindIn(w.mounts, procfs.FS{}, "self", "")
	}
	w.readCounter(now)
	w.reported, w.open = w.kills, nil
	w.groupKills, _ = w.meter.OOMGroupKills()
}

// readCounter reads the counter.
func (w *oomWatch) readCounter(now time.Time) {
	kills, ok := w.meter.OOMKills()
	if ok && kills > w.kills {
		if last := len(w.open) - 1; last+1 < mostGrowths {
			w.open = append(w.open, growth{kills - w.kills, w.lastRead, now})
		} else {
			w.open[last].kills, w.open[last].at = w.open[last].kills+kills-w.kills, now
		}
		w.kills = kills
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
	if len(w.open) == 0 {
		return ""
	}
	g := w.open[len(w.open)-1] // the newest: few victims take long to exit
	defer w.reportOne()
	if watched && now.Sub(g.at) <= oomClaim || now.Sub(g.since) <= oomClaim {
		return "the memory limit was hit " + w.figures(w.kills)
	}
	return "perhaps because the memory limit was hit, at " + g.since.Format(time.TimeOnly) + " or later " + w.figures(w.kills)
}

// reportOne notes that one of the newest kills was reported.
func (w *oomWatch) reportOne() {
	w.reported++
	last := len(w.open) - 1
	if w.open[last].kills--; w.open[last].kills == 0 {
		w.open = w.open[:last]
	}
}

// unseenKills are processes that were killed because the memory limit was hit, and whose
// exits were not seen. The zero value is none.
type unseenKills struct {
	number uint64
	at     time.Time // when the counter had grown
	text   string    // what to report
}

// unseenVictims returns the oldest kills that no death that was seen can be. All kills
// between two readings are reported together.
func (w *oomWatch) unseenVictims(now time.Time) unseenKills {
	w.startCounting(now)
	w.readCounter(now)
	if len(w.open) == 0 || now.Sub(w.open[0].at) <= oomClaim {
		return unseenKills{}
	}
	g := w.open[0]
	w.open = append(w.open[:0], w.open[1:]...)
	return w.reportUnseen(g.kills, g.at)
}

// reportUnseen notes that kills were reported, and returns the report.
func (w *oomWatch) reportUnseen(kills uint64, at time.Time) unseenKills {
	by := " by a process whose exit was not seen"
	if kills > 1 {
		by = fmt.Sprintf(" by %d processes whose exits were not seen", kills)
	}
	text := "the memory limit was hit " + w.figures(w.reported+kills) + by
	w.reported += kills
	return unseenKills{number: kills, at: at, text: text}
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

// figures names the counter before the reported kills and after them, and the limit.
func (w *oomWatch) figures(after uint64) string {
	text := fmt.Sprintf("(oom_kill %d → %d", w.reported, after)
	if limit := w.meter.MemoryLimit(); limit != 0 {
		text += fmt.Sprintf(", memory.max %s", limit)
	}
	if n, ok := w.meter.OOMGroupKills(); ok && n > w.groupKills {
		text += ", all processes of the group were killed: memory.oom.group"
	}
	return text + ")"
}
