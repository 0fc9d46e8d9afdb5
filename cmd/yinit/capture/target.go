package capture

import (
	"cmp"
	"errors"
	"fmt"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// target is a [verdict.Target], without what the process has too. An enumeration is the
// number of its value.
type target struct {
	Comm          str       `json:"comm"`
	Kernel        bool      `json:"kernel,omitempty"`
	UID           [4]uint32 `json:"uid"`
	NSpid         []int     `json:"nspid"`
	Tracer        int       `json:"tracer,omitempty"`
	Signals       *sets     `json:"signals,omitempty"`
	Tasks         []task    `json:"tasks"`
	MainBlocked   set       `json:"main_blocked"`
	Partial       bool      `json:"partial,omitempty"`
	SignalFDs     set       `json:"signal_fds"`
	FDsRead       bool      `json:"fds_read"`
	Dying         uint8     `json:"dying,omitempty"`
	Blocker       *blocker  `json:"blocker,omitempty"`
	Orphaned      uint8     `json:"orphaned"`
	CoreOff       uint8     `json:"core_off"`
	Freezer       uint8     `json:"freezer,omitempty"`
	Language      uint8     `json:"language,omitempty"`
	Relay         *relay    `json:"relay,omitempty"`
	BeforeBlocked set       `json:"before_blocked"`
	BeforeIgnored set       `json:"before_ignored"`
	UserNS        uint8     `json:"userns"`
	Permitted     uint8     `json:"permitted"`
}

// task is a [verdict.Task].
type task struct {
	TID         int    `json:"tid"`
	State       string `json:"state"`
	Killed      bool   `json:"killed,omitempty"`
	Exiting     bool   `json:"exiting,omitempty"`
	Blocked     set    `json:"blocked"`
	Wchan       str    `json:"wchan"`
	Sigwait     uint8  `json:"sigwait"`
	Awaited     set    `json:"awaited"`
	AwaitedRead bool   `json:"awaited_read"`
}

// blocker is a [verdict.Blocker].
type blocker struct {
	PID    int    `json:"pid"`
	Comm   str    `json:"comm"`
	State  string `json:"state"`
	Tracer int    `json:"tracer"`
	By     str    `json:"by"`
	More   int    `json:"more"`
}

func targetOf(t *verdict.Target) *target {
	if t == nil {
		return nil
	}
	v := &target{
		Comm: str(t.Comm), Kernel: t.Kernel, UID: t.UID, NSpid: t.NSpid, Tracer: t.Tracer, Signals: setsOf(t.Sigs), MainBlocked: set(t.MainBlocked),
		Partial: t.Partial, SignalFDs: set(t.SignalFDs), FDsRead: t.FDsRead, Dying: uint8(t.Dying), Orphaned: uint8(t.Orphaned), CoreOff: uint8(t.CoreOff),
		Freezer: uint8(t.Freezer), Language: uint8(t.Language), Relay: relayOf(t.Relay), BeforeBlocked: set(t.Before.Blocked), BeforeIgnored: set(t.Before.Ignored),
		UserNS: uint8(t.UserNS), Permitted: uint8(t.Permitted),
	}
	for i := range t.Tasks {
		k := &t.Tasks[i]
		v.Tasks = append(v.Tasks, task{k.TID, k.State.String(), k.Killed, k.Exiting, set(k.Blocked), str(k.Wchan), uint8(k.Sigwait), set(k.Awaited), k.AwaitedRead})
	}
	if b := t.Blocker; b != nil {
		v.Blocker = &blocker{b.PID, str(b.Comm), b.State.String(), b.Tracer, str(b.By), b.More}
	}
	return v
}

// value returns the target of p.
func (v *target) value(p *snapshot.Process) (*verdict.Target, error) {
	if v == nil {
		return nil, nil
	}
	if len(v.Tasks) > mostItems || len(v.NSpid) > 64 {
		return nil, errors.New("it has too many threads")
	}
	t := &verdict.Target{
		ID: p.ID, State: p.State, PGRP: p.PGRP, Session: p.Session,
		Comm: string(v.Comm), Kernel: v.Kernel, UID: v.UID, NSpid: v.NSpid, Tracer: v.Tracer, Sigs: v.Signals.value(), MainBlocked: procfs.SignalSet(v.MainBlocked),
		Partial: v.Partial, SignalFDs: procfs.SignalSet(v.SignalFDs), FDsRead: v.FDsRead,
		Before: verdict.Masks{Blocked: procfs.SignalSet(v.BeforeBlocked), Ignored: procfs.SignalSet(v.BeforeIgnored)},
	}
	if v.Relay != nil {
		t.Relay = v.Relay
	}
	for i := range v.Tasks {
		k, err := v.Tasks[i].value()
		if err != nil {
			return nil, err
		}
		t.Tasks = append(t.Tasks, k)
	}
	if b := v.Blocker; b != nil {
		s, err := state(b.State)
		if err != nil {
			return nil, err
		}
		t.Blocker = &verdict.Blocker{PID: b.PID, Comm: string(b.Comm), State: s, Tracer: b.Tracer, By: string(b.By), More: count(b.More)}
	}
	return t, v.enums(t)
}

// enums sets the enumerations of t.
func (v *target) enums(t *verdict.Target) error {
	var errs [7]error
	t.Dying, errs[0] = enum(v.Dying, verdict.Exiting, "dying")
	t.Orphaned, errs[1] = enum(v.Orphaned, lastAnswer, "orphaned")
	t.CoreOff, errs[2] = enum(v.CoreOff, lastAnswer, "core_off")
	t.Freezer, errs[3] = enum(v.Freezer, verdict.Freezer1, "freezer")
	t.Language, errs[4] = enum(v.Language, verdict.Java, "language")
	t.UserNS, errs[5] = enum(v.UserNS, verdict.NSOutside, "userns")
	t.Permitted, errs[6] = enum(v.Permitted, lastAnswer, "permitted")
	return cmp.Or(errs[:]...)
}

const lastAnswer = max(verdict.Unknown, verdict.Yes, verdict.No)

func (k *task) value() (verdict.Task, error) {
	t := verdict.Task{
		TID: k.TID, Killed: k.Killed, Exiting: k.Exiting, Blocked: procfs.SignalSet(k.Blocked), Wchan: string(k.Wchan),
		Awaited: procfs.SignalSet(k.Awaited), AwaitedRead: k.AwaitedRead,
	}
	var err error
	if t.State, err = state(k.State); err != nil {
		return t, err
	}
	t.Sigwait, err = enum(k.Sigwait, lastAnswer, "sigwait")
	return t, err
}

// relay is a [verdict.Relay]: what an init does with each signal, by its number.
type relay struct {
	To      map[int]int `json:"forwards"`
	Dropped []int       `json:"drops,omitempty"`
	Reasons map[int]str `json:"reasons"`
}

func relayOf(r verdict.Relay) *relay {
	if r == nil {
		return nil
	}
	v := &relay{To: map[int]int{}, Reasons: map[int]str{}}
	for n := 1; n <= lastSignal; n++ {
		if to := r.Forwards(n); to != 0 {
			v.To[n] = to
		}
		if r.Drops(n) {
			v.Dropped = append(v.Dropped, n)
		}
		v.Reasons[n] = str(r.Reason(n))
	}
	return v
}

const lastSignal = 64

// Forwards implements [verdict.Relay].
func (r *relay) Forwards(n int) int {
	if to := r.To[n]; to >= 0 && to <= lastSignal {
		return to
	}
	return 0
}

// Drops implements [verdict.Relay].
func (r *relay) Drops(n int) bool {
	for _, d := range r.Dropped {
		if d == n {
			return r.Forwards(n) == 0
		}
	}
	return false
}

// Reason implements [verdict.Relay].
func (r *relay) Reason(n int) string {
	if why := r.Reasons[n]; why != "" {
		return string(why)
	}
	return fmt.Sprintf("the init handles %s", procfs.SignalName(n))
}
