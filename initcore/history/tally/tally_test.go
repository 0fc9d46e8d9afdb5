package tally

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/metrics"
)

func exit(seq uint64, comm string, status procfs.WaitStatus) history.Record {
	return history.Record{Seq: seq, Run: 1, Kind: history.KindExit, Comm: comm, Known: true, Status: status}
}

// TestBounds: 10,000 names do not make 10,000 series, and the frequent ones keep theirs.
func TestBounds(t *testing.T) {
	var c Counts
	var records []history.Record
	for i := range 10000 {
		records = append(records, exit(0, fmt.Sprintf("name%d", i), procfs.WaitStatus(i%200<<8)))
	}
	for range 3 {
		records = append(records, exit(0, "web", 9))
	}
	c.Add(records)
	if n := c.Exits[Exit{"web", "signal", "SIGKILL"}]; n != 3 {
		t.Errorf("web: %d, want 3: %v", n, c.Exits)
	}
	before := sum(&c)
	if len(c.Exits) > (maxComms+1)*(maxCodes+1) || before != 10003 {
		t.Errorf("%d series, %d exits", len(c.Exits), before)
	}
	for i := range 200 { // one name with all exit codes
		c.AddExit(Exit{"web", "exit", fmt.Sprint(i)}, 1)
		c.AddSignal(Signal{"SIGHUP", fmt.Sprint("sender", i)}, 1)
	}
	if len(c.Exits) > (maxComms+1)*(maxCodes+2) || sum(&c) != before+200 || len(c.Signals) != maxSenders+1 {
		t.Errorf("%d series of exits, %d of signals, %d exits", len(c.Exits), len(c.Signals), sum(&c))
	}
}

func sum(c *Counts) (n uint64) {
	for _, k := range c.Exits {
		n += k
	}
	return n
}

// TestAdd: what counts, and by which labels.
func TestAdd(t *testing.T) {
	var c Counts
	c.Add([]history.Record{
		exit(1, "a", 1<<8), exit(2, "a", 1<<8), exit(3, "a\n", 0),
		{Kind: history.KindExit, Comm: "b"},
		{Kind: history.KindExit, Comm: "yinit", Inspector: true, Known: true},
		{Kind: history.KindExit, Comm: "else", Foreign: true, Known: true},
		{Kind: history.KindStart, Comm: "a"},
		{Kind: history.KindSignal, Signal: 15, PID: 0},
		{Kind: history.KindSignal, Signal: 1, PID: 7, Comm: "sh", Count: 40},
	})
	want := Counts{
		Exits:   map[Exit]uint64{{"a", "exit", "1"}: 2, {`a\n`, "exit", "0"}: 1, {"b", "unknown", ""}: 1},
		Signals: map[Signal]uint64{{"SIGTERM", "outside"}: 1, {"SIGHUP", "sh"}: 40},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

// TestAdvance: each record counts once, also by the next program that reads the state; what was
// overwritten counts as missed.
func TestAdvance(t *testing.T) {
	s := Parse(nil, "boot")
	h := &history.Header{InitStart: 5, Run: 1, Written: 12, Missed: 2}
	e := s.Entry("docker://1")
	e.Seen = time.Unix(1700000000, 0)
	if got := e.After(h); got != 0 {
		t.Errorf("begins after %d", got)
	}
	e.Advance(h, &history.Batch{Records: []history.Record{exit(11, "a", 0), exit(12, "a", 0)}})
	if n := e.Counts.Exits[Exit{"a", "exit", "0"}]; n != 2 || e.Counts.Missed != 12 {
		t.Errorf("first: %+v", e)
	}
	b, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if other := Parse(b, "another boot"); len(other.Entries) != 0 {
		t.Errorf("another boot: %+v", other)
	}
	s = Parse(b, "boot")
	if diff := cmp.Diff(e, s.Entry("docker://1"), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	e = s.Entry("docker://1")
	h.Written, h.Missed = 20, 3
	if got := e.After(h); got != 12 {
		t.Errorf("goes on after %d", got)
	}
	e.Advance(h, &history.Batch{Records: []history.Record{exit(20, "a", 0)}, Lost: 7})
	e.Advance(h, &history.Batch{})
	if n := e.Counts.Exits[Exit{"a", "exit", "0"}]; n != 3 || e.Counts.Missed != 20 {
		t.Errorf("second: %+v", e)
	}
	// The container was restarted, with a file of history: the runs before were counted.
	h = &history.Header{InitStart: 9, Run: 2, Written: 23}
	old, fresh := exit(20, "a", 0), exit(23, "a", 0)
	fresh.Run = 2
	e.Advance(h, &history.Batch{Records: []history.Record{old, fresh}})
	if n := e.Counts.Exits[Exit{"a", "exit", "0"}]; n != 4 || e.Seq != 23 {
		t.Errorf("restarted: %+v", e)
	}
	s.Forget(time.Unix(1700000001, 0))
	if len(s.Entries) != 0 {
		t.Errorf("not forgotten: %+v", s)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"boot_id":"b","entries":{"x":null,"y":{"counts":{"exits":[{"comm":"a","n":1}]}}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := Parse(b, "b")
		set := &metrics.Set{}
		for _, e := range s.Entries {
			e.Counts.Add([]history.Record{exit(1, "a", 0)})
			e.Counts.Put(set, e.Labels)
		}
		if _, err := s.JSON(); err != nil {
			t.Error(err)
		}
	})
}

func TestStart(t *testing.T) {
	var e Entry
	at := time.Unix(1700000000, 4e8)
	a, b := e.Start(5, at), e.Start(5, at.Add(200*time.Millisecond))
	if c := e.Start(6, at.Add(time.Hour)); !a.Equal(b) || !c.Equal(time.Unix(1700003600, 0)) {
		t.Error(a, b, c)
	}
}
