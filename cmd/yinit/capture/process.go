package capture

import (
	"errors"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// process is a [snapshot.Process].
type process struct {
	PID       int        `json:"pid"`
	Start     int64      `json:"start"`
	PPID      int        `json:"ppid"`
	PGID      int        `json:"pgid"`
	Session   int        `json:"session"`
	Threads   int        `json:"threads"`
	State     string     `json:"state"`
	User      str        `json:"user"`
	UID       uint32     `json:"uid"`
	Comm      str        `json:"comm"`
	Cmdline   []str      `json:"cmdline"`
	CPU       float64    `json:"cpu"`
	CPUTimeMS int64      `json:"cpu_time_ms"`
	RSS       uint64     `json:"rss"`
	AgeMS     int64      `json:"age_ms"`
	Signals   *sets      `json:"signals,omitempty"`
	Target    *target    `json:"target,omitempty"`
	Term      string     `json:"term"`
	Status    uint32     `json:"wait_status"`
	Known     bool       `json:"known"`
	Culprit   int        `json:"culprit"`
	Outside   bool       `json:"outside"`
	Place     uint8      `json:"place"`
	Container str        `json:"container,omitempty"`
	DeadSince *time.Time `json:"dead_since,omitempty"`
	Details   *details   `json:"details,omitempty"`

	StuckSince *time.Time `json:"stuck_since,omitempty"`
}

func processOf(p *snapshot.Process) process {
	return process{
		PID: p.ID.PID, Start: int64(p.ID.Start), PPID: p.PPID, PGID: p.PGRP, Session: p.Session, Threads: p.Threads, State: p.State.String(),
		User: str(p.User), UID: p.UID, Comm: str(p.Comm), Cmdline: strs[str](p.Cmdline), CPU: finite(p.CPU), CPUTimeMS: p.CPUTime.Milliseconds(),
		RSS: uint64(p.RSS), AgeMS: p.Age.Milliseconds(), Signals: setsOf(p.Sigs), Target: targetOf(p.Target), Term: p.Term.String(),
		Status: uint32(p.Status), Known: p.Known, Culprit: p.Culprit, Outside: p.Outside, Place: uint8(p.Place), Container: str(p.Container),
	}
}

func (p *process) value() (q snapshot.Process, err error) {
	q = snapshot.Process{
		ID: procfs.ID{PID: p.PID, Start: procfs.Ticks(p.Start)}, PPID: p.PPID, PGRP: p.PGID, Session: p.Session, Threads: count(p.Threads),
		User: string(p.User), UID: p.UID, Comm: string(p.Comm), Cmdline: strs[string](p.Cmdline), CPU: amount(p.CPU), CPUTime: ms(p.CPUTimeMS),
		RSS: procfs.Bytes(p.RSS), Age: ms(p.AgeMS), Sigs: p.Signals.value(), Status: procfs.WaitStatus(p.Status), Known: p.Known,
		Culprit: p.Culprit, Outside: p.Outside, Container: string(p.Container),
	}
	switch {
	case p.PID < 1 || p.PID > mostCount || p.Start < 0:
		return q, errors.New("its pid or its start time is none")
	case min(p.PPID, p.PGID, p.Session, p.Culprit) < 0 || max(p.PPID, p.PGID, p.Session, p.Culprit) > mostCount:
		return q, errors.New("the pid of another process is none")
	case len(p.Cmdline) > mostItems:
		return q, errors.New("its command line is too long")
	}
	if q.State, err = state(p.State); err != nil {
		return q, err
	}
	if q.Place, err = enum(p.Place, snapshot.PlaceOther, "place"); err != nil {
		return q, err
	}
	if q.Term, err = outcome(p.Term); err != nil {
		return q, err
	}
	q.Target, err = p.Target.value(&q)
	return q, err
}

// outcome is the inverse of [verdict.Outcome.String].
func outcome(word string) (verdict.Outcome, error) {
	for o := verdict.OutcomeUnknown; o <= verdict.OutcomeDenied; o++ {
		if o.String() == word {
			return o, nil
		}
	}
	return 0, errors.New("its verdict is no word that is known")
}

// details are [snapshot.Details].
type details struct {
	Signals *sets   `json:"signals,omitempty"`
	Target  *target `json:"target,omitempty"`
	Cwd     str     `json:"cwd"`
	Exe     str     `json:"exe"`
}

func detailsOf(d *snapshot.Details) *details {
	return &details{setsOf(d.Sigs), targetOf(d.Target), str(d.Cwd), str(d.Exe)}
}

func (d *details) value(p *snapshot.Process) (snapshot.Details, error) {
	t, err := d.Target.value(p)
	return snapshot.Details{Sigs: d.Signals.value(), Target: t, Cwd: string(d.Cwd), Exe: string(d.Exe)}, err
}

// caller is a [verdict.Caller].
type caller struct {
	PID          int       `json:"pid"`
	Session      int       `json:"session"`
	UID          [4]uint32 `json:"uid"`
	CapEff       set       `json:"cap_eff"`
	Depth        int       `json:"depth"`
	AllIDs       bool      `json:"all_ids"`
	Unrestricted bool      `json:"unrestricted"`
	Above        bool      `json:"above"`
}

func callerOf(c *verdict.Caller) caller {
	return caller{c.PID, c.Session, c.UID, set(c.CapEff), c.Depth, c.AllIDs, c.Unrestricted, c.Above}
}

func (c caller) value() verdict.Caller {
	return verdict.Caller{PID: c.PID, Session: c.Session, UID: c.UID, CapEff: uint64(c.CapEff), Depth: c.Depth, AllIDs: c.AllIDs, Unrestricted: c.Unrestricted, Above: c.Above}
}
