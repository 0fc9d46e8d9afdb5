// Package tally counts what records tell of exits and signals, for metrics. A container can
// neither make the number of names grow without bounds nor make a count fall.
package tally

import (
	"cmp"
	"sort"
	"strconv"
	"strings"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/metrics"
)

// The largest numbers of labels. Whatever comes later is counted as other.
const (
	maxComms   = 20
	maxCodes   = 8 // of one name, as its exit codes and signals
	maxSenders = 10
)

// An Exit is what exits are counted by.
type Exit struct {
	Comm   string `json:"comm"`
	Result string `json:"result"` // exit, signal or unknown
	Code   string `json:"code"`   // exit code, or name of the signal
}

// A Signal is what received signals are counted by.
type Signal struct {
	Signal string `json:"signal"`
	Sender string `json:"sender"`
}

// Counts are the counters of a container. The zero value is ready to use.
type Counts struct {
	Exits   map[Exit]uint64
	Signals map[Signal]uint64
	Missed  uint64
}

// AddExit counts n processes that have ended. Records of many are better added by [Counts.Add],
// which gives their labels to the most frequent names.
func (c *Counts) AddExit(e Exit, n uint64) {
	if c.Exits == nil {
		c.Exits = map[Exit]uint64{}
	}
	if !c.known(e.Comm) && c.comms() >= maxComms {
		e.Comm = metrics.Other
	}
	if _, ok := c.Exits[e]; !ok && c.codes(e.Comm) >= maxCodes {
		e.Code = metrics.Other
	}
	c.Exits[e] += n
}

func (c *Counts) known(comm string) bool {
	for e := range c.Exits {
		if e.Comm == comm {
			return true
		}
	}
	return false
}

// comms returns how many names have a label.
func (c *Counts) comms() int {
	names := map[string]bool{}
	for e := range c.Exits {
		names[e.Comm] = true
	}
	delete(names, metrics.Other)
	return len(names)
}

// codes returns how many ways to end have a label for this name.
func (c *Counts) codes(comm string) (n int) {
	for e := range c.Exits {
		if e.Comm == comm && e.Code != metrics.Other {
			n++
		}
	}
	return n
}

// AddSignal counts n signals.
func (c *Counts) AddSignal(s Signal, n uint64) {
	if c.Signals == nil {
		c.Signals = map[Signal]uint64{}
	}
	senders := map[string]bool{}
	for k := range c.Signals {
		senders[k.Sender] = true
	}
	delete(senders, metrics.Other)
	if !senders[s.Sender] && len(senders) >= maxSenders {
		s.Sender = metrics.Other
	}
	c.Signals[s] += n
}

// Add counts records. Those of yinit's own commands and of other containers do not count.
func (c *Counts) Add(records []history.Record) {
	exits, comms := map[Exit]int{}, map[string]int{}
	for i := range records {
		r := &records[i]
		switch {
		case r.Inspector || r.Foreign:
		case r.Kind == history.KindExit:
			e := ExitOf(r.Comm, r.Known, r.Status)
			exits[e]++
			comms[e.Comm]++
		case r.Kind == history.KindSignal:
			c.AddSignal(Signal{procfs.SignalName(r.Signal), sender(r)}, uint64(max(r.Count, 1)))
		}
	}
	sorted := make([]Exit, 0, len(exits))
	for e := range exits {
		sorted = append(sorted, e)
	}
	sort.Slice(sorted, func(i, k int) bool { // the most frequent name first
		a, b := sorted[i], sorted[k]
		return cmp.Or(cmp.Compare(comms[b.Comm], comms[a.Comm]), strings.Compare(a.Comm, b.Comm),
			cmp.Compare(exits[b], exits[a]), strings.Compare(a.Code, b.Code)) < 0
	})
	for _, e := range sorted {
		c.AddExit(e, uint64(exits[e]))
	}
}

// ExitOf returns what the exit of a process is counted by.
func ExitOf(comm string, known bool, status procfs.WaitStatus) Exit {
	comm = metrics.Text(comm)
	switch {
	case !known:
		return Exit{Comm: comm, Result: "unknown"}
	case status.Signaled():
		return Exit{comm, "signal", procfs.SignalName(status.Signal())}
	}
	return Exit{comm, "exit", strconv.Itoa(status.ExitCode())}
}

// sender names the sender of a signal without its pid, of which there are too many.
func sender(r *history.Record) string {
	if origin := r.Origin(); origin != history.OriginProcess || r.Comm == "" {
		return origin.String()
	}
	return metrics.Text(r.Comm)
}

// Put adds the counters to a set. labels are those of the container.
func (c *Counts) Put(s *metrics.Set, labels []string) {
	add := func(f *metrics.Family, n uint64, more ...string) {
		s.Add(f, float64(n), append(labels[:len(labels):len(labels)], more...)...)
	}
	for e, n := range c.Exits {
		add(metrics.Exits, n, e.Comm, e.Result, e.Code)
	}
	for k, n := range c.Signals {
		add(metrics.Signals, n, k.Signal, k.Sender)
	}
	add(metrics.Missed, c.Missed)
}
