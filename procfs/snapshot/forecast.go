package snapshot

import (
	"syscall"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A forecast is what was found out about the signals of a process, and what of it
// stays true as long as that does not change.
type forecast struct {
	target  *verdict.Target // nil: nothing yet. Snapshots share it, so it is not changed
	outcome verdict.Outcome // what SIGTERM would do

	state   procfs.State
	sigs    procfs.Signals
	uid     [4]uint32
	threads int
	tracer  int
}

// forecast finds out what SIGTERM would do to a process. It reads only what decides:
// for most that is what their main thread waits for. A process that begins to
// wait for signals changes its mask, so that is read again when the mask or the
// like has changed, and for all that does not show from time to time.
func (r *Reader) forecast(p *kept, s *procfs.Stat, st *procfs.Status) {
	now := forecast{state: s.State, sigs: st.Sigs, uid: st.UID, threads: s.Threads, tracer: st.TracerPID}
	if now.target, now.outcome = p.term.target, p.term.outcome; now.target != nil && now == p.term && (r.round+s.PID)%statusRounds != 0 {
		return
	}
	now.target = verdict.NewTarget(s, st)
	r.Targets.Complete(now.target)
	now.target.ReadWait(r.fs)
	if now.outcome, _ = verdict.Of(now.target, int(syscall.SIGTERM), r.Targets.Caller); now.outcome == verdict.OutcomeUnknown && st.Sigs.Known {
		if closer, err := r.Targets.Read(s.PID); err == nil && closer.ID == now.target.ID {
			now.target = closer
			now.outcome, _ = verdict.Of(closer, int(syscall.SIGTERM), r.Targets.Caller)
		}
	}
	p.term = now
}
