package main

import (
	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// foreseen is what was found out about the signals of a process, and what of it
// stays true as long as that does not change.
type foreseen struct {
	target *procfs.Target // nil: nothing yet. It is the inspector's, too, and not changed
	term   procfs.Outcome

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
	now.target = procfs.NewTarget(s, st)
	if w.ours {
		now.target.Permitted = mayKill(s.PID)
	}
	if s.PID == 1 {
		now.target.Relay = history.RelayOf(w.fs, 1)
	}
	w.fs.Waits(now.target)
	if now.term, _ = procfs.Verdict(now.target, int(unix.SIGTERM), w.caller); now.term == procfs.OutcomeUnknown && st.Sigs.Known {
		if closer, err := readTarget(w.fs, s.PID, w.caller, w.ours); err == nil && closer.ID == now.target.ID {
			now.target = closer
			now.term, _ = procfs.Verdict(closer, int(unix.SIGTERM), w.caller)
		}
	}
	p.signals = now
}
