package snapshot

import (
	"syscall"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A forecast is the effect of SIGTERM on a process, and the state from which it was
// derived. It is valid as long as that state does not change.
type forecast struct {
	target  *verdict.Target // nil: none yet; shared by snapshots, so not modified
	outcome verdict.Outcome // what SIGTERM would do

	state   procfs.State
	sigs    procfs.Signals
	uid     [4]uint32
	threads int
	tracer  int
}

// forecast finds out what SIGTERM would do to a process. It reads only what decides,
// which for most processes is what their main thread waits for. A process that starts
// to wait for signals changes its mask, so forecast reads again when the mask or
// similar state has changed. It also does so from time to time, for changes that the
// status does not show.
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
