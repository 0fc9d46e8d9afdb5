package capture

import (
	"errors"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// log is a [tui.History].
type log struct {
	Since   str      `json:"since"`
	Lost    uint64   `json:"lost,omitempty"`
	Next    uint64   `json:"next"`
	Records []record `json:"records"`
}

// record is a [history.Record]. The names are those of yinit history --json where the
// meaning is the same.
type record struct {
	Seq  uint64    `json:"seq"`
	Run  int       `json:"run,omitempty"`
	Time time.Time `json:"time"`
	Kind string    `json:"kind"`

	PID        int    `json:"pid,omitempty"`
	Start      int64  `json:"start,omitempty"`
	UID        uint32 `json:"uid,omitempty"`
	User       str    `json:"user,omitempty"`
	Comm       str    `json:"comm,omitempty"`
	Renamed    bool   `json:"renamed,omitempty"`
	Cmdline    str    `json:"cmdline,omitempty"`
	PPID       int    `json:"ppid,omitempty"`
	Parent     str    `json:"parent,omitempty"`
	OriginPPID int    `json:"origin_ppid,omitempty"`
	Inspector  bool   `json:"inspector,omitempty"`
	Foreign    bool   `json:"foreign,omitempty"`
	PGID       int    `json:"pgid,omitempty"`
	StopSignal int    `json:"stop_signal,omitempty"`

	Known          bool   `json:"known,omitempty"`
	Status         uint32 `json:"wait_status,omitempty"`
	ReapedByInit   bool   `json:"reaped_by_init,omitempty"`
	ReapedByKernel bool   `json:"reaped_by_kernel,omitempty"`
	RuntimeMS      int64  `json:"runtime_ms,omitempty"`
	CPUMS          int64  `json:"cpu_ms,omitempty"`
	MaxRSS         uint64 `json:"maxrss,omitempty"`
	Accounted      bool   `json:"accounted,omitempty"`
	ZombieMS       int64  `json:"zombie_ms,omitempty"`

	Signal int        `json:"signal,omitempty"`
	Code   int        `json:"si_code,omitempty"`
	Passed int        `json:"passed,omitempty"`
	Action uint8      `json:"action,omitempty"`
	To     []int      `json:"to,omitempty"`
	Count  int        `json:"count,omitempty"`
	Last   *time.Time `json:"last,omitempty"`

	Warning bool `json:"warning,omitempty"`
	Text    str  `json:"text,omitempty"`
}

func recordOf(r *history.Record) record {
	v := record{
		Seq: r.Seq, Run: r.Run, Time: r.Time, Kind: r.Kind.String(),
		PID: r.PID, Start: int64(r.Start), UID: r.UID, User: str(r.User), Comm: str(r.Comm), Renamed: r.Renamed, Cmdline: str(r.Cmdline),
		PPID: r.PPID, Parent: str(r.Parent), OriginPPID: r.OriginPPID, Inspector: r.Inspector, Foreign: r.Foreign, PGID: r.Group, StopSignal: r.StopSignal,
		Known: r.Known, Status: uint32(r.Status), ReapedByInit: r.ReapedByInit, ReapedByKernel: r.ReapedByKernel,
		RuntimeMS: r.Runtime.Milliseconds(), CPUMS: r.CPU.Milliseconds(), MaxRSS: uint64(r.MaxRSS), Accounted: r.Accounted, ZombieMS: r.ZombieFor.Milliseconds(),
		Signal: r.Signal, Code: r.Code, Passed: r.Passed, Action: uint8(r.Action), To: r.To, Count: r.Count, Warning: r.Warning, Text: str(r.Text),
	}
	if !r.Last.IsZero() {
		v.Last = &r.Last
	}
	return v
}

func (v *record) value(at *time.Location) (history.Record, error) {
	kind, known := history.ParseKind(v.Kind)
	r := history.Record{
		Seq: v.Seq, Run: v.Run, Time: v.Time.In(at), Kind: kind,
		PID: v.PID, Start: procfs.Ticks(v.Start), UID: v.UID, User: string(v.User), Comm: string(v.Comm), Renamed: v.Renamed, Cmdline: string(v.Cmdline),
		PPID: v.PPID, Parent: string(v.Parent), OriginPPID: v.OriginPPID, Inspector: v.Inspector, Foreign: v.Foreign, Group: v.PGID, StopSignal: v.StopSignal,
		Known: v.Known, Status: procfs.WaitStatus(v.Status), ReapedByInit: v.ReapedByInit, ReapedByKernel: v.ReapedByKernel,
		Runtime: ms(v.RuntimeMS), CPU: ms(v.CPUMS), MaxRSS: procfs.Bytes(v.MaxRSS), Accounted: v.Accounted, ZombieFor: ms(v.ZombieMS),
		Signal: v.Signal, Code: v.Code, Passed: v.Passed, Action: history.Action(v.Action), To: v.To, Count: v.Count, Warning: v.Warning, Text: string(v.Text),
	}
	switch {
	case !known:
		return r, errors.New("its kind is not known")
	case v.PID < -1 || max(v.PID, v.PPID, v.OriginPPID) > mostCount || min(v.PPID, v.OriginPPID, v.PGID) < 0:
		return r, errors.New("its pid is none")
	case max(v.Signal, v.Passed, v.StopSignal) > lastSignal || min(v.Signal, v.Passed, v.StopSignal, v.Run, v.Count) < 0 || v.Count > history.MaxCount:
		return r, errors.New("it has a number that does not fit")
	case len(v.To) > mostItems:
		return r, errors.New("it names too many processes")
	case v.Time.Year() < 1970 || v.Time.Year() > 9999:
		return r, errors.New("it has no time")
	}
	if v.Last != nil {
		r.Last = v.Last.In(at)
	}
	return r, nil
}
