package tui

import (
	"yinit/initcore/history/facts"
	"yinit/procfs/doctor"
)

// diagnose asks the doctor about the snapshot.
func (w world) diagnose() world {
	o := w.outlook()
	var checks doctor.Checks
	if w.checks != nil {
		checks = *w.checks
	}
	f := facts.Of(&w.snap, facts.Past{
		Records: w.events, Policy: w.policy, Checks: checks, Memory: w.memory, Dead: w.deadAt, Stuck: w.stuckAt, HitAt: w.hitAt,
		Growth: o.perMinute, UntilFull: o.in,
	})
	f.Place = w.hints
	w.findings, w.stop = doctor.Examine(&f)
	w.facts = f
	return w
}
