package tui

import (
	"fmt"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// explain says in one sentence what a process is, or what is wrong with it.
func explain(w *world, p *snapshot.Process) string {
	who := fmt.Sprintf("%d %s", p.ID.PID, w.text(p.Comm))
	switch {
	case p.Dead():
		return who + " is a zombie: " + explainZombie(w, p)
	case p.State.Zombie():
		return fmt.Sprintf("%s: its main thread has ended, %s; it can be reaped only when all have ended.", who, text.Plural(p.Threads-1, "thread still runs", "threads still run"))
	case p.State.Stopped():
		return fmt.Sprintf("%s is %s; %s.", who, stopWord(p.State), explainTerm(w, p))
	}
	if n := w.held[p.ID.PID]; n > 0 {
		return fmt.Sprintf("%s%s has not waited for %s, which it has to do or end; %s.", who, descent(w, p), text.Plural(n, "zombie", "zombies"), explainTerm(w, p))
	}
	return fmt.Sprintf("%s%s is %s; %s.", who, descent(w, p), stateWord(p), explainTerm(w, p))
}

// brief is a shorter explain, for narrow screens.
func brief(w *world, p *snapshot.Process) string {
	who := fmt.Sprintf("%d %s: ", p.ID.PID, w.text(p.Comm))
	switch {
	case p.Dead() && p.Culprit == 0:
		return who + "zombie, " + text.Ended(p.Known, p.Status) + "; its parent is outside"
	case p.Dead():
		return who + "zombie, " + text.Ended(p.Known, p.Status) + "; " + w.culprit(p) + " has not waited for it"
	case p.State.Zombie():
		return who + "its main thread has ended, other threads run"
	case p.State.Stopped():
		return who + stopWord(p.State)
	}
	if n := w.held[p.ID.PID]; n > 0 {
		return who + "has not waited for " + text.Plural(n, "zombie", "zombies") + "; " + briefTerm(w, p)
	}
	return who + briefTerm(w, p)
}

func briefTerm(w *world, p *snapshot.Process) string {
	f := w.term(p)
	if text := f.relayedTerm(); text != "" {
		return text
	}
	switch f.outcome {
	case verdict.OutcomeHandler:
		return "handles SIGTERM"
	case verdict.OutcomeRead:
		return "reads SIGTERM with signalfd or sigwait"
	case verdict.OutcomeTerminate:
		return "SIGTERM ends it"
	case verdict.OutcomeIgnore:
		if p.KernelThread() {
			return "kernel thread, takes no signals"
		}
		return "ignores SIGTERM, only SIGKILL ends it"
	case verdict.OutcomePending:
		return "blocks SIGTERM, which stays pending"
	case verdict.OutcomeShielded:
		return "SIGTERM does nothing, PID 1 has no handler"
	case verdict.OutcomeDenied:
		return "you may not signal processes of its user"
	case verdict.OutcomeNoEffect:
		return "dying, signals have no effect"
	default:
		return "what SIGTERM would do is unknown"
	}
}

func explainZombie(w *world, p *snapshot.Process) string {
	how := text.Ended(p.Known, p.Status)
	if d := w.deadFor(p); d > time.Second {
		how += ", dead for at least " + text.Age(d)
	}
	switch {
	case p.Culprit == 0:
		return how + "; its parent is outside the container and has not waited for it."
	case p.Culprit != p.PPID:
		return how + "; its debugger " + w.culprit(p) + " has not waited for it."
	}
	if parent, ok := w.parent(p); ok {
		return fmt.Sprintf("%s; its parent %d %s has not waited for it.", how, parent.ID.PID, w.text(parent.Comm))
	}
	return how + "; its parent has not waited for it."
}

// explainGone says in one sentence how a process that no longer exists ended.
func explainGone(w *world, p *snapshot.Process) string {
	who := fmt.Sprintf("%d %s", p.ID.PID, w.text(p.Comm))
	e, ok := w.exit(p)
	switch {
	case !ok && p.Dead():
		return who + " has ended: " + w.endNote(p) + "."
	case !ok:
		return who + " has ended; the history has no record of it."
	}
	text := fmt.Sprintf("%s has ended: %s", who, w.endNote(p))
	if why := e.Why(); why != "" {
		text += ", " + w.text(why)
	}
	return text + "; reaped by " + w.text(e.Reaper()) + "."
}

// descent says which process is the parent of p.
func descent(w *world, p *snapshot.Process) string {
	switch {
	case p.ID.PID == w.snap.Caller.PID && w.replay:
		return ", which wrote this snapshot,"
	case p.ID.PID == w.snap.Caller.PID:
		return ", this program,"
	}
	if p.Entered() && p.Place != snapshot.PlaceInit {
		return ", " + enteredNotes(p)[0] + ", started " + text.Age(p.Age) + " ago,"
	}
	if p.Entered() {
		return ", started from outside (docker exec) " + text.Age(p.Age) + " ago,"
	}
	if parent, ok := w.parent(p); ok {
		return fmt.Sprintf(", child of %d %s,", parent.ID.PID, w.text(parent.Comm))
	}
	if p.ID.PID == 1 {
		return ", the init,"
	}
	return ""
}

func stateWord(p *snapshot.Process) string {
	switch p.State {
	case procfs.StateRunning:
		return "running"
	case procfs.StateSleeping:
		return "sleeping"
	case procfs.StateDisk:
		if p.Target != nil && p.Target.InVfork() {
			return "waiting until its vfork child execs or ends"
		}
		return "in uninterruptible sleep, such as disk I/O"
	case procfs.StateIdle:
		return "idle"
	default:
		return "in state " + p.State.Word()
	}
}

func stopWord(s procfs.State) string {
	if s == procfs.StateTraced {
		return "stopped by a debugger"
	}
	return "stopped, SIGCONT resumes it"
}

// relayedTerm says what yinit as PID 1 does with SIGTERM. It returns "" for other
// processes.
func (f prediction) relayedTerm() string {
	switch f.forward {
	case sigTERM:
		return "forwards SIGTERM to its program"
	case 0:
		if f.drop {
			return "drops SIGTERM (--rewrite)"
		}
		return ""
	default:
		return "forwards SIGTERM to its program as " + procfs.SignalName(f.forward)
	}
}

// explainTerm says what SIGTERM would do to p.
func explainTerm(w *world, p *snapshot.Process) string {
	f := w.term(p)
	if text := f.relayedTerm(); text != "" {
		return "it " + text
	}
	switch f.outcome {
	case verdict.OutcomeHandler:
		return "it handles SIGTERM"
	case verdict.OutcomeRead:
		return "it reads SIGTERM with signalfd or sigwait"
	case verdict.OutcomeTerminate:
		if p.State == procfs.StateDisk && (p.Target == nil || !p.Target.InVfork()) {
			return "SIGTERM ends it when it wakes up"
		}
		return "SIGTERM ends it at once"
	case verdict.OutcomeIgnore:
		if p.KernelThread() {
			return "it is a kernel thread, which takes no signals"
		}
		return "it ignores SIGTERM, only SIGKILL ends it"
	case verdict.OutcomePending:
		if p.State.Stopped() {
			return "SIGTERM stays pending until then"
		}
		return "it blocks SIGTERM, which stays pending"
	case verdict.OutcomeDenied:
		return "you may not signal processes of its user"
	case verdict.OutcomeNoEffect:
		return w.text(predict(p, sigTERM, w.snap.Caller).why)
	case verdict.OutcomeShielded:
		return "it has no handler for SIGTERM, so the kernel drops it, and docker stop waits its full timeout"
	default:
		return "what SIGTERM would do is unknown"
	}
}
