package initcore

import (
	"fmt"
	"time"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/zombie"
)

// limits are the limits of the container that a success may hide.
type limits interface {
	// memoryHit says that the memory limit was hit by a process whose exit was not seen;
	// otherwise it returns "".
	memoryHit(now time.Time) string
	// pidsHit says that the pids limit was hit since the programs were started; otherwise
	// it returns "".
	pidsHit() string
	// pidsFull says, the first time after the pids limit was hit, how many processes and
	// threads there are, and who holds zombies; otherwise it returns "". It reads all of
	// /proc then.
	pidsFull() string
}

// victims counts the processes that were killed because the memory limit was hit.
type victims struct {
	total int
	last  procfs.ID // the last one; zero if its exit was not seen
	comm  string    // its command name
	alike int       // of how many victims text is, if their exits were not seen
	text  string    // what was reported about it
	told  bool      // [machine.tellHidden] has named it
}

func (v *victims) add(id procfs.ID, comm, text string) {
	*v = victims{total: v.total + 1, last: id, comm: comm, text: text}
}

// addUnseen counts victims whose exits were not seen.
func (v *victims) addUnseen(kills uint64, text string) {
	*v = victims{total: v.total + int(kills), alike: int(kills), text: text}
}

// tellLimits warns if a limit of the container was hit: with the exit status 0 nothing else
// tells, and with another one it may be the reason. A victim of the memory limit that made
// a program fail has been reported.
func (m *machine) tellLimits(now time.Time) {
	if m.limits == nil {
		return
	}
	m.now = now
	texts, before := []string{m.limits.pidsHit()}, fmt.Sprintf("exit status %d; ", m.exitStatus())
	if m.exitStatus() == 0 {
		texts, before = append(texts, m.victimsText(), m.limits.memoryHit(now)), "exit status 0, but "
	}
	for _, text := range texts {
		if text != "" {
			text = before + text
			m.noteWarning(text)
			m.log.Warn(text)
		}
	}
}

func (m *machine) victimsText() string {
	v := &m.victims
	switch {
	case v.total == 0, v.total == 1 && v.told:
		return ""
	case v.last.PID == 0 && v.alike == v.total:
		return v.text
	case v.last.PID == 0:
		return fmt.Sprintf("%d processes were killed because of the memory limit; the last time: %s", v.total, v.text)
	case v.total == 1:
		return fmt.Sprintf("%d (%s) was killed by SIGKILL: %s", v.last.PID, v.comm, v.text)
	default:
		return fmt.Sprintf("%d processes were killed because of the memory limit; the last one was %d (%s): %s", v.total, v.last.PID, v.comm, v.text)
	}
}

// memoryHit implements limits.
func (k *kernel) memoryHit(now time.Time) string { return k.oom.unclaimed(now) }

// unclaimed is unseenVictims at the end of the init: no victim will be seen later.
func (w *oomWatch) unclaimed(now time.Time) string {
	if !w.begun {
		return ""
	}
	w.readCounter(now)
	if w.reported >= w.kills {
		return ""
	}
	w.open = nil
	return w.reportUnseen(w.kills-w.reported, now).text
}

// A pidsMeter reads the counters of the pids controller, see [cgroup.Group].
type pidsMeter interface {
	PidsHits() (hits uint64, ok bool)
	PidsLimit() uint64
}

// pidsWatch detects that the pids limit of the container was hit.
type pidsWatch struct {
	meter  pidsMeter // nil: startCounting was not called
	before uint64    // the counter when it was called
	full   string    // what pidsFull has returned
}

// startCounting reads the counter for the first time: earlier failures do not count.
func (w *pidsWatch) startCounting(meter pidsMeter) {
	if hits, ok := meter.PidsHits(); ok {
		w.meter, w.before = meter, hits
	}
}

// pidsHit implements limits.
func (k *kernel) pidsHit() string { return k.pids.hit() }

func (w *pidsWatch) hit() string {
	n := w.hits()
	if n == 0 {
		return ""
	}
	what := "once: a process or a thread"
	if n > 1 {
		what = fmt.Sprintf("%d times, also by attempts of docker exec if there were any: processes or threads", n)
	}
	limit := cgroup.PidsLimitWords
	if n := w.meter.PidsLimit(); n != 0 {
		limit += fmt.Sprintf(" (pids.max %d)", n)
	}
	text := limit + cgroup.WasHitWords + " " + what + " could not be started"
	if w.full != "" {
		text += "; soon after the first time " + w.full
	}
	return text
}

// hits returns how often the limit was hit since startCounting.
func (w *pidsWatch) hits() uint64 {
	if w.meter == nil {
		return 0
	}
	if hits, ok := w.meter.PidsHits(); ok && hits > w.before {
		return hits - w.before
	}
	return 0
}

// pidsFull implements limits.
func (k *kernel) pidsFull() string {
	if k.pids.full != "" || k.pids.hits() == 0 {
		return ""
	}
	u, held := ownUsage(), zombie.Held(k.fs)
	if held != "" {
		held = ", " + held
	}
	of := ""
	if u.PidsMax > 0 { // otherwise the limit is that of a group above ours
		of = fmt.Sprintf(" of %d", u.PidsMax)
	}
	k.pids.full = fmt.Sprintf("%d%s were taken%s", u.Pids, of, held)
	return k.pids.full
}

// tellFull warns when the pids limit was hit for the first time. Processes of the
// container may fail because of that in any way.
func (m *machine) tellFull(now time.Time) {
	if m.limits == nil {
		return
	}
	if text := m.limits.pidsFull(); text != "" {
		m.now = now
		text = cgroup.PidsLimitWords + cgroup.WasHitWords + ": " + text
		m.noteWarning(text)
		m.log.Warn(text)
	}
}
