package history

import (
	"fmt"
	"strconv"
	"time"

	"yinit/procfs"
)

// A Field is one fact that a record states.
type Field struct {
	Name string // such as "ended", one word
	Text string // such as "exited 1", not escaped
}

// Fields returns all that the record says, in words and in the order of importance,
// except for its time. What is unknown is said to be if a reader would miss it.
func (r *Record) Fields() []Field {
	var f fields
	f.add("event", r.Kind.Meaning())
	switch r.Kind {
	case KindSignal:
		f.signal(r)
	case KindOOM, KindStop, KindNote:
		f.add("text", r.Text)
		if r.PID != 0 {
			f.add("process", named(strconv.Itoa(r.PID), r.Comm))
		}
		f.addIf(r.Warning, "warning", "the init has warned of this in its log")
	default:
		f.process(r)
	}
	f.addIf(r.Kind == KindExit, "source", r.source())
	number := strconv.FormatUint(r.Seq, 10)
	if r.Run > 1 {
		number += fmt.Sprintf(", in run %d of the init", r.Run)
	}
	f.add("record", number)
	return f
}

// Meaning describes the kind in a few words: "a process ended".
func (k Kind) Meaning() string {
	switch k {
	case KindStart:
		return "the init started a program"
	case KindExit:
		return "a process ended"
	case KindAdopt:
		return "an orphan became a child of another process"
	case KindSignal:
		return "the init received a signal"
	case KindZombie:
		return "a process ended, and has long not been reaped"
	case KindOOM:
		return "the memory limit was hit"
	case KindStop:
		return "a shutdown began"
	case KindNote:
		return "a note of the init"
	default:
		return k.String()
	}
}

// source says how the writer of the history learned of an exit.
func (r *Record) source() string {
	switch {
	case r.Accounted:
		return "process accounting of the kernel; the time is exact to a second"
	case r.ReapedByInit:
		return "the init, which reaped it"
	default:
		return "the watcher of the init, which waits for the ends of other processes"
	}
}

// fields collects facts.
type fields []Field

// add adds a fact, unless the text is "".
func (f *fields) add(name, text string) { f.addIf(text != "", name, text) }

func (f *fields) addIf(yes bool, name, text string) {
	if yes {
		*f = append(*f, Field{name, text})
	}
}

func (f *fields) signal(r *Record) {
	f.add("signal", fmt.Sprintf("%s (%d)", procfs.SignalName(r.Signal), r.Signal))
	f.add("sender", r.Sender())
	f.addIf(r.PID > 0, "user", r.user())
	f.add("outcome", r.Outcome())
	f.add("why", r.Text)
	f.add("code", fmt.Sprintf("%d (si_code), origin: %s", r.Code, r.Origin()))
}

// process adds the facts of a record about a process.
func (f *fields) process(r *Record) {
	switch r.Kind {
	case KindExit:
		f.add("ended", r.status())
		f.add("why", r.Why())
	case KindZombie:
		f.add("ended", r.status())
		f.add("zombie", r.notReaped())
	default:
		f.add("text", r.Text)
	}
	f.add("pid", strconv.Itoa(r.PID))
	f.command(r)
	f.used(r)
	f.relatives(r)
	f.add("user", r.user())
	f.addIf(r.Group != 0, "group", strconv.Itoa(r.Group))
	f.addIf(r.StopSignal != 0, "stop", "the init ends it with "+procfs.SignalName(r.StopSignal))
	f.addIf(r.Foreign, "container", "another one, in the same PID namespace")
	f.addIf(r.Inspector, "yinit", "it ran a command of yinit")
}

func (f *fields) command(r *Record) {
	switch {
	case r.Cmdline == "" && r.Comm == "":
		f.add("command", "unknown")
	case r.Cmdline == "":
		f.add("command", "unknown, only its name: "+r.Comm)
	default:
		f.add("command", r.Cmdline)
	}
	f.addIf(r.Renamed, "name", r.Comm+" in the end; the command is from before")
	f.addIf(!r.Renamed && r.Cmdline != "", "name", r.Comm)
}

// used adds what a process had used when it ended.
func (f *fields) used(r *Record) {
	f.addIf(r.Kind == KindZombie && r.ZombieFor > 0, "since", procfs.Span(r.ZombieFor)+" before this record")
	if r.Kind != KindExit {
		return
	}
	switch {
	case r.Runtime > 0:
		f.add("ran", procfs.Span(r.Runtime))
	case r.Accounted: // the unit of acct(5)
		f.add("ran", "under 10ms")
	default:
		f.add("ran", "unknown")
	}
	f.add("cpu", r.usedCPU())
	f.addIf(r.MaxRSS > 0, "memory", "at most "+r.MaxRSS.String()+" resident")
	f.addIf(r.MaxRSS == 0, "memory", "unknown")
	switch {
	case r.Accounted: // unknown
	case r.ZombieFor < time.Millisecond:
		f.add("zombie", "reaped at once")
	default:
		f.add("zombie", "for "+procfs.Span(r.ZombieFor)+", until it was reaped")
	}
}

// usedCPU says how much CPU time the process had used. It is 0 if it is not known.
func (r *Record) usedCPU() string {
	switch {
	case r.CPU == 0 && r.Accounted: // the unit of acct(5)
		return "under 10ms"
	case r.CPU == 0:
		return "unknown, or under 10ms"
	case r.Runtime < time.Second:
		return procfs.Span(r.CPU)
	}
	return fmt.Sprintf("%s, %.0f %% of one CPU", procfs.Span(r.CPU), 100*r.CPU.Seconds()/r.Runtime.Seconds())
}

// relatives adds the parents and the reaper.
func (f *fields) relatives(r *Record) {
	if r.PPID == 0 {
		f.add("parent", "a process outside the container")
	} else {
		f.add("parent", r.parent())
	}
	switch {
	case r.OriginPPID == r.PPID, r.PPID == 0:
	case r.OriginPPID == 0:
		f.add("original", "its first parent is unknown")
	default:
		f.add("original", fmt.Sprintf("its first parent was %d", r.OriginPPID))
	}
	if r.Kind == KindExit {
		f.add("reaper", r.Reaper())
		f.add("stranger", r.Stranger())
	}
}

// user names the user of the process: "app (1000)", "1000", "unknown".
func (r *Record) user() string {
	id := strconv.FormatUint(uint64(r.UID), 10)
	switch {
	case r.UID == procfs.NoID:
		return "unknown"
	case r.User == "" || r.User == id:
		return id
	default:
		return r.User + " (" + id + ")"
	}
}
