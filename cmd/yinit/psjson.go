package main

import (
	"bufio"
	"fmt"
	"math"
	"strings"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
)

// The JSON of yinit ps: one object for each process.
type (
	jsonRow struct {
		PID        int          `json:"pid"`
		PPID       int          `json:"ppid"`
		PGID       int          `json:"pgid"`
		Session    int          `json:"session"`
		Start      procfs.Ticks `json:"start"` // since boot, in clock ticks of 1/100 s
		User       string       `json:"user"`
		UID        *uint32      `json:"uid"` // null: unknown
		State      string       `json:"state"`
		Threads    int          `json:"threads"`
		CPU        float64      `json:"cpu"` // percent of one CPU
		CPUMS      int64        `json:"cpu_ms"`
		RSSKB      uint64       `json:"rss_kb"`
		AgeMS      int64        `json:"age_ms"`
		Term       string       `json:"term"`
		TermReason string       `json:"term_reason"`
		Comm       string       `json:"comm"`
		Cmdline    string       `json:"cmdline"`
		Zombie     *jsonDead    `json:"zombie,omitempty"`
		Depth      *int         `json:"depth,omitempty"`   // with --tree
		Matched    *bool        `json:"matched,omitempty"` // with --tree and --filter
		CommHex    string       `json:"comm_hex,omitempty"`
		CmdlineHex string       `json:"cmdline_hex,omitempty"`
	}
	// jsonDead is how a zombie ended, and which process ought to reap it.
	jsonDead struct {
		Known   bool   `json:"known"` // false: code, signal and core mean nothing
		Code    int    `json:"code"`
		Signal  string `json:"signal"`
		Core    bool   `json:"core"`
		Ended   string `json:"ended"`   // in words
		Culprit int    `json:"culprit"` // 0: outside the container
		Blamed  string `json:"blamed"`  // the culprit in words
	}
)

func (l *listing) printJSON(out *bufio.Writer) {
	for _, r := range l.rows {
		p := &l.family.Procs[r.Index]
		j := l.jsonOf(p)
		if l.tree {
			j.Depth = &r.Depth
			if l.matched != nil {
				matched := l.matches(r.Index)
				j.Matched = &matched
			}
		}
		fmt.Fprintln(out, history.JSONLine(j))
	}
}

func (l *listing) jsonOf(p *snapshot.Process) jsonRow {
	n, _ := procfs.ParseSignal("TERM")
	reason := explain.Predict(p, p.Target, n, l.snap.Caller).Reason
	cmdline := strings.Join(p.Cmdline, " ")
	j := jsonRow{
		PID: p.ID.PID, PPID: p.PPID, PGID: p.PGRP, Session: p.Session, Start: p.ID.Start, User: p.User,
		State: p.State.String(), Threads: p.Threads, CPU: math.Round(p.CPU*1000) / 10, CPUMS: p.CPUTime.Milliseconds(),
		RSSKB: uint64(p.RSS / procfs.KiB), AgeMS: p.Age.Milliseconds(), Term: p.Term.String(), TermReason: reason,
		Comm: p.Comm, Cmdline: cmdline, CommHex: history.Hex(p.Comm), CmdlineHex: history.Hex(cmdline),
	}
	if p.User != "" {
		j.UID = &p.UID
	}
	if p.Dead() {
		j.Zombie = jsonOfDead(p, explained(l.family, p, l.snap).Blamed)
	}
	return j
}

func jsonOfDead(p *snapshot.Process, blamed string) *jsonDead {
	d := &jsonDead{Known: p.Known, Ended: procfs.Ended(p.Known, p.Status), Culprit: p.Culprit, Blamed: blamed}
	if !p.Known {
		return d
	}
	d.Code, d.Core = p.Status.Shell(), p.Status.CoreDumped()
	if p.Status.Signaled() {
		d.Signal = procfs.SignalName(p.Status.Signal())
	}
	return d
}
