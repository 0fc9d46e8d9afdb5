package history

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"yinit/procfs"
)

// The JSON of a record has the fields of its kind, in this order.
type (
	jsonHead struct {
		Seq  uint64 `json:"seq"`
		Time string `json:"time"`
		Kind string `json:"kind"`
		Run  int    `json:"run,omitempty"` // left out for the first run
	}
	jsonProcess struct {
		jsonHead
		PID        int    `json:"pid"`
		PPID       int    `json:"ppid"`
		Parent     string `json:"parent"`
		OriginPPID int    `json:"origin_ppid"`
		Comm       string `json:"comm"`
		Cmdline    string `json:"cmdline"`
		Renamed    bool   `json:"renamed,omitempty"`
		UID        uint32 `json:"uid"`
		Text       string `json:"text,omitempty"`
		Inspector  bool   `json:"inspector,omitempty"` // it ran one of yinit's commands
		Foreign    bool   `json:"foreign,omitempty"`   // it belongs to another container
		StopSignal string `json:"stop_signal,omitempty"`
		jsonBytes
	}
	// jsonBytes has the names that are not UTF-8, see [Hex].
	jsonBytes struct {
		CommHex    string `json:"comm_hex,omitempty"`
		CmdlineHex string `json:"cmdline_hex,omitempty"`
		ParentHex  string `json:"parent_hex,omitempty"`
		SenderHex  string `json:"sender_hex,omitempty"`
	}
	// jsonEnd says how a process ended. If Known is false the other fields mean
	// nothing.
	jsonEnd struct {
		Code   int    `json:"code"`
		Signal string `json:"signal"`
		Core   bool   `json:"core"`
		Known  bool   `json:"known"`
	}
	jsonUnreaped struct {
		jsonProcess
		jsonEnd
		ZombieMS int64  `json:"zombie_ms"` // until now
		Ended    string `json:"ended"`     // in words
	}
	jsonExit struct {
		jsonProcess
		jsonEnd
		ReapedBy  string `json:"reaped_by"`
		RuntimeMS int64  `json:"runtime_ms"`
		CPUMS     int64  `json:"cpu_ms"`
		MaxRSSKB  uint64 `json:"maxrss_kb"`
		ZombieMS  int64  `json:"zombie_ms"`
		Ended     string `json:"ended"`  // in words
		Reaper    string `json:"reaper"` // in words
		PGID      int    `json:"pgid,omitempty"`
		Stranger  string `json:"stranger,omitempty"` // in words, see [Record.Stranger]
		Accounted bool   `json:"accounted,omitempty"`
	}
	jsonSignal struct {
		jsonHead
		Signal    string `json:"signal"`
		Passed    string `json:"passed,omitempty"` // the signal forwarded, if it is not Signal
		SenderPID int    `json:"sender_pid"`
		SenderUID uint32 `json:"sender_uid"`
		Sender    string `json:"sender"`
		Action    string `json:"action"`
		To        []int  `json:"to"`
		Origin    string `json:"origin"`          // see SignalOrigin
		SICode    int    `json:"si_code"`         // see sigaction(2)
		From      string `json:"from"`            // in words
		Outcome   string `json:"outcome"`         // in words
		Count     int    `json:"count,omitempty"` // how many such signals, if more than one
		Last      string `json:"last,omitempty"`  // when the last of them was received
		jsonBytes
	}
	jsonText struct {
		jsonHead
		PID  int    `json:"pid,omitempty"` // if the record is about one process
		Comm string `json:"comm,omitempty"`
		Text string `json:"text"`

		Warning bool `json:"warning,omitempty"`
		jsonBytes
	}
)

// JSON returns the record as one line of JSON, without the newline.
func (r *Record) JSON() string {
	head := jsonHead{Seq: r.Seq, Time: jsonTime(r.Time), Kind: r.Kind.String()}
	if r.Run > 1 {
		head.Run = r.Run
	}
	var v any
	switch r.Kind {
	case KindSignal:
		s := jsonSignal{
			jsonHead: head, Signal: procfs.SignalName(r.Signal), SenderPID: max(r.PID, -1), SenderUID: r.UID, Sender: r.Comm,
			Action: r.Action.String(), To: append([]int{}, r.To...), Origin: r.Origin().String(), SICode: r.Code, From: r.Sender(), Outcome: r.Outcome(),
		}
		s.SenderHex = Hex(r.Comm)
		switch {
		case r.Origin() == OriginKernel:
			s.Sender = "kernel"
		case r.PID < 0:
			s.Sender = "unknown"
		case r.PID == 0:
			s.Sender = "outside the container"
		}
		if r.Passed != 0 && r.Passed != r.Signal {
			s.Passed = procfs.SignalName(r.Passed)
		}
		if r.Count > 1 {
			s.Count, s.Last = r.Count, jsonTime(r.Last)
		}
		v = s
	case KindStop, KindNote, KindOOM:
		v = jsonText{jsonHead: head, PID: r.PID, Comm: r.Comm, Text: r.Text, Warning: r.Warning, jsonBytes: jsonBytes{CommHex: Hex(r.Comm)}}
	case KindExit:
		v = jsonOfExit(jsonOfProcess(head, r), r)
	case KindZombie:
		v = jsonUnreaped{jsonProcess: jsonOfProcess(head, r), jsonEnd: jsonOfEnd(r), ZombieMS: zombieMS(r), Ended: r.status()}
	default:
		v = jsonOfProcess(head, r)
	}
	return JSONLine(v)
}

func jsonTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func jsonOfProcess(head jsonHead, r *Record) jsonProcess {
	p := jsonProcess{
		jsonHead: head, PID: r.PID, PPID: r.PPID, Parent: r.Parent, OriginPPID: r.OriginPPID,
		Comm: r.Comm, Cmdline: r.Cmdline, Renamed: r.Renamed, UID: r.UID, Text: r.Text, Inspector: r.Inspector, Foreign: r.Foreign,
		jsonBytes: jsonBytes{CommHex: Hex(r.Comm), CmdlineHex: Hex(r.Cmdline), ParentHex: Hex(r.Parent)},
	}
	if r.StopSignal != 0 {
		p.StopSignal = procfs.SignalName(r.StopSignal)
	}
	return p
}

func jsonOfExit(p jsonProcess, r *Record) jsonExit {
	e := jsonExit{
		jsonProcess: p, jsonEnd: jsonOfEnd(r), ReapedBy: r.Parent,
		RuntimeMS: milliseconds(r.Runtime), CPUMS: milliseconds(r.CPU), MaxRSSKB: uint64(r.MaxRSS / procfs.KiB),
		ZombieMS: zombieMS(r), Ended: r.status(), Reaper: r.Reaper(), PGID: r.Group, Stranger: r.Stranger(), Accounted: r.Accounted,
	}
	switch {
	case r.ReapedByKernel:
		e.ReapedBy = "kernel"
	case r.Accounted:
		e.ReapedBy = "" // unknown
	case r.ReapedByInit:
		e.ReapedBy = "init"
	case r.PPID == 0:
		e.ReapedBy = "outside"
	}
	return e
}

func jsonOfEnd(r *Record) jsonEnd {
	if !r.Known {
		return jsonEnd{}
	}
	e := jsonEnd{Code: r.Status.ExitCode(), Core: r.Status.CoreDumped(), Known: true}
	if r.Status.Signaled() {
		e.Code, e.Signal = r.Status.Shell(), procfs.SignalName(r.Status.Signal())
	}
	return e
}

func zombieMS(r *Record) int64 { return r.ZombieFor.Round(time.Millisecond).Milliseconds() }

// milliseconds rounds d as the text does. It is 0 only if d is, which means unknown.
func milliseconds(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return max(d.Round(time.Millisecond).Milliseconds(), 1)
}

// Hex returns the bytes of s in hexadecimal if s is not UTF-8, as the name of a process
// need not be; otherwise "". A JSON string cannot hold such bytes: it has U+FFFD instead.
func Hex(s string) string {
	if utf8.ValidString(s) {
		return ""
	}
	return hex.EncodeToString([]byte(s))
}

// JSONLine returns v as one line of JSON, without the newline. It escapes the
// characters that JSON allows but a terminal may interpret, since v may contain
// names that a process gave itself.
func JSONLine(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "{}" // our types always encode
	}
	line := strings.TrimRight(b.String(), "\n")
	if strings.IndexFunc(line, needsEscape) < 0 {
		return line
	}
	b.Reset()
	for _, r := range line {
		switch {
		case !needsEscape(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// needsEscape reports whether r is a character that encoding/json does not escape, but that
// is invisible or may change how a terminal shows the line.
func needsEscape(r rune) bool { return r >= 0x7f && !procfs.PrintableRune(r) }
