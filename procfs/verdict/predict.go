package verdict

import "yinit/procfs"

// A Prediction is the verdict on a signal, and what an init that forwards signals does
// with it.
type Prediction struct {
	Outcome Outcome // of the signal
	Reason  string  // of the outcome
	Forward int     // the signal that the init sends to its program for this one; 0: none
	Drop    bool    // the init was told to drop it
}

// Predict returns what signal n would do to t if the caller sent it now.
func Predict(t *Target, n int, caller Caller) Prediction {
	var p Prediction
	p.Outcome, p.Reason = Of(t, n, caller)
	return p.Relayed(t, n)
}

// Relayed returns p with what t does with signal n if it is an init, see
// [Target.Relayed]. t may be nil.
func (p Prediction) Relayed(t *Target, n int) Prediction {
	p.Forward, p.Drop = t.Relayed(n, p.Outcome)
	return p
}

// String returns the word for a column, see [Column].
func (p Prediction) String() string { return Column(p.Outcome, p.Forward, p.Drop) }

// Trouble is as the function of this name.
func (p Prediction) Trouble() bool { return Trouble(p.Outcome, p.Drop) }

// Ends reports whether the kernel ends the process.
func (p Prediction) Ends() bool { return p.Outcome == OutcomeTerminate || p.Outcome == OutcomeCore }

// Lost reports whether the process does not act on the signal now.
func (p Prediction) Lost() bool {
	switch p.Outcome {
	case OutcomeDefaultIgnore, OutcomeNoEffect, OutcomeDenied:
		return true
	}
	return p.Trouble()
}

// EndsByName reports whether signal n is usually sent to end a process.
func EndsByName(n int) bool {
	switch procfs.SignalName(n) {
	case "SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGABRT":
		return true
	}
	return false
}

// WhatEnds says which signals end a process that ignores SIGTERM, if predict gives the
// outcome of each: "only SIGKILL ends it", "SIGINT or SIGKILL ends it"; "" if none is known
// to.
func WhatEnds(predict func(n int) Prediction) string {
	ends := func(n int) bool { return predict(n).Ends() }
	if !ends(sigKill) {
		return ""
	}
	for _, name := range [...]string{"INT", "HUP", "QUIT"} {
		if n, _ := procfs.ParseSignal(name); ends(n) {
			return "SIG" + name + " or SIGKILL ends it"
		}
	}
	for n := 1; n <= 64; n++ {
		if n != sigKill && ends(n) {
			return "SIGKILL ends it"
		}
	}
	return "only SIGKILL ends it"
}
