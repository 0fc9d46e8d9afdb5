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
// similar state has changed. It also does so from time to time if the process has run,
// for changes that the status does not show.
func (r *Reader) forecast(p *kept, s *procfs.Stat, st *procfs.Status) {
	now := forecast{state: s.State, sigs: st.Sigs, uid: st.UID, threads: s.Threads, tracer: st.TracerPID}
	if now.target, now.outcome = p.term.target, p.term.outcome; now.target != nil && now == p.term {
		if (r.round+s.PID)%statusRounds != 0 || p.slept(s, st) {
			return
		}
	}
	p.switches = st.Switches
	now.target = verdict.NewTarget(s, st)
	r.complete(p, now.target, s)
	now.target.ReadWait(r.fs)
	if now.outcome, _ = verdict.Of(now.target, int(syscall.SIGTERM), r.Targets.Caller); now.outcome == verdict.OutcomeUnknown && st.Sigs.Known {
		if closer, err := r.Targets.Read(s.PID); err == nil && closer.ID == now.target.ID {
			now.target = closer
			now.outcome, _ = verdict.Of(closer, int(syscall.SIGTERM), r.Targets.Caller)
		}
	}
	p.term = now
}

// slept reports whether the process has not run since the last forecast, so that it
// waits for what it waited for then. A process that is dying also depends on others.
func (p *kept) slept(s *procfs.Stat, st *procfs.Status) bool {
	return s.Threads == 1 && s.State != procfs.StateRunning && st.Switches != 0 && st.Switches == p.switches && p.term.target.Dying == 0
}

// complete is [verdict.Reader.Complete]. It does not ask again and again for the relay of
// a process, which takes a look at all its descriptors: an init makes its relay when it
// starts, so the answer is final if it comes some time after the name has changed.
func (r *Reader) complete(p *kept, t *verdict.Target, s *procfs.Stat) {
	targets := *r.Targets
	if p.renamed == 0 || p.relayOf != s.Comm {
		p.relayOf, p.renamed, p.final = s.Comm, r.round, false
	}
	if p.final && s.PID != 1 {
		relay := p.term.target.Relay
		targets.Relay = func(int) verdict.Relay { return relay }
	}
	p.final = r.round-p.renamed >= statusRounds
	targets.Complete(t)
}
