package facts

import (
	"fmt"
	"time"

	"yinit/initcore/history"
	"yinit/procfs/doctor"
	"yinit/procfs/explain"
	"yinit/procfs/fatal"
)

// LastFailure returns the index of the record of the process that failed last, -1 if there
// is none. Commands of yinit and processes of other containers do not count. A process whose
// exit status 1 was an answer, such as grep, counts only if no other has failed. A crash
// comes before the plain failures of the same second, which often follow from it.
func LastFailure(records []history.Record) int {
	last, crash, answer := -1, -1, -1
	for i := range records {
		r := &records[i]
		switch {
		case !r.Failed() || r.Inspector || r.Foreign:
		case !Failed(r):
			answer = later(records, answer, i)
		default:
			last = later(records, last, i)
			if fatal.DumpsCore(r.Status.Signal()) {
				crash = later(records, crash, i)
			}
		}
	}
	switch {
	case last < 0:
		return answer
	case crash >= 0 && records[last].Died().Truncate(time.Second).Equal(records[crash].Died().Truncate(time.Second)):
		return crash
	}
	return last
}

// Failed reports whether the record is about a process that failed: it exited with another
// status than 0, or a signal ended it. The exit status 1 of grep, test and the like is an
// answer, and no failure.
func Failed(r *history.Record) bool { return r.Failed() && !doctor.Answered(r.Comm, r.Status) }

// later returns which of two records is of the later death; i if a is -1.
func later(records []history.Record, a, i int) int {
	if a >= 0 && records[i].Died().Before(records[a].Died()) {
		return a
	}
	return i
}

// mostUnseen is how many later kills an explanation names.
const mostUnseen = 3

// Last explains how the process of the record with this index ended, which failed last as
// far as that is known: later kills for the memory limit may have been of processes whose
// exits nobody saw.
func Last(records []history.Record, at int) explain.Explanation {
	e := Ended(records, at)
	unseen := UnseenKills(records, records[at].Died())
	if len(unseen) == 0 {
		return e
	}
	e.Add("it may not be the last: after it, processes whose exits were not seen were killed")
	if more := len(unseen) - mostUnseen; more > 0 {
		e.Add(fmt.Sprintf("%d earlier records like these", more))
		unseen = unseen[more:]
	}
	for _, text := range unseen {
		e.Add(text)
	}
	e.Try("yinit history --kind oom")
	return e
}

// UnseenKills returns what the history says, since the given time, of processes that were
// killed because the memory limit was hit, and whose exits nobody saw.
func UnseenKills(records []history.Record, since time.Time) (all []string) {
	for i := range records {
		if r := &records[i]; r.Kind == history.KindOOM && r.PID == 0 && !r.Time.Before(since) {
			all = append(all, clock(r.Time)+" "+r.Text)
		}
	}
	return all
}
