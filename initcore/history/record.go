// Package history is the memory of the init: a ring of fixed-size records of
// every start, death and signal, which PID 1 writes into a sealed memfd and
// anybody whom the kernel allows may map and read. The layout is described in
// format.md, byte by byte.
package history

import (
	"fmt"
	"time"

	"yinit/procfs"
)

// Kind says what a record tells.
type Kind uint8

// The kinds of records. The numbers are part of the format.
const (
	KindStart  Kind = iota + 1 // the init started a program
	KindExit                   // a process ended
	KindAdopt                  // an orphan came to the init
	KindSignal                 // the init received a signal
	KindZombie                 // a live parent leaves a dead child unreaped
	KindOOM                    // the memory limit was hit
	KindStop                   // the end of the programs, or of the rest, began
	KindNote                   // anything else worth knowing
)

var kindNames = [...]string{
	KindStart: "start", KindExit: "exit", KindAdopt: "adopt", KindSignal: "signal",
	KindZombie: "zombie", KindOOM: "oom", KindStop: "stop", KindNote: "note",
}

// String returns the kind's word in the JSON form.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind%d", uint8(k))
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, bool) {
	for k, name := range kindNames {
		if name == s && name != "" {
			return Kind(k), true
		}
	}
	return 0, false
}

// Action says what the init did with a signal that it received.
type Action uint8

// The actions. The numbers are part of the format.
const (
	ActionNone      Action = iota
	ActionForwarded        // passed on as it came
	ActionRewritten        // passed on as another signal
	ActionDropped          // not passed on, because it was told to, or nobody runs
	ActionDelayed          // waits for --delay
	ActionStop             // began the end of the programs
)

var actionNames = [...]string{
	ActionForwarded: "forwarded", ActionRewritten: "rewritten", ActionDropped: "dropped",
	ActionDelayed: "delayed", ActionStop: "stop",
}

// String returns the action's word in the JSON form, "" for none.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action%d", uint8(a))
}

// A Record is one event, decoded. Which fields mean something depends on Kind.
type Record struct {
	Seq  uint64 // 1 for the first record of a ring; no number is given twice
	Run  int    // 1 for the first run of the init that wrote to the ring
	Time time.Time
	Kind Kind

	// The process that the record is about. For KindSignal it is the sender, see
	// [Record.Origin] for what PID 0 and -1 mean and whether PID and UID are true.
	PID     int
	Start   procfs.Ticks // 0: unknown
	UID     uint32
	Comm    string
	Cmdline string // words joined by spaces, cut at MaxText bytes; "" if nobody saw it

	PPID       int    // parent at the time of the event
	Parent     string // the parent's comm
	OriginPPID int    // the parent before adoption; equals PPID if there was none; 0 if unknown

	// KindExit.
	Known        bool              // Status is what the kernel said; otherwise nobody knows
	Status       procfs.WaitStatus // see wait(2)
	ReapedByInit bool              // otherwise the parent, or somebody outside, waited for it
	Runtime      time.Duration     // from its start to its death; 0 if unknown
	CPU          time.Duration     // user and system time
	MaxRSS       procfs.Bytes      // peak resident set; 0 if unknown
	ZombieFor    time.Duration     // from its death until it was reaped

	// KindSignal: Signal came with this si_code, Passed was forwarded to the processes To.
	Signal int
	Code   int
	Passed int
	Action Action
	To     []int

	// Text is the reason in words (KindExit, KindStop, KindOOM, KindNote), "" if
	// there is none.
	Text string
}

// ID identifies the process that the record is about.
func (r Record) ID() procfs.ID { return procfs.ID{PID: r.PID, Start: r.Start} }

// Failed reports whether the record tells of a process that did not end with 0.
func (r Record) Failed() bool {
	return r.Kind == KindExit && r.Known && r.Status != 0
}
