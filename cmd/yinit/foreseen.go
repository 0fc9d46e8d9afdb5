package main

import (
	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// foreseen is what was found out about the signals of a process, and what of it
// stays true as long as that does not change.
type foreseen struct {
	target *verdict.Target // nil: nothing yet. It is the inspector's, too, and not changed
	term   verdict.Outcome

	state   procfs.State
	sigs    procfs.Signals
	uid     [4]uint32
	threads int
	tracer  int
}

// foresee says what SIGTERM would do to a process. It reads only what decides:
// for most that is what their main thread waits for. A process that begins to
// wait for signals changes its mask, so that is read again when the mask or the
// like has changed, and for all that does not show from time to time.
func (w *world) foresee(p *process, s *procfs.Stat, st *procfs.Status) {
	now := foreseen{state: s.State, sigs: st.Sigs, uid: st.UID, threads: s.Threads, tracer: st.TracerPID}
	if now.target, now.term = p.signals.target, p.signals.term; now.target != nil && now == p.signals && (w.round+s.PID)%statusRounds != 0 {
		return
	}
	now.target = verdict.NewTarget(s, st)
	w.targets.Complete(now.target)
	now.target.ReadWait(w.fs)
	if now.term, _ = verdict.Of(now.target, int(unix.SIGTERM), w.targets.Caller); now.term == verdict.OutcomeUnknown && st.Sigs.Known {
		if closer, err := w.targets.Read(s.PID); err == nil && closer.ID == now.target.ID {
			now.target = closer
			now.term, _ = verdict.Of(closer, int(unix.SIGTERM), w.targets.Caller)
		}
	}
	p.signals = now
}
