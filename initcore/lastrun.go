package initcore

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// comparePlace notes where this run takes place, and says how the last run ended, if it
// kept its history in the same file.
func (k *kernel) comparePlace(m *machine) {
	if m.cfg.History == "" {
		return
	}
	now := time.Now()
	k.oom.startCounting(now)
	p := history.Place{BootID: k.bootID(), Group: k.oom.meter.OOMGroup(), OOMKills: k.oom.kills}
	m.hist.SetPlace(p)
	k.oom.grown = m.hist.SetOOMKills
	m.now = now
	m.tellLastRun(p)
}

// bootID returns the boot ID of the machine; zero if it is unknown.
func (k *kernel) bootID() (id [16]byte) {
	text, err := k.fs.BootID()
	b, bad := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err == nil && bad == nil && len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// tellLastRun logs and records how the last run ended. here is the place of this run.
func (m *machine) tellLastRun(here history.Place) {
	last, ok := m.hist.LastRun()
	if !ok {
		return
	}
	if !last.Hard {
		m.log.Info(fmt.Sprintf("the last run (run %d) ended %s ago with exit status %d, after %s",
			last.Number, procfs.Span(m.now.Sub(last.Ended)), last.Status, procfs.Span(last.Ended.Sub(last.Began))))
		return
	}
	text := fmt.Sprintf("the last run (run %d) ended hard, without a shutdown record: %s", last.Number, strings.Join(whyHard(last, here), "; "))
	if loop := loopText(m.hist.Runs(), m.now); loop != "" {
		text += "; " + loop
	}
	m.log.Warn(text)
	m.noteWarning(text)
}

// times says how often something happened.
func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// whyHard lists what is known about the end of a run that has no final record.
func whyHard(last history.LastRun, here history.Place) (all []string) {
	then := last.Place
	switch {
	case then.BootID != [16]byte{} && here.BootID != [16]byte{} && then.BootID != here.BootID:
		all = append(all, "the machine was rebooted since")
	case then.Group != 0 && then.Group == here.Group && here.OOMKills > then.OOMKills:
		all = append(all, fmt.Sprintf("the memory limit was hit meanwhile (oom_kill %d → %d)", then.OOMKills, here.OOMKills))
	case then.Group != 0 && then.OOMKills > 0:
		all = append(all, "the memory limit had been hit "+times(then.OOMKills)+" before (oom_kill)")
	}
	switch {
	case last.StopBy != 0:
		all = append(all, fmt.Sprintf("%s had come at %s", procfs.SignalName(last.StopBy), clock(last.StopAt)))
	case !last.StopAt.IsZero():
		all = append(all, "its shutdown had begun at "+clock(last.StopAt))
	default:
		all = append(all, "no stop signal had come")
	}
	if last.Last.Seq != 0 {
		all = append(all, fmt.Sprintf("its last record, at %s, is %s", clock(last.Last.Time), recordText(&last.Last)))
	}
	return all
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// recordText describes a record for a sentence.
func recordText(r *history.Record) string {
	switch r.Kind {
	case history.KindSignal:
		return r.SignalText(" → ")
	case history.KindStart:
		return fmt.Sprintf("the start of %d (%s)", r.PID, r.Comm)
	case history.KindExit:
		return fmt.Sprintf("the exit of %d (%s): %s", r.PID, r.Comm, r.How())
	}
	var words []string
	for _, p := range r.Parts() {
		words = append(words, p.Text)
	}
	text := r.Kind.String() + ": " + strings.Join(words, ", ")
	if r.PID > 0 && r.Comm != "" {
		return fmt.Sprintf("%d (%s), %s", r.PID, r.Comm, text)
	}
	return text
}

// A crash loop is told from its third end within loopSpan.
const (
	loopSpan = 10 * time.Minute
	loopEnds = 3
)

// loopText describes a loop of ends, the last of which is at the end of runs: "4th end
// within 10 min, each exit 3 after 2s". It returns "" if there is none, or if the last
// end was asked for.
func loopText(runs []history.Run, now time.Time) string {
	var ends []history.Run
	for i := len(runs) - 1; i >= 0; i-- {
		if r := runs[i]; r.Asked || now.Sub(r.Ended) > loopSpan || r.Ended.After(now) {
			break
		}
		ends = append(ends, runs[i])
	}
	if len(ends) < loopEnds {
		return ""
	}
	text := fmt.Sprintf("%s end within %d min", procfs.Ordinal(len(ends)), loopSpan/time.Minute)
	if len(ends) > mostEnds {
		text = fmt.Sprintf("more than %d ends within %d min", mostEnds, loopSpan/time.Minute)
	}
	first := ends[0]
	for _, r := range ends {
		if howRun(r) != howRun(first) {
			return text + ", the last one: " + howRun(first) + " after " + procfs.Span(first.Ended.Sub(first.Began))
		}
	}
	least, most := spans(ends)
	if most-least > max(least/4, time.Second) {
		return text + ", each " + howRun(first) + " after " + procfs.Span(least) + " to " + procfs.Span(most)
	}
	return text + ", each " + howRun(first) + " after " + procfs.Span((least+most)/2)
}

// mostEnds is how many ends are counted: the history keeps no more.
const mostEnds = 8

// howRun says how a run ended.
func howRun(r history.Run) string {
	if r.Hard {
		return "killed hard"
	}
	return fmt.Sprintf("exit %d", r.Status)
}

// spans returns the shortest and the longest run.
func spans(runs []history.Run) (least, most time.Duration) {
	for i, r := range runs {
		d := max(r.Ended.Sub(r.Began), 0)
		if i == 0 || d < least {
			least = d
		}
		most = max(most, d)
	}
	return least, most
}

// tellLoop logs and records that this run is one more of a loop, and keeps the sentence
// for the report. A run that a signal has asked to end is no part of a loop.
func (m *machine) tellLoop(now time.Time) {
	began := m.hist.Began()
	if began.IsZero() {
		return
	}
	loop := loopText(append(m.hist.Runs(), history.Run{Began: began, Ended: now, Status: m.exitStatus(), Asked: m.stopSig != 0}), now)
	if loop == "" {
		return
	}
	m.loop = loop
	level := slog.LevelWarn
	if m.exitStatus() == 0 { // a job that runs often is no fault
		level = slog.LevelInfo
	}
	m.now = now
	m.log.Log(context.Background(), level, loop)
	if level == slog.LevelWarn {
		m.noteWarning(loop)
		return
	}
	m.note(history.KindNote, loop)
}
