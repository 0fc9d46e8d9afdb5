package facts

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
)

// failures returns the processes that failed lately, as the history tells.
func failures(records []history.Record, now time.Time) []doctor.Failure {
	var all []doctor.Failure
	for i := range records {
		r := &records[i]
		if !r.Failed() || r.Inspector || r.Foreign || now.Sub(r.Time) > doctor.Lately {
			continue
		}
		all = append(all, failureOf(r))
	}
	return all
}

func failureOf(r *history.Record) doctor.Failure {
	x := doctor.Failure{Time: r.Time.Add(-r.ZombieFor), PID: r.PID, PPID: r.PPID, Comm: r.Comm, Parent: r.Parent, Status: r.Status}
	if r.Cmdline != "" {
		x.Command = r.Title()
	}
	return x
}

// strangers returns the orphans that were lately reaped by a process that is not an init.
func strangers(records []history.Record, now time.Time) []doctor.Stranger {
	var all []doctor.Stranger
	for i := range records {
		r := &records[i]
		if r.Inspector || r.Foreign || now.Sub(r.Time) > doctor.Lately {
			continue
		}
		if text := r.Stranger(); text != "" {
			all = append(all, doctor.Stranger{Failure: failureOf(r), Known: r.Known, Text: text})
		}
	}
	return all
}

// oomHit returns when the kernel last killed a process because of the memory limit.
func oomHit(records []history.Record, zone *time.Location) (hit doctor.Hit) {
	for i := range records {
		if r := &records[i]; r.Kind == history.KindOOM && !r.Time.Before(hit.Time) {
			hit = doctor.Hit{Time: r.Time, Text: "the init noted at " + r.Time.In(zone).Format(time.TimeOnly) + ": " + r.Text}
		}
	}
	return hit
}

// MemoryOf returns what the header of a history tells about it. failed is why there is none;
// own says that the reader itself records it.
func MemoryOf(h *history.Header, own bool, failed error) (m doctor.Memory) {
	if failed != nil {
		m.None = failed.Error()
		if none, ok := errors.AsType[*history.NotFoundError](failed); ok {
			m.Hidden = none.Denied
		}
		return m
	}
	if own {
		return m
	}
	m.Blind = h.Watch > 0 && h.Sources&history.SourceWatch != 0 && h.Sources&(history.SourceStatus|history.SourceAccounting) == 0
	switch {
	case h.Unwatched == 1:
		m.Missing = append(m.Missing, "1 process was not watched: there were too many")
	case h.Unwatched > 1:
		m.Missing = append(m.Missing, fmt.Sprintf("%d processes were not watched: there were too many", h.Unwatched))
	}
	return m
}

// pidsHit returns when the pids limit was hit last, as the history tells or as the reader saw
// it. Its text is in the time zone zone.
func pidsHit(records []history.Record, seen time.Time, zone *time.Location) doctor.Hit {
	hit := doctor.Hit{Time: seen}
	for i := range records {
		if r := &records[i]; tellsOfPids(r) && !r.Time.Before(hit.Time) {
			hit = doctor.Hit{Time: r.Time, Text: "the init noted at " + r.Time.In(zone).Format(time.TimeOnly) + ": " + r.Text}
		}
	}
	return hit
}

// tellsOfPids reports whether a record is the warning of the init that the pids limit was hit:
// that of the first time, or that at its end, which has the exit status before it.
func tellsOfPids(r *history.Record) bool {
	_, rest, ok := strings.Cut(r.Text, cgroup.PidsLimitWords)
	return ok && r.Kind == history.KindNote && r.Warning && strings.Contains(rest, cgroup.WasHitWords)
}
