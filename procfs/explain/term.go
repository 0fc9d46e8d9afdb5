package explain

import (
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// term returns the prediction for SIGTERM, without the reason.
func (s *Subject) term() verdict.Prediction {
	return verdict.Prediction{Outcome: s.Process.Term}.Relayed(s.Target, sigTerm)
}

// relayedTerm says what yinit as PID 1 does with SIGTERM; "" for other processes.
func relayedTerm(f verdict.Prediction) string {
	switch f.Forward {
	case sigTerm:
		return "forwards SIGTERM to its program"
	case 0:
		if f.Drop {
			return "drops SIGTERM (--rewrite)"
		}
		return ""
	default:
		return "forwards SIGTERM to its program as " + procfs.SignalName(f.Forward)
	}
}

// whatEnds is [verdict.WhatEnds] as an addition to a sentence.
func (s *Subject) whatEnds() string {
	if words := verdict.WhatEnds(s.predict); words != "" {
		return ", but " + words
	}
	return ""
}

// Term says what SIGTERM would do to the process: "it handles SIGTERM".
func (s *Subject) Term() string {
	f := s.term()
	if text := relayedTerm(f); text != "" {
		return "it " + text
	}
	switch f.Outcome {
	case verdict.OutcomeHandler:
		return "it handles SIGTERM"
	case verdict.OutcomeRead:
		return "it reads SIGTERM with signalfd or sigwait"
	case verdict.OutcomeTerminate:
		if s.State == procfs.StateDisk && (s.Target == nil || !s.Target.InVfork()) {
			return "SIGTERM ends it when it wakes up"
		}
		return "SIGTERM ends it at once"
	case verdict.OutcomeIgnore:
		if s.KernelThread() {
			return "it is a kernel thread, which takes no signals"
		}
		return "it ignores SIGTERM" + s.whatEnds()
	case verdict.OutcomePending:
		if s.State.Stopped() {
			return "SIGTERM stays pending until then"
		}
		return "it blocks SIGTERM, which stays pending"
	case verdict.OutcomeDenied:
		return "you may not signal processes of its user"
	case verdict.OutcomeNoEffect:
		return Predict(s.Process, s.Target, sigTerm, s.Caller).Reason
	case verdict.OutcomeShielded:
		return "it has no handler for SIGTERM, so the kernel drops it, and docker stop waits its full timeout"
	default:
		return "what SIGTERM would do is unknown"
	}
}

// BriefTerm is a shorter Term, without a subject: "handles SIGTERM".
func (s *Subject) BriefTerm() string {
	f := s.term()
	if text := relayedTerm(f); text != "" {
		return text
	}
	switch f.Outcome {
	case verdict.OutcomeHandler:
		return "handles SIGTERM"
	case verdict.OutcomeRead:
		return "reads SIGTERM with signalfd or sigwait"
	case verdict.OutcomeTerminate:
		return "SIGTERM ends it"
	case verdict.OutcomeIgnore:
		if s.KernelThread() {
			return "kernel thread, takes no signals"
		}
		return "ignores SIGTERM" + s.whatEnds()
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
