package explain

import (
	"fmt"
	"strconv"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// sigTerm is the number of SIGTERM on every architecture, see signal(7).
const sigTerm = 15

// A Subject is a process, with what is known about it beyond its row of a snapshot.
type Subject struct {
	*snapshot.Process
	Caller   verdict.Caller  // would send the signals
	Parent   string          // the parent, such as "12 gunicorn"; "": none is to be seen
	Blamed   string          // who has not reaped it, if it is a zombie, see [Culprit]
	Held     int             // number of zombies for which it has not waited
	DeadFor  time.Duration   // for how long at least a zombie has been dead
	Closer   *verdict.Target // more than its Target has; nil: not read
	Captured bool            // the snapshot was read from a file
}

// Who names a process: "12 gunicorn".
func Who(pid int, comm string) string { return strconv.Itoa(pid) + " " + comm }

// Name names the process.
func (s *Subject) Name() string { return Who(s.ID.PID, s.Comm) }

// Predict returns what signal n would do to p if the caller sent it now, with what was
// read of p, t; that may be nil.
func Predict(p *snapshot.Process, t *verdict.Target, n int, caller verdict.Caller) verdict.Prediction {
	switch {
	case t != nil:
		return verdict.Predict(t, n, caller)
	case p.Dead():
		return verdict.Prediction{Outcome: verdict.OutcomeNoEffect, Reason: "it has ended"}
	default:
		return verdict.Prediction{Reason: "the process has not been read yet"}
	}
}

// Closer is Predict with the Target of p. If that is not enough to tell, it uses closer,
// which may be nil.
func Closer(p *snapshot.Process, closer *verdict.Target, n int, caller verdict.Caller) verdict.Prediction {
	f := Predict(p, p.Target, n, caller)
	if f.Outcome == verdict.OutcomeUnknown && closer != nil {
		return Predict(p, closer, n, caller)
	}
	return f
}

// predict returns what signal n would do to the process.
func (s *Subject) predict(n int) verdict.Prediction {
	return Closer(s.Process, s.Closer, n, s.Caller)
}

// Culprit names the process that ought to reap the zombie p. comm is its name if known is
// true.
func Culprit(p *snapshot.Process, comm string, known bool) string {
	switch {
	case p.Culprit == 0:
		return "its parent outside the container"
	case !known && p.Culprit == p.PPID:
		return "its parent"
	case !known: // It is hidden, or started after the snapshot read it.
		return strconv.Itoa(p.Culprit)
	}
	return Who(p.Culprit, comm)
}

// Sentence says in one sentence what the process is, or what is wrong with it.
func (s *Subject) Sentence() string {
	who := s.Name()
	switch {
	case s.Dead():
		return who + " is a zombie: " + s.zombie()
	case s.State.Zombie():
		return fmt.Sprintf("%s: its main thread has ended, %s; it can be reaped only when all have ended.", who, procfs.Plural(s.Threads-1, "thread still runs", "threads still run"))
	case s.State.Stopped():
		return fmt.Sprintf("%s is %s; %s.", who, stopWord(s.State), s.Term())
	}
	if s.Held > 0 {
		return fmt.Sprintf("%s%s has not waited for %s, which stay until it waits or ends; %s.", who, s.descent(), procfs.Plural(s.Held, "zombie", "zombies"), s.Term())
	}
	return fmt.Sprintf("%s%s is %s; %s.", who, s.descent(), s.stateWord(), s.Term())
}

// Brief is a shorter Sentence, for narrow screens.
func (s *Subject) Brief() string {
	who := s.Name() + ": "
	switch {
	case s.Dead():
		return who + s.Zombie()
	case s.State.Zombie():
		return who + "its main thread has ended, other threads run"
	case s.State.Stopped():
		return who + stopWord(s.State)
	}
	if s.Held > 0 {
		return who + "has not waited for " + procfs.Plural(s.Held, "zombie", "zombies") + "; " + s.BriefTerm()
	}
	return who + s.BriefTerm()
}

// Zombie says of a zombie how it ended, and who has not reaped it.
func (s *Subject) Zombie() string {
	how := "zombie, " + procfs.Ended(s.Known, s.Status)
	if s.Culprit == 0 {
		return how + "; its parent is outside"
	}
	return how + "; " + s.Blamed + " has not waited for it"
}

func (s *Subject) zombie() string {
	how := procfs.Ended(s.Known, s.Status)
	if s.DeadFor > time.Second {
		how += ", dead for at least " + procfs.ShortSpan(s.DeadFor)
	}
	switch {
	case s.Culprit == 0:
		return how + "; its parent is outside the container and has not waited for it."
	case s.Culprit != s.PPID:
		return how + "; its debugger " + s.Blamed + " has not waited for it."
	case s.Parent != "":
		return fmt.Sprintf("%s; its parent %s has not waited for it.", how, s.Parent)
	}
	return how + "; its parent has not waited for it."
}

// Entered says where a process comes from that was started from outside the PID namespace,
// in longer and shorter forms.
func Entered(p *snapshot.Process) []string {
	const shortID = 12 // digits, as docker ps shows
	switch {
	case p.Place == snapshot.PlaceOurs:
		return []string{"of this container", "this container"}
	case p.Place == snapshot.PlaceOther && len(p.Container) >= shortID:
		id := procfs.Printable(p.Container[:shortID]) // in a replay it may be anything
		return []string{"of container " + id, id, "other"}
	case p.Place == snapshot.PlaceOther:
		return []string{"of another container", "other"}
	default:
		return []string{"from outside (docker exec)", "from outside", "outside"}
	}
}

// descent says which process is the parent.
func (s *Subject) descent() string {
	self := s.ID.PID == s.Caller.PID
	switch {
	case self && s.Captured:
		return ", which wrote this snapshot,"
	case self:
		return ", this program,"
	case s.Process.Entered() && s.Place != snapshot.PlaceInit:
		return ", " + Entered(s.Process)[0] + ", started " + procfs.ShortSpan(s.Age) + " ago,"
	case s.Process.Entered():
		return ", started from outside (docker exec) " + procfs.ShortSpan(s.Age) + " ago,"
	case s.Parent != "":
		return ", child of " + s.Parent + ","
	case s.ID.PID == 1:
		return ", the init,"
	}
	return ""
}

func (s *Subject) stateWord() string {
	switch s.State {
	case procfs.StateRunning:
		return "running"
	case procfs.StateSleeping:
		return "sleeping"
	case procfs.StateDisk:
		if s.Target != nil && s.Target.InVfork() {
			return "waiting until its vfork child execs or ends"
		}
		return "in uninterruptible sleep, such as disk I/O"
	case procfs.StateIdle:
		return "idle"
	default:
		return "in state " + s.State.Word()
	}
}

func stopWord(s procfs.State) string {
	if s == procfs.StateTraced {
		return "stopped by a debugger"
	}
	return "stopped, SIGCONT resumes it"
}
