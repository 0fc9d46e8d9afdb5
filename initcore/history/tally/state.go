package tally

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// An Entry is the counters of a container, and up to where its history has been counted.
type Entry struct {
	Labels  []string     `json:"labels"`
	Init    procfs.Ticks `json:"init"`    // start time of the init that keeps the history
	Seq     uint64       `json:"seq"`     // of the last record that was counted
	Unseen  uint64       `json:"unseen"`  // what the init itself had missed then
	First   procfs.Ticks `json:"first"`   // start time of PID 1
	Started time.Time    `json:"started"` // the same as a time; zero: unknown
	Seen    time.Time    `json:"seen"`    // when the container was last seen
	Counts  Counts       `json:"counts"`
}

// Advance counts what a ring holds that has not been counted yet. b is what was read after
// [Entry.Seq]. Of a ring that is seen for the first time only the current run counts: earlier
// ones in the same file were those of other containers.
func (e *Entry) Advance(h *history.Header, b *history.Batch) {
	records := b.Records
	if e.Init != h.InitStart || e.Seq > h.Written {
		e.Init, e.Seq, e.Unseen = h.InitStart, 0, 0
		records = slices.DeleteFunc(slices.Clone(records), func(r history.Record) bool { return r.Run != h.Run })
		if len(records) > 0 && h.Run == 1 {
			e.Counts.Missed += records[0].Seq - 1
		}
	}
	e.Counts.Add(records)
	unseen := h.Missed + h.Unwatched
	e.Counts.Missed += b.Lost + b.Damaged + unseen - min(unseen, e.Unseen)
	e.Unseen = unseen
	if n := len(b.Records); n > 0 {
		e.Seq = b.Records[n-1].Seq
	}
}

// After returns from where on the ring of an init must be read.
func (e *Entry) After(h *history.Header) uint64 {
	if e.Init != h.InitStart || e.Seq > h.Written {
		return 0
	}
	return e.Seq
}

// Start returns when the first process of the container started, which is the same time at each
// call for the same process: what follows from its age differs by milliseconds.
func (e *Entry) Start(first procfs.Ticks, at time.Time) time.Time {
	if e.Started.IsZero() || e.First != first {
		e.First, e.Started = first, at.Round(time.Second)
	}
	return e.Started
}

// A State is the counters of all containers, by their IDs. It is what a program keeps between
// two runs, so that nothing is counted twice.
type State struct {
	BootID  string            `json:"boot_id"` // start times are since the boot
	Entries map[string]*Entry `json:"entries"`
}

// Parse reads a state that [State.JSON] has written. Anything else, and that of another boot, is
// an empty one.
func Parse(b []byte, bootID string) *State {
	var s State
	if json.Unmarshal(b, &s) != nil || s.BootID != bootID || s.Entries == nil {
		return &State{BootID: bootID, Entries: map[string]*Entry{}}
	}
	for id, e := range s.Entries {
		if e == nil {
			delete(s.Entries, id)
		}
	}
	return &s
}

// JSON returns the state, for [Parse].
func (s *State) JSON() ([]byte, error) { return json.Marshal(s) }

// Entry returns the entry of a container, a new one if there is none.
func (s *State) Entry(id string) *Entry {
	e := s.Entries[id]
	if e == nil {
		e = &Entry{}
		s.Entries[id] = e
	}
	return e
}

// Forget removes the containers that have not been seen since t.
func (s *State) Forget(t time.Time) {
	for id, e := range s.Entries {
		if e.Seen.Before(t) {
			delete(s.Entries, id)
		}
	}
}

// counted is the JSON of [Counts].
type counted struct {
	Exits   []countedExit   `json:"exits"`
	Signals []countedSignal `json:"signals"`
	Missed  uint64          `json:"missed"`
}

type countedExit struct {
	Exit
	N uint64 `json:"n"`
}

type countedSignal struct {
	Signal
	N uint64 `json:"n"`
}

// MarshalJSON writes the counters in a fixed order.
func (c Counts) MarshalJSON() ([]byte, error) {
	j := counted{Missed: c.Missed}
	for e, n := range c.Exits {
		j.Exits = append(j.Exits, countedExit{e, n})
	}
	for s, n := range c.Signals {
		j.Signals = append(j.Signals, countedSignal{s, n})
	}
	sort.Slice(j.Exits, func(i, k int) bool {
		a, b := &j.Exits[i], &j.Exits[k]
		return cmp.Or(strings.Compare(a.Comm, b.Comm), strings.Compare(a.Result, b.Result), strings.Compare(a.Code, b.Code)) < 0
	})
	sort.Slice(j.Signals, func(i, k int) bool {
		a, b := &j.Signals[i], &j.Signals[k]
		return cmp.Or(strings.Compare(a.Signal.Signal, b.Signal.Signal), strings.Compare(a.Sender, b.Sender)) < 0
	})
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (c *Counts) UnmarshalJSON(b []byte) error {
	var j counted
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*c = Counts{Exits: map[Exit]uint64{}, Signals: map[Signal]uint64{}, Missed: j.Missed}
	for _, e := range j.Exits {
		c.Exits[e.Exit] += e.N
	}
	for _, s := range j.Signals {
		c.Signals[s.Signal] += s.N
	}
	return nil
}
