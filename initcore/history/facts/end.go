package facts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/explain"
	"yinit/procfs/fatal"
)

// EndOf returns the index of the last record of the end of the process pid, -1 if there is
// none.
func EndOf(records []history.Record, pid int) int {
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].Kind == history.KindExit && records[i].PID == pid {
			return i
		}
	}
	return -1
}

// Heard says which signals the init forwarded to the process pid, or got from it, that was
// started at the given time at the earliest.
func Heard(records []history.Record, pid int, from, until time.Time) (all []string) {
	for i := range records {
		r := &records[i]
		if r.Kind == history.KindSignal && (r.PID == pid || slices.Contains(r.To, pid)) && !r.Time.Before(from) && !r.Time.After(until) {
			all = append(all, clock(r.Time)+" "+r.SignalText(" → "))
		}
	}
	return all
}

// clock returns the time of day.
func clock(t time.Time) string { return t.Local().Format("15:04:05.000") }

const (
	// soon is how long before the end of a process something may have been its cause.
	soon = time.Second
	// lately is how long before it alike ends are told.
	lately = 10 * time.Minute
	// sigKill is the number of SIGKILL on every architecture.
	sigKill = 9
)

// Ended explains how the process of the exit record with this index ended, and why.
func Ended(records []history.Record, at int) explain.Explanation {
	r := &records[at]
	died := r.Died()
	e := explain.Explanation{Subject: explain.Who(r.PID, r.Comm), Summary: summary(r)}
	if r.Comm == "" {
		e.Subject = explain.Who(r.PID, r.Title())
	}
	x := ending{records: records, r: r, died: died, e: &e}
	x.lived()
	x.signals()
	x.around()
	x.repeats(at)
	x.judge()
	x.next()
	return e
}

// summary says in one sentence how it ended.
func summary(r *history.Record) string {
	at := " at " + r.Died().Local().Format("15:04:05") + ": "
	return explain.Who(r.PID, explain.Cut(r.Title())) + " ended" + at + r.How() + "."
}

// An ending is an explanation in the making.
type ending struct {
	records []history.Record
	r       *history.Record
	died    time.Time
	e       *explain.Explanation
	sender  string // who sent the signal that ended it; "": unknown
}

// lived adds what the record says about its life.
func (x *ending) lived() {
	words := map[string]string{}
	for _, f := range x.r.Fields() {
		words[f.Name] = f.Text
	}
	x.e.Add("command: " + explain.Cut(words["command"]))
	used := ", CPU time " + words["cpu"]
	if x.r.MaxRSS > 0 {
		used += ", memory " + words["memory"]
	}
	x.e.Add("ran " + words["ran"] + ", until " + x.died.Local().Format("2006-01-02 15:04:05.000") + used)
	parent := "parent: " + words["parent"]
	if words["original"] != "" {
		parent += "; " + words["original"]
	}
	reaper := "reaped by " + words["reaper"]
	if !x.r.ReaperKnown() {
		reaper = "who reaped it is unknown"
	}
	x.e.Add(parent + "; " + reaper + prefixed(", zombie ", words["zombie"]))
	x.e.Add(words["stranger"])
	x.e.Add("recorded by " + words["source"])
}

func prefixed(prefix, s string) string {
	if s == "" || s == "reaped at once" {
		return ""
	}
	return prefix + s
}

// signals tells which signals it got, and notes who sent the one that ended it.
func (x *ending) signals() {
	born := time.Time{}
	if x.r.Runtime > 0 {
		born = x.died.Add(-x.r.Runtime)
	}
	until := x.died.Add(10 * time.Millisecond)
	for _, heard := range Heard(x.records, x.r.PID, born, until) {
		x.e.Add(heard)
	}
	for i := range x.records {
		s := &x.records[i]
		ended := x.r.Known && x.r.Status.Signaled() && (s.Passed == x.r.Status.Signal() || s.Passed == 0 && s.Signal == x.r.Status.Signal())
		if s.Kind == history.KindSignal && ended && slices.Contains(s.To, x.r.PID) && !s.Time.Before(born) && !s.Time.After(until) {
			x.sender = s.Sender()
		}
	}
}

// around tells what happened shortly before: a shutdown, the memory limit, the end of a child.
func (x *ending) around() {
	for i := range x.records {
		o := &x.records[i]
		before := x.died.Sub(o.Time)
		switch {
		case o.Run != x.r.Run || o == x.r:
		case o.Kind == history.KindStop && before >= 0:
			x.e.Add(clock(o.Time) + " a shutdown began before: " + o.Text)
		case o.Kind == history.KindOOM && before.Abs() < soon:
			x.e.Add(clock(o.Time) + " " + o.Text)
		case o.Failed() && o.PPID == x.r.PID && before >= 0 && before < soon:
			x.e.Add(fmt.Sprintf("%s before, its child %s %s", procfs.Span(before), explain.Who(o.PID, explain.Cut(o.Title())), o.How()))
			x.child(o)
		}
	}
}

// child notes that the exit code reports the end of a child, as a shell does.
func (x *ending) child(o *history.Record) {
	if x.r.Known && !x.r.Status.Signaled() && o.Status.Shell() == x.r.Status.ExitCode() {
		x.e.Add(fmt.Sprintf("%d is also how that child ended: a shell exits with the status of its last command", x.r.Status.ExitCode()))
		x.e.Try(fmt.Sprintf("yinit explain %d", o.PID))
	}
}

// repeats says how often the same command has ended in the same way.
func (x *ending) repeats(at int) {
	n := 1
	for i := range x.records[:at] {
		o := &x.records[i]
		if o.Kind == history.KindExit && o.Known == x.r.Known && o.Status == x.r.Status && o.Title() == x.r.Title() && x.r.Time.Sub(o.Time) < lately {
			n++
		}
	}
	if n > 1 && x.r.Failed() {
		x.e.Add(fmt.Sprintf("the %s time within %d minutes that this command ended this way", procfs.Ordinal(n), lately/time.Minute))
		x.e.Try("yinit history --failed --since 10m")
	}
}

// judge says how certain it is why the process ended.
func (x *ending) judge() {
	r, why := x.r, x.r.Why()
	perhaps := strings.Contains(why, "perhaps") || strings.Contains(why, "may have")
	switch {
	case !r.Known:
		x.e.Certainty = explain.Unknown
		x.e.Add("the exit status was not recorded; yinit history shows what was")
	case perhaps && r.Status.Signaled():
		x.likely("that " + procfs.SignalName(r.Status.Signal()) + " ended it is known, the reason is likely")
	case perhaps:
		x.likely("")
	case !r.Status.Signaled(), x.sender != "", why != "" && !strings.Contains(why, "no sender is known"):
	default:
		x.unknownSender(procfs.SignalName(r.Status.Signal()))
	}
}

// likely makes the explanation likely. doubt says what is not proved, "" if all of it.
func (x *ending) likely(doubt string) { x.e.Certainty, x.e.Doubts = explain.Likely, doubt }

// unknownSender says who may have sent the signal that ended the process.
func (x *ending) unknownSender(signal string) {
	suspects := x.suspects()
	for _, s := range suspects {
		x.e.Add(s)
	}
	doubt := "that " + signal + " ended it is known, who sent it is not"
	if fatal.DumpsCore(x.r.Status.Signal()) { // most come from the kernel
		doubt = "that " + signal + " ended it is known, what raised it is not"
	}
	switch {
	case len(suspects) > 0:
		x.likely("that " + signal + " ended it is known, who sent it is likely")
	case x.r.Status.Signal() == sigKill:
		x.e.Certainty, x.e.Doubts = explain.Unknown, doubt
		x.e.Add("who sent SIGKILL is unknown: the kernel does not record the sender of a signal to another process than the init")
	default:
		x.likely(doubt)
		x.e.Add("who sent " + signal + ", or what caused it, is not recorded")
	}
}

// next adds what to type next.
func (x *ending) next() {
	why := x.r.Why()
	if strings.Contains(why, "memory limit") {
		x.e.Try("yinit top (M sorts by memory)")
		x.e.Try("raise the memory limit: docker run --memory, or resources.limits.memory")
	}
	x.e.Try(fmt.Sprintf("yinit history --pid %d", x.r.PID))
	if x.r.PPID > 0 {
		x.e.Try(fmt.Sprintf("yinit explain %d", x.r.PPID))
	}
	if x.e.Certainty == explain.Unknown && x.r.Known {
		x.e.Try("dmesg | tail (on the machine)")
	}
}
