// Package capture writes what yinit top shows as JSON, and reads it back. The format is
// described in docs/json.md; later versions only add fields. A file may come from anybody:
// what Decode returns is bounded and consistent, and its texts are as foreign as names of
// processes are.
package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui"
)

// Format is the value of the first field, and Version that of the second. A change that is
// more than a new field needs another version.
const (
	Format  = "yinit-snapshot"
	Version = 1
)

// MaxSize is the size of the largest file that Decode reads, in bytes.
const MaxSize = 256 << 20

// The largest lists that are read.
const (
	mostProcesses = 200_000
	mostRecords   = 50_000
	mostMoments   = 10_000
	mostItems     = 100_000 // in the list of one process
)

// file is the whole of a snapshot.
type file struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Program string `json:"program"`

	Time     time.Time `json:"time"`
	SinceMS  int64     `json:"since_ms"`
	Host     host      `json:"host"`
	Caller   caller    `json:"caller"`
	Procs    []process `json:"processes"`
	History  log       `json:"history"`
	Policy   *policy   `json:"stop_policy,omitempty"`
	Checks   *checks   `json:"checks,omitempty"`
	Zombies  *report   `json:"zombies,omitempty"`
	Trend    []moment  `json:"trend,omitempty"`
	NoDetail int       `json:"without_details,omitempty"`
}

type host struct {
	Name     str     `json:"name"`
	Init     str     `json:"init"`
	UptimeMS int64   `json:"uptime_ms"`
	CPUs     int     `json:"cpus"`
	Pids     int     `json:"pids"`
	PidsMax  int     `json:"pids_max"`
	PidsHits uint64  `json:"pids_hits"`
	Mem      uint64  `json:"mem"`
	MemMax   uint64  `json:"mem_max"`
	CPU      float64 `json:"cpu"`
	CPUMax   float64 `json:"cpu_max"`
	Missed   int     `json:"missed"`
	NoAccess str     `json:"no_access,omitempty"`
	Hosts    hosts   `json:"of_the_machine"`
}

type hosts struct {
	Mem    bool `json:"mem"`
	MemMax bool `json:"mem_max"`
	CPU    bool `json:"cpu"`
	CPUMax bool `json:"cpu_max"`
}

type moment struct {
	Time    time.Time `json:"time"`
	Zombies int       `json:"zombies"`
	Pids    int       `json:"pids"`
	Mem     uint64    `json:"mem"`
}

// Encode returns s as JSON, with a newline at its end. program is the one that writes it.
func Encode(s *tui.Saved, program string) []byte {
	h := &s.Snapshot.Host
	f := file{
		Format: Format, Version: Version, Program: program,
		Time: s.Snapshot.Time, SinceMS: s.Snapshot.Since.Milliseconds(), Caller: callerOf(&s.Snapshot.Caller),
		Host: host{
			str(h.Name), str(h.Init), h.Uptime.Milliseconds(), h.CPUs, h.Pids, h.PidsMax, h.PidsHits, uint64(h.Mem), uint64(h.MemMax),
			finite(h.CPU), finite(h.CPUMax), h.Missed, str(h.NoAccess), hosts(h.Hosts),
		},
		History: log{Since: str(s.History.Since), Lost: s.History.Lost, Next: s.History.Next},
		Zombies: reportOf(s.Blame), Policy: policyOf(s.History.Policy), Checks: checksOf(&s.History),
	}
	for i := range s.Snapshot.Procs {
		p := processOf(&s.Snapshot.Procs[i])
		if d, ok := s.Details[s.Snapshot.Procs[i].ID]; ok {
			p.Details = detailsOf(&d)
		} else {
			f.NoDetail++
		}
		if at, ok := s.Dead[s.Snapshot.Procs[i].ID]; ok {
			p.DeadSince = &at
		}
		if at, ok := s.Stuck[s.Snapshot.Procs[i].ID]; ok {
			p.StuckSince = &at
		}
		f.Procs = append(f.Procs, p)
	}
	for i := range s.History.Records {
		f.History.Records = append(f.History.Records, recordOf(&s.History.Records[i]))
	}
	for _, m := range s.Trend {
		f.Trend = append(f.Trend, moment{m.Time, m.Zombies, m.Pids, uint64(m.Mem)})
	}
	return append([]byte(history.JSONLine(&f)), '\n')
}

// finite returns v, or 0 if it is no number that JSON can hold.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// head is what tells whether a file is a snapshot.
type head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

// Decode returns the snapshot in b. The error is one line.
func Decode(b []byte) (*tui.Saved, error) {
	var first head
	if err := json.Unmarshal(b, &first); err != nil {
		return nil, notJSON(b, err)
	}
	switch {
	case first.Format != Format:
		return nil, errors.New("it is no snapshot of yinit top")
	case first.Version != Version:
		return nil, fmt.Errorf("it is of version %d of the format, and this yinit reads version %d", first.Version, Version)
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, notJSON(b, err)
	}
	return f.saved()
}

// notJSON explains why b cannot be decoded.
func notJSON(b []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		if len(bytes.TrimSpace(b)) == 0 {
			return errors.New("it is empty")
		}
		if syntax.Offset >= int64(len(b)) && bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
			return fmt.Errorf("it has been cut after %d bytes", len(b))
		}
		return errors.New("it is no snapshot of yinit top")
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return errors.New("it is no snapshot of yinit top")
		}
		return fmt.Errorf("the field %s has a value that does not fit", procfs.Printable(wrong.Field))
	}
	return err
}

// Read reads a snapshot of at most MaxSize bytes.
func Read(r io.Reader) (*tui.Saved, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > MaxSize:
		return nil, fmt.Errorf("it is larger than %d MiB", MaxSize>>20)
	}
	return Decode(b)
}

// saved checks the file and returns what it holds.
func (f *file) saved() (*tui.Saved, error) {
	switch {
	case len(f.Procs) > mostProcesses:
		return nil, fmt.Errorf("it has %d processes, at most %d are shown", len(f.Procs), mostProcesses)
	case len(f.History.Records) > mostRecords:
		return nil, fmt.Errorf("it has %d records, at most %d are shown", len(f.History.Records), mostRecords)
	case len(f.Trend) > mostMoments:
		return nil, fmt.Errorf("its trend has %d values, at most %d are shown", len(f.Trend), mostMoments)
	case f.Time.Year() < 1970 || f.Time.Year() > 9999:
		return nil, errors.New("it has no time")
	}
	h := &f.Host
	s := &tui.Saved{
		Snapshot: snapshot.Snapshot{
			Time: f.Time, Since: ms(f.SinceMS), Caller: f.Caller.value(),
			Host: snapshot.Host{
				Name: string(h.Name), Init: string(h.Init), Uptime: ms(h.UptimeMS), CPUs: count(h.CPUs), Pids: count(h.Pids), PidsMax: count(h.PidsMax), PidsHits: h.PidsHits,
				Mem: procfs.Bytes(h.Mem), MemMax: procfs.Bytes(h.MemMax), CPU: amount(h.CPU), CPUMax: amount(h.CPUMax), Missed: count(h.Missed), NoAccess: string(h.NoAccess), Hosts: snapshot.Hosts(h.Hosts),
			},
		},
		Details: map[procfs.ID]snapshot.Details{}, Dead: map[procfs.ID]time.Time{}, Stuck: map[procfs.ID]time.Time{},
		History: tui.History{Since: string(f.History.Since), Lost: f.History.Lost, Next: f.History.Next},
	}
	if err := f.processes(s); err != nil {
		return nil, err
	}
	last := uint64(0)
	for i := range f.History.Records {
		r, err := f.History.Records[i].value(f.Time.Location())
		if err != nil {
			return nil, fmt.Errorf("record %d of its history: %w", i+1, err)
		}
		if r.Seq <= last {
			return nil, fmt.Errorf("record %d of its history is not in order", i+1)
		}
		last = r.Seq
		s.History.Records = append(s.History.Records, r)
	}
	for _, m := range f.Trend {
		s.Trend = append(s.Trend, tui.Moment{Time: m.Time, Zombies: count(m.Zombies), Pids: count(m.Pids), Mem: procfs.Bytes(m.Mem)})
	}
	s.History.Policy = f.Policy.value()
	if err := f.Checks.value(&s.History); err != nil {
		return nil, err
	}
	var err error
	s.Blame, err = f.Zombies.value()
	return s, err
}

// processes adds the processes to s.
func (f *file) processes(s *tui.Saved) error {
	seen := make(map[int]bool, len(f.Procs))
	for i := range f.Procs {
		p := &f.Procs[i]
		q, err := p.value()
		if err != nil {
			return fmt.Errorf("process %d: %w", p.PID, err)
		}
		if seen[p.PID] {
			return fmt.Errorf("it has process %d twice", p.PID)
		}
		seen[p.PID] = true
		s.Snapshot.Procs = append(s.Snapshot.Procs, q)
		if p.Details != nil {
			d, err := p.Details.value(&q)
			if err != nil {
				return fmt.Errorf("details of process %d: %w", p.PID, err)
			}
			s.Details[q.ID] = d
		}
		if p.DeadSince != nil {
			s.Dead[q.ID] = *p.DeadSince
		}
		if p.StuckSince != nil {
			s.Stuck[q.ID] = *p.StuckSince
		}
	}
	return nil
}
