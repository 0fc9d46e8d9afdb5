package tui

import (
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs/doctor"
)

// failures returns the processes that failed lately, as the history tells, for the doctor.
func (w *world) failures() []doctor.Failure {
	var all []doctor.Failure
	for i := range w.events {
		r := &w.events[i]
		if !r.Failed() || r.Inspector || r.Foreign || w.snap.Time.Sub(r.Time) > likeFor {
			continue
		}
		x := doctor.Failure{Time: r.Time, PID: r.PID, PPID: r.PPID, Comm: r.Comm, Parent: r.Parent, Status: r.Status}
		if r.Cmdline != "" {
			x.Command = r.Title()
		}
		all = append(all, x)
	}
	return all
}

// pidsHit returns when the pids limit was hit last, as the history tells or as top saw it.
func (w *world) pidsHit() doctor.Hit {
	hit := doctor.Hit{Time: w.hitAt}
	for i := range w.events {
		if r := &w.events[i]; tellsOfPids(r) && !r.Time.Before(hit.Time) {
			hit = doctor.Hit{Time: r.Time, Text: "the init noted at " + w.timeOf(r).Format(time.TimeOnly) + ": " + r.Text}
		}
	}
	return hit
}

// tellsOfPids reports whether a record is the warning of the init that the pids limit was hit:
// that of the first time, or that with the number of times at its end.
func tellsOfPids(r *history.Record) bool {
	rest, ok := strings.CutPrefix(r.Text, "the limit on processes and threads")
	return ok && r.Kind == history.KindNote && r.Warning && strings.Contains(rest, " was hit")
}
