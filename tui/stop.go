package tui

import (
	"fmt"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// A stopUnderWay is the shutdown that the init has begun.
type stopUnderWay struct {
	since time.Time
	why   string // "SIGTERM from outside the container", or why it began without a signal
}

// stopping returns the shutdown that the init has begun, as its history tells.
func (w *world) stopping() (s stopUnderWay, ok bool) {
	if len(w.events) == 0 {
		return s, false
	}
	run := w.events[len(w.events)-1].Run
	for i := range w.events {
		r := &w.events[i]
		if r.Run != run {
			continue
		}
		switch {
		case r.Kind == history.KindStop && !ok:
			s, ok = stopUnderWay{r.Time, r.Text}, true
		case r.Kind == history.KindSignal && ok && r.Time.Sub(s.since) < time.Second && strings.HasPrefix(s.why, procfs.SignalName(r.Signal)+" "):
			s.why = procfs.SignalName(r.Signal) + " from " + r.Sender()
			return s, true
		}
	}
	return s, ok
}

// remaining returns the processes that have to end before the container stops.
func (w *world) remaining() []*snapshot.Process {
	var all []*snapshot.Process
	for i := range w.living {
		if p := &w.procs[i]; w.counts(p) {
			all = append(all, p)
		}
	}
	return all
}

// counts reports whether a stop has to end p: it is not PID 1, nor this program, nor a
// zombie.
func (w *world) counts(p *snapshot.Process) bool {
	return p.ID.PID != 1 && p.ID.PID != w.snap.Caller.PID && !p.Dead() && !p.KernelThread()
}

// stopPieces describe the shutdown, or what a stop would do.
func (w *world) stopPieces() []piece {
	if s, ok := w.stopping(); ok {
		why := "STOPPING for " + text.Age(w.snap.Time.Sub(s.since)) + ": " + w.text(s.why)
		left, _ := text.FirstFit(w.stillThere(), w.width-text.Width(why)-4)
		return []piece{{text: why, rank: 19, style: warn}, {text: left, rank: 20, style: warn}}
	}
	words, l := w.stopForecast()
	p := piece{text: words, rank: 6, style: l}
	if l != normal {
		p.rank = 10
	}
	return []piece{p}
}

// stillThere names the processes that have not ended yet, three at most, or only counts
// them, longest first.
func (w *world) stillThere() []string {
	left := w.remaining()
	if len(left) == 0 {
		return []string{"all have ended"}
	}
	var names []string
	for _, p := range left[:min(len(left), 3)] {
		names = append(names, fmt.Sprintf("%d %s", p.ID.PID, w.text(p.Comm)))
	}
	words := "still there: " + strings.Join(names, ", ")
	if more := len(left) - len(names); more > 0 {
		words += " and " + text.Count(more) + " more"
	}
	return []string{words, text.Plural(len(left), "is left", "are left")}
}

// stopForecast says what docker stop would do, if that is known.
func (w *world) stopForecast() (string, style) {
	s := &w.stop
	switch {
	case !s.Possible:
		return "", normal
	case s.Reacts == verdict.No:
		return "stop: PID 1 does not react, " + text.Count(s.Hard) + " would be killed", bad
	case s.Hard > 0:
		return "stop: " + text.Count(s.Hard) + " would be killed", warn
	case s.Relayed:
		return "stop: none would be killed", normal
	case s.Reacts == verdict.Yes:
		return "stop: PID 1 handles TERM", normal
	}
	return "", normal
}

// machine reports whether these are the processes of a whole machine.
func (w *world) machine() bool {
	i, ok := w.byPID[2]
	return ok && w.procs[i].KernelThread()
}
