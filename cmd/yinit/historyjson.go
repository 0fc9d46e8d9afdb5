package main

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// The JSON of a record: the fields that its kind has, in this order.
type (
	jsonHead struct {
		Seq  uint64 `json:"seq"`
		Time string `json:"time"`
		Kind string `json:"kind"`
		Run  int    `json:"run,omitempty"` // of the init that wrote to the same file; not for the first one
	}
	jsonProcess struct {
		jsonHead
		PID        int    `json:"pid"`
		PPID       int    `json:"ppid"`
		Parent     string `json:"parent"`
		OriginPPID int    `json:"origin_ppid"`
		Comm       string `json:"comm"`
		Cmdline    string `json:"cmdline"`
		UID        uint32 `json:"uid"`
		Text       string `json:"text,omitempty"`
	}
	// jsonEnd is how a process ended; all zero if that is not known.
	jsonEnd struct {
		Code   int    `json:"code"`
		Signal string `json:"signal"`
		Core   bool   `json:"core"`
		Known  bool   `json:"known"`
	}
	jsonUnreaped struct {
		jsonProcess
		jsonEnd
		ZombieMS int64 `json:"zombie_ms"` // until now
	}
	jsonExit struct {
		jsonProcess
		jsonEnd
		ReapedBy  string `json:"reaped_by"`
		RuntimeMS int64  `json:"runtime_ms"`
		CPUMS     int64  `json:"cpu_ms"`
		MaxRSSKB  uint64 `json:"maxrss_kb"`
		ZombieMS  int64  `json:"zombie_ms"`
	}
	jsonSignal struct {
		jsonHead
		Signal    string `json:"signal"`
		Passed    string `json:"passed,omitempty"` // if it is another one
		SenderPID int    `json:"sender_pid"`
		SenderUID uint32 `json:"sender_uid"`
		Sender    string `json:"sender"`
		Action    string `json:"action"`
		To        []int  `json:"to"`
	}
	jsonText struct {
		jsonHead
		PID  int    `json:"pid,omitempty"` // if it is about one process
		Comm string `json:"comm,omitempty"`
		Text string `json:"text"`
	}
)

// jsonRecord is a record as one line of JSON.
func jsonRecord(r history.Record) string {
	head := jsonHead{Seq: r.Seq, Time: r.Time.UTC().Format("2006-01-02T15:04:05.000Z"), Kind: r.Kind.String()}
	if r.Run > 1 {
		head.Run = r.Run
	}
	var v any
	switch r.Kind {
	case history.KindSignal:
		s := jsonSignal{
			jsonHead: head, Signal: procfs.SignalName(r.Signal), SenderPID: r.PID, SenderUID: r.UID, Sender: r.Comm,
			Action: r.Action.String(), To: append([]int{}, r.To...),
		}
		if r.PID <= 0 {
			s.Sender = sender(r)
		}
		if r.Passed != 0 && r.Passed != r.Signal {
			s.Passed = procfs.SignalName(r.Passed)
		}
		v = s
	case history.KindStop, history.KindNote, history.KindOOM:
		v = jsonText{jsonHead: head, PID: r.PID, Comm: r.Comm, Text: r.Text}
	case history.KindExit:
		v = jsonOfExit(jsonOfProcess(head, r), r)
	case history.KindZombie:
		v = jsonUnreaped{jsonProcess: jsonOfProcess(head, r), jsonEnd: jsonOfEnd(r), ZombieMS: zombieMS(r)}
	default:
		v = jsonOfProcess(head, r)
	}
	return jsonLine(v)
}

func jsonOfProcess(head jsonHead, r history.Record) jsonProcess {
	return jsonProcess{
		jsonHead: head, PID: r.PID, PPID: r.PPID, Parent: r.Parent, OriginPPID: r.OriginPPID,
		Comm: r.Comm, Cmdline: r.Cmdline, UID: r.UID, Text: r.Text,
	}
}

func jsonOfExit(p jsonProcess, r history.Record) jsonExit {
	e := jsonExit{
		jsonProcess: p, jsonEnd: jsonOfEnd(r), ReapedBy: r.Parent,
		RuntimeMS: r.Runtime.Milliseconds(), CPUMS: r.CPU.Milliseconds(), MaxRSSKB: uint64(r.MaxRSS / procfs.KiB),
		ZombieMS: zombieMS(r),
	}
	switch {
	case r.ReapedByInit:
		e.ReapedBy = "init"
	case r.PPID == 0:
		e.ReapedBy = "outside"
	}
	return e
}

func jsonOfEnd(r history.Record) jsonEnd {
	if !r.Known {
		return jsonEnd{}
	}
	e := jsonEnd{Code: r.Status.ExitCode(), Core: r.Status.CoreDumped(), Known: true}
	if r.Status.Signaled() {
		e.Code, e.Signal = r.Status.Shell(), procfs.SignalName(r.Status.Signal())
	}
	return e
}

func zombieMS(r history.Record) int64 { return r.ZombieFor.Round(time.Millisecond).Milliseconds() }
