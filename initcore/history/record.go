// Package history implements the history that the init keeps: a ring of fixed-size
// records of process starts and exits, signals and other events. PID 1 writes it
// into a sealed memfd, and every process that the kernel permits to open that memfd
// can read it. The file format.md specifies the layout.
package history

import (
	"fmt"
	"time"

	"yinit/procfs"
)

// A Kind says which event a record describes.
type Kind uint8

// The kinds of records. The numbers are part of the format.
const (
	KindStart  Kind = iota + 1 // the init started a program
	KindExit                   // a process ended
	KindAdopt                  // an orphan became a child of the init
	KindSignal                 // the init received a signal
	KindZombie                 // a process has been a zombie for long, because its parent has not waited for it
	KindOOM                    // the memory limit was hit
	KindStop                   // the shutdown of the programs, or of the leftover processes, began
	KindNote                   // any other event, described by Text
)

var kindNames = [...]string{
	KindStart: "start", KindExit: "exit", KindAdopt: "adopt", KindSignal: "signal",
	KindZombie: "zombie", KindOOM: "oom", KindStop: "stop", KindNote: "note",
}

// String returns the kind's name in JSON.
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

// An Action says what the init did with a signal that it received.
type Action uint8

// The actions. The numbers are part of the format.
const (
	ActionNone      Action = iota
	ActionForwarded        // forwarded unchanged
	ActionRewritten        // forwarded as another signal
	ActionDropped          // not forwarded, because of --rewrite or because no program is running
	ActionDelayed          // held back until --delay has passed
	ActionStop             // shutdown began
)

var actionNames = [...]string{
	ActionForwarded: "forwarded", ActionRewritten: "rewritten", ActionDropped: "dropped",
	ActionDelayed: "delayed", ActionStop: "stop",
}

// String returns the action's name in JSON, "" for ActionNone.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action%d", uint8(a))
}

// A Record is one decoded event. Kind determines which fields are set.
type Record struct {
	Seq  uint64    // number of the record: 1 for the first of a ring, never reused
	Run  int       // number of the init's run that wrote it: 1 for the first
	Time time.Time // when the event happened
	Kind Kind      // which event it is

	// The process that the record is about. For KindSignal it is the sender; see
	// [Record.Origin] for what PID 0 and -1 mean and whether PID and UID are true.
	PID     int          // its process ID
	Start   procfs.Ticks // its start time since boot; 0: unknown
	UID     uint32       // its real user ID
	User    string       // the name of UID, if the reader has looked it up; not in the ring
	Comm    string       // its command name; "" if unknown
	Renamed bool         // Comm is its name at its end, Cmdline is from before, when it had another name
	Cmdline string       // its arguments joined by spaces, truncated to MaxText bytes; "" if unknown

	PPID       int    // parent at the time of the event; 0: outside the PID namespace
	Parent     string // the parent's comm; "" if unknown
	OriginPPID int    // parent before adoption; equals PPID if not adopted; 0 if unknown
	// Inspector says that the process ran one of yinit's commands, such as yinit top.
	Inspector bool
	// Foreign says that the process belongs to another container in the same PID
	// namespace. [Writer.LastExits] leaves out such records.
	Foreign bool
	Group   int // its process group, for KindExit; 0 if unknown
	// StopSignal is what the init sends to the program to end it, for KindStart; 0: nothing,
	// because --rewrite drops it, or an earlier version wrote the record.
	StopSignal int

	// How the process ended, for KindExit; KindZombie sets Known, Status and ZombieFor.
	Known          bool              // Status is known
	Status         procfs.WaitStatus // wait status, see wait(2)
	ReapedByInit   bool              // the init reaped it; otherwise its parent or a process outside
	ReapedByKernel bool              // the kernel reaped it: its parent ignores SIGCHLD or has set SA_NOCLDWAIT, see wait(2)
	Runtime        time.Duration     // from its start to its end; 0 if unknown
	CPU            time.Duration     // user and system time
	MaxRSS         procfs.Bytes      // peak resident set size; 0 if unknown
	Accounted      bool              // only process accounting has seen it, see acct(2); Time is then exact to a second, and Start unknown
	ZombieFor      time.Duration     // from its end until it was reaped, or until Time for KindZombie

	// What the init received and did, for KindSignal.
	Signal int    // number of the signal received
	Code   int    // its si_code, see sigaction(2)
	Passed int    // number of the signal forwarded; 0: none
	Action Action // what the init did with it
	To     []int  // pids of the processes it was forwarded to

	// If the same signal came from the same origin again and again, for KindSignal.
	Count int       // how many signals the record describes, [MaxCount] at most for Add; 0: one
	Last  time.Time // when the last of them was received; Time is that of the first

	// Warning says, for KindNote, that the init has warned of the event in its log. Such a
	// record is kept as long as those of failures.
	Warning bool
	// Text describes the event (KindOOM, KindStop, KindNote), or gives the reason
	// for it (KindExit, KindZombie). It is "" if there is none.
	Text string
}

// MaxCount is the maximum Count of a record that is added to a ring.
const MaxCount = 1<<16 - 1

// ID returns the identity of the process that the record is about.
func (r Record) ID() procfs.ID { return procfs.ID{PID: r.PID, Start: r.Start} }

// Died returns when the process of an exit record ended; it may have been reaped much later.
func (r *Record) Died() time.Time { return r.Time.Add(-r.ZombieFor) }

// Failed reports whether the record is the exit of a process whose wait status is
// known and not 0.
func (r Record) Failed() bool {
	return r.Kind == KindExit && r.Known && r.Status != 0
}

// ZombiesFor returns for how long at least each zombie in records has been dead. The
// init writes such a record some time after the death: ZombieFor is that time.
func ZombiesFor(records []Record, now time.Time) map[procfs.ID]time.Duration {
	found := map[procfs.ID]time.Duration{}
	for _, r := range records {
		if r.Kind == KindZombie && r.Start != 0 {
			found[r.ID()] = max(now.Sub(r.Time)+r.ZombieFor, found[r.ID()])
		}
	}
	return found
}

// FirstParents returns the parent that each process in records had when it was first
// seen, if it was seen before its adoption.
func FirstParents(records []Record) map[procfs.ID]int {
	found := map[procfs.ID]int{}
	for _, r := range records {
		if r.Start != 0 && r.OriginPPID != 0 && r.OriginPPID != r.PPID {
			found[r.ID()] = r.OriginPPID
		}
	}
	return found
}
