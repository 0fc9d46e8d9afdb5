package capture

import (
	"errors"
	"time"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// report is a [zombie.Report].
type report struct {
	Init     uint8     `json:"init"`
	Hidden   int       `json:"hidden"`
	Culprits []culprit `json:"culprits"`
}

// culprit is a [zombie.Culprit].
type culprit struct {
	PID     int    `json:"pid"`
	Cause   uint8  `json:"cause"`
	Of      int    `json:"of,omitempty"`
	Origin  uint8  `json:"origin"`
	Cmdline str    `json:"cmdline"`
	Reaper  reaper `json:"reaper"`
	Zombies []dead `json:"zombies"`
}

// reaper is a [zombie.Reaper].
type reaper struct {
	Stat    stat   `json:"stat"`
	UID     uint32 `json:"uid"`
	Tracer  int    `json:"tracer,omitempty"`
	Signals *sets  `json:"signals,omitempty"`
	Waits   []wait `json:"waits,omitempty"`
	Hidden  bool   `json:"hidden,omitempty"`
	InVfork bool   `json:"in_vfork,omitempty"`
	Child   int    `json:"child,omitempty"`
	Init    bool   `json:"init,omitempty"`
}

type wait struct {
	PID   int  `json:"pid"`
	Other bool `json:"other"`
}

// dead is a [zombie.Zombie].
type dead struct {
	Stat   stat  `json:"stat"`
	Known  bool  `json:"known"`
	AgeMS  int64 `json:"age_ms"`
	DeadMS int64 `json:"dead_ms"`
	Exact  bool  `json:"dead_known"`
	Origin uint8 `json:"origin"`
}

// stat is what is shown of a [procfs.Stat].
type stat struct {
	PID     int    `json:"pid"`
	Start   int64  `json:"start"`
	Comm    str    `json:"comm"`
	State   string `json:"state"`
	PPID    int    `json:"ppid"`
	Threads int    `json:"threads"`
	Status  uint32 `json:"wait_status"`
}

func statOf(s *procfs.Stat) stat {
	return stat{s.PID, int64(s.Start), str(s.Comm), s.State.String(), s.PPID, s.Threads, uint32(s.ExitCode)}
}

func (v *stat) value() (procfs.Stat, error) {
	s := procfs.Stat{PID: v.PID, Start: procfs.Ticks(v.Start), Comm: string(v.Comm), PPID: v.PPID, Threads: count(v.Threads), ExitCode: procfs.WaitStatus(v.Status)}
	if min(v.PID, v.PPID) < 0 || max(v.PID, v.PPID) > mostCount {
		return s, errors.New("a pid among its zombies is none")
	}
	var err error
	s.State, err = state(v.State)
	return s, err
}

func reportOf(r *zombie.Report) *report {
	if r == nil {
		return nil
	}
	v := &report{Init: uint8(r.Init), Hidden: r.Hidden}
	for _, c := range r.Culprits {
		p := &c.Reaper
		w := culprit{
			PID: c.Culprit, Cause: uint8(c.Cause), Of: c.Of, Origin: uint8(c.Origin), Cmdline: str(c.Cmdline),
			Reaper: reaper{Stat: statOf(&p.Stat), UID: p.UID, Tracer: p.Tracer, Signals: setsOf(p.Sigs), Hidden: p.Hidden, InVfork: p.InVfork, Child: p.Child, Init: p.Init},
		}
		for _, of := range p.Waits {
			w.Reaper.Waits = append(w.Reaper.Waits, wait{of.PID, of.Other})
		}
		for i := range c.Zombies {
			z := &c.Zombies[i]
			w.Zombies = append(w.Zombies, dead{statOf(&z.Stat), z.Known, z.Age.Milliseconds(), z.Dead.Milliseconds(), z.Exact, uint8(z.Origin)})
		}
		v.Culprits = append(v.Culprits, w)
	}
	return v
}

func (v *report) value() (*zombie.Report, error) {
	if v == nil {
		return nil, nil
	}
	if len(v.Culprits) > mostProcesses {
		return nil, errors.New("it has too many culprits")
	}
	init, err := enum(v.Init, zombie.InitDoesNotReap, "zombies.init")
	r := &zombie.Report{Init: init, Hidden: count(v.Hidden)}
	for i := range v.Culprits {
		c, wrong := v.Culprits[i].value()
		if wrong != nil {
			return nil, wrong
		}
		r.Culprits = append(r.Culprits, c)
	}
	return r, err
}

func (v *culprit) value() (*zombie.Culprit, error) {
	c := &zombie.Culprit{Blame: zombie.Blame{Culprit: v.PID, Of: v.Of}, Cmdline: string(v.Cmdline)}
	if v.PID < 0 || v.PID > mostCount || len(v.Zombies) > mostProcesses || len(v.Reaper.Waits) > mostItems {
		return nil, errors.New("it has a culprit that does not fit")
	}
	var err error
	if c.Cause, err = enum(v.Cause, zombie.CauseNeverWaits, "cause"); err != nil {
		return nil, err
	}
	if c.Origin, err = enum(v.Origin, zombie.OriginOrphan, "origin"); err != nil {
		return nil, err
	}
	p := &v.Reaper
	c.Reaper = zombie.Reaper{UID: p.UID, Tracer: p.Tracer, Sigs: p.Signals.value(), Hidden: p.Hidden, InVfork: p.InVfork, Child: p.Child, Init: p.Init}
	if c.Reaper.Stat, err = p.Stat.value(); err != nil {
		return nil, err
	}
	for _, w := range p.Waits {
		c.Reaper.Waits = append(c.Reaper.Waits, zombie.Wait{PID: w.PID, Other: w.Other})
	}
	for i := range v.Zombies {
		w := &v.Zombies[i]
		z := zombie.Zombie{Known: w.Known, Age: ms(w.AgeMS), Dead: time.Duration(ms(w.DeadMS)), Exact: w.Exact}
		if z.Origin, err = enum(w.Origin, zombie.OriginOrphan, "origin"); err != nil {
			return nil, err
		}
		if z.Stat, err = w.Stat.value(); err != nil {
			return nil, err
		}
		c.Zombies = append(c.Zombies, z)
	}
	return c, nil
}
