package snapshot

import (
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"syscall"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A forecast is the effect of SIGTERM on a process, and the state from which it was
// derived. It is valid as long as that state does not change.
type forecast struct {
	target  *verdict.Target // nil: none yet; shared by snapshots, so not modified
	outcome verdict.Outcome // what SIGTERM would do
	asked   bool            // with [Options.Bare]: the outcome was found out
	state   uint64          // hash of the state; what it is of would double the memory of a row
}

// decisive is the state of a process that a forecast depends on.
type decisive struct {
	state   procfs.State
	sigs    procfs.Signals
	uid     [4]uint32
	threads int
	tracer  int
}

var (
	seeded sync.Once
	seed   maphash.Seed
)

// forecast finds out what SIGTERM would do to a process. It reads only what decides,
// which for most processes is what their main thread waits for. A process that starts
// to wait for signals changes its mask, so forecast reads again when the mask or
// similar state has changed. It also does so from time to time if the process has run,
// for changes that the status does not show.
func (r *Reader) forecast(p *kept, s *procfs.Stat, st *procfs.Status) {
	state := decisive{state: s.State, sigs: st.Sigs, uid: st.UID, threads: s.Threads, tracer: st.TracerPID}
	seeded.Do(func() { seed = maphash.MakeSeed() })
	now := forecast{state: maphash.Comparable(seed, state)}
	if p.term.target != nil && p.term.state == now.state {
		if (int(r.round)+s.PID)%statusRounds != 0 || p.slept(s, st) {
			return
		}
	}
	p.switches = st.Switches
	now.target = verdict.NewTarget(s, st)
	if !r.opt.Bare {
		r.complete(p, now.target, s)
		now.foresee(r)
	}
	p.term = now
}

// foresee reads what the process waits for, and finds the outcome.
func (f *forecast) foresee(r *Reader) {
	f.target.ReadWait(r.fs)
	r.internWchan(f.target)
	if f.outcome, _ = verdict.Of(f.target, int(syscall.SIGTERM), r.Targets.Caller); f.outcome != verdict.OutcomeUnknown || !f.target.Sigs.Known {
		return
	}
	if closer, err := r.Targets.Read(f.target.ID.PID); err == nil && closer.ID == f.target.ID {
		f.target = closer
		f.outcome, _ = verdict.Of(closer, int(syscall.SIGTERM), r.Targets.Caller)
	}
}

// Foresee finds out what SIGTERM would do to a process of the last snapshot, if that was left
// out, see [Options.Bare]. p has its pid on the machine.
func (r *Reader) Foresee(p *Process) {
	k := r.seen[p.ID]
	if !r.opt.Bare || k == nil || k.term.target == nil {
		return
	}
	if !k.term.asked {
		f := k.term
		f.asked = true
		again := *f.target // Snapshots share it.
		again.Tasks = slices.Clone(again.Tasks)
		f.target = &again
		r.Targets.Complete(f.target)
		f.foresee(r)
		k.term = f
	}
	p.Target, p.Term = k.term.target, k.term.outcome
}

// slept reports whether the process has not run since the last forecast, so that it
// waits for what it waited for then. A process that is dying also depends on others.
func (p *kept) slept(s *procfs.Stat, st *procfs.Status) bool {
	return s.Threads == 1 && s.State != procfs.StateRunning && st.Switches != 0 && st.Switches == p.switches && p.term.target.Dying == 0
}

// complete is [verdict.Reader.Complete]. It does not ask again and again for the relay of
// a process, which takes a look at all its descriptors, and this process may have thousands:
// an init makes its relay when it starts, so the answer is final if it comes some time after
// the name has changed. Meanwhile complete asks less and less often.
func (r *Reader) complete(p *kept, t *verdict.Target, s *procfs.Stat) {
	targets := *r.Targets
	if p.renamed == 0 || p.relayOf != s.Comm {
		p.relayOf, p.renamed, p.askRelay = s.Comm, r.round, r.round
	}
	if r.round < p.askRelay && s.PID != 1 {
		relay := p.term.target.Relay
		targets.Relay = func(int) verdict.Relay { return relay }
	} else if p.askRelay = r.round + max(r.round-p.renamed, 1); r.round-p.renamed >= statusRounds {
		p.askRelay = math.MaxInt32
	}
	targets.Complete(t)
}

// mostWchans limits the names that a Reader keeps.
const mostWchans = 256

// internWchan makes the target share the name of the function in which its main thread waits
// with other targets: most processes wait in one of a few.
func (r *Reader) internWchan(t *verdict.Target) {
	if len(t.Tasks) == 0 {
		return
	}
	name := &t.Tasks[0].Wchan
	if known, ok := r.wchans[*name]; ok {
		*name = known
	} else if len(r.wchans) < mostWchans {
		r.wchans[*name] = *name
	}
}
