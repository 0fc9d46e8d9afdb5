package kill

import (
	"strconv"
	"time"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// Name names the process: "37 git".
func (m *Member) Name() string {
	if m.Comm == "" {
		return strconv.Itoa(m.ID.PID)
	}
	return strconv.Itoa(m.ID.PID) + " " + m.Comm
}

// Verdict says what the signal would do: "SIGTERM: IGNORE, the program ignores it".
func (m *Member) Verdict(signal int) string {
	return procfs.SignalName(signal) + ": " + m.Prediction.String() + ", " + m.Prediction.Reason
}

// Text says what has become of the member: "exited 143 after 200ms", "still there after 5s:
// it ignores SIGTERM, but only SIGKILL ends it".
func (m *Member) Text() string {
	switch m.Result {
	case Ended:
		return m.ended()
	case Stopped:
		return "stopped, SIGCONT resumes it"
	case Resumed:
		return "resumed"
	case Running:
		return "it was not stopped"
	case Delivered:
		if m.Prediction.Lost() { // It blocked the signal only for a moment.
			return procfs.SignalName(m.Signal) + " delivered"
		}
		return procfs.SignalName(m.Signal) + " delivered: " + m.Prediction.Reason
	case Dropped:
		return procfs.SignalName(m.Signal) + " has no effect: " + m.Prediction.Reason
	case Gone:
		return "it has ended: nothing sent"
	case Zombie:
		return "a zombie, " + procfs.Ended(m.Known, m.Status) + ": nothing sent; " + m.blamed + " has not waited for it"
	case Refused:
		return m.refused()
	case Missing:
		return m.Err.Error()
	case Waiting:
		return m.waiting()
	default:
		return "nothing sent"
	}
}

// ended says how the process ended, and when.
func (m *Member) ended() string {
	how := "ended, exit status unknown,"
	if m.Known {
		how = procfs.Ended(true, m.Status)
	}
	switch {
	case m.After < time.Millisecond:
		how += " at once"
	default:
		how += " after " + procfs.Span(m.After)
	}
	return how
}

func (m *Member) refused() string {
	switch {
	case m.Prediction.Outcome == verdict.OutcomeDenied:
		return "not permitted: " + m.Prediction.Reason
	default:
		return "cannot send: " + m.Err.Error()
	}
}

// waiting says what keeps the process from doing what the signal is for.
func (m *Member) waiting() string {
	words := "still there after " + procfs.Span(m.After)
	switch {
	case m.purpose == toStop:
		words = "not stopped after " + procfs.Span(m.After)
	case m.purpose == toResume:
		words = "still stopped after " + procfs.Span(m.After)
	case m.Sent == nil:
		return words
	}
	if m.Sent == nil {
		return words
	}
	if why := m.Sent.Why(); why != "" {
		words += ": " + why
	}
	if m.purpose == toEnd && m.Sent.Outcome == verdict.OutcomeIgnore {
		ends := verdict.WhatEnds(func(n int) verdict.Prediction { return verdict.Predict(m.Sent.Target, n, verdict.Anyone()) })
		if ends != "" {
			words += ", but " + ends
		}
	}
	return words
}
