package doctor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// A knownInit is an init other than yinit of which it is known what it does at a stop: it
// forwards the signal to its child, and ends with the status of that as soon as that ends.
// All other processes are then left to the kernel.
type knownInit struct {
	group  bool   // it forwards to the process group of its child
	toggle string // the option that changes this
	long   string // its long form; "": none
	takes  string // options with a value
}

// knownInitOf returns what is known of an init by the name of its process. They take the stop signal with
// sigtimedwait(2), sigwait(3) or signalfd(2), so a row counts only if the verdict says so;
// then yinit under the name of another init does not match.
func knownInitOf(comm string) (known knownInit, ok bool) {
	switch comm {
	// tini(1): "-g: Send signals to the child's process group". TINI_KILL_PROCESS_GROUP does
	// the same; the environment is not read here.
	case "tini", "tini-static", "docker-init":
		return knownInit{toggle: "g", takes: "ep"}, true
	// dumb-init(1): "forwards signals to all processes in the session"; it signals the
	// process group of its child, which leads a session. "-c: only to the direct child".
	case "dumb-init":
		return knownInit{group: true, toggle: "c", long: "single-child", takes: "r"}, true
	// catatonit(1): "-g: Forward signals to pid1's process group".
	case "catatonit", "podman-init":
		return knownInit{toggle: "g"}, true
	}
	return knownInit{}, false
}

// A forwarder is what a known init was told.
type forwarder struct {
	group   bool        // it forwards to the process group of its child
	rewrite map[int]int // signals, and what it forwards in their place; 0: nothing
	zero    []int       // statuses of its child for which it exits with 0
}

// forwarderOf returns what PID 1 forwards; nil: it is not a known init, or does not read the
// signal.
func forwarderOf(p *snapshot.Process, o verdict.Outcome) *forwarder {
	known, ok := knownInitOf(p.Comm)
	if !ok || o != verdict.OutcomeRead {
		return nil
	}
	f := &forwarder{group: known.group, rewrite: map[int]int{}}
	for words := p.Cmdline[min(1, len(p.Cmdline)):]; len(words) > 0; words = words[1:] {
		word := words[0]
		long, isLong := strings.CutPrefix(word, "--")
		switch {
		case word == "--" || !strings.HasPrefix(word, "-"):
			return f
		case isLong && long == known.long:
			f.group = !f.group
		case isLong:
			name, value, inside := strings.Cut(long, "=")
			if !inside && name == "rewrite" && len(words) > 1 {
				value, words = words[1], words[1:]
			}
			f.option("r", value)
		default:
			words = f.letters(&known, word[1:], words)
		}
	}
	return f
}

// letters takes over a word of short options, and returns the words from the last one on that
// it took.
func (f *forwarder) letters(known *knownInit, letters string, words []string) []string {
	for i := range letters {
		letter := letters[i : i+1]
		if letter == known.toggle {
			f.group = !known.group
		}
		if known.takes == "" || !strings.Contains(known.takes, letter) {
			continue
		}
		value := letters[i+1:]
		if value == "" && len(words) > 1 {
			value, words = words[1], words[1:]
		}
		f.option(letter, value)
		break
	}
	return words
}

// option takes over an option with a value: -e of tini, -r of dumb-init.
func (f *forwarder) option(letter, value string) {
	switch letter {
	case "e":
		if n, err := strconv.Atoi(value); err == nil {
			f.zero = append(f.zero, n)
		}
	case "r":
		from, to, _ := strings.Cut(value, ":")
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA == nil && errB == nil {
			f.rewrite[a] = b
		}
	}
}

// forwarded is a stop by a known init. It returns false if PID 1 is none, or has no child.
func (s *Stop) forwarded(f *Facts, init Step, to *forwarder) bool {
	if to == nil {
		return false
	}
	var child *snapshot.Process // it is older than any orphan
	for _, p := range f.others() {
		if p.PPID == 1 && (child == nil || p.ID.Start < child.ID.Start) {
			child = p
		}
	}
	signal, changed := to.rewrite[s.Signal]
	if !changed {
		signal = s.Signal
	}
	switch {
	case child == nil:
		return false
	case signal == 0:
		s.Reacts = verdict.No
		s.killed(f, init, s.Timeout)
		return true
	}
	s.Reacts = verdict.Yes
	first := Step{Process: child, Role: RoleProgram, Signal: signal, Outcome: effect(child, signal, false)}
	first.Fate = fateOf(child, first.Outcome)
	s.Steps = append(make([]Step, 0, len(f.others())+1), init, first)
	for _, p := range f.others() {
		if p == child {
			continue
		}
		step := Step{Process: p, Role: RoleRest}
		if to.group && p.PGRP == child.PGRP {
			step.Signal, step.Outcome = signal, effect(p, signal, false)
		}
		s.Steps = append(s.Steps, step)
	}
	s.afterChild(to)
	return true
}

// afterChild sets how the processes end, which the end of the child of a known init decides.
func (s *Stop) afterChild(to *forwarder) {
	first := &s.Steps[1]
	if first.Fate == FateKilled {
		for i := range s.Steps {
			if step := &s.Steps[i]; i == 0 || fateOf(step.Process, step.Outcome) != FateEnds || step.Signal == 0 {
				step.Fate, step.At, step.By = FateKilled, s.Timeout, ByEngine
			} else {
				step.Fate = FateEnds
			}
		}
		s.Takes, s.Status, s.Known = s.Timeout, 128+sigKILL, true
		return
	}
	s.Steps[0].Fate = FateHandler // it waits for its child
	if first.Fate == FateEnds {
		s.Steps[0].Fate = FateEnds
		s.Status, s.Known = 128+first.Signal, true
		if slices.Contains(to.zero, s.Status) {
			s.Status = 0
		}
	}
	for i := range s.Steps[2:] {
		step := &s.Steps[2+i]
		own := FateKilled // without a signal it runs until PID 1 ends
		if step.Signal != 0 {
			own = fateOf(step.Process, step.Outcome)
		}
		switch {
		case own == FateEnds, own == FateUnknown:
			step.Fate = own
		case own == FateKilled && first.Fate == FateEnds:
			step.Fate, step.By = FateKilled, ByKernel
		default: // it ends by itself or with PID 1, whichever comes first
			step.Fate, step.By = FateLast, ByKernel
		}
	}
}

// forwardsText says to whom a known init forwards, for advice; "": PID 1 is none.
func (s *Stop) forwardsText() string {
	if len(s.Steps) == 0 || s.Relayed {
		return ""
	}
	first := s.Steps[0]
	to := forwarderOf(first.Process, first.Outcome)
	if to == nil {
		return ""
	}
	name := procfs.SignalName(cmp.Or(to.rewrite[s.Signal], s.Signal))
	if to.group {
		return first.Process.Comm + " forwards " + name + " to the process group of its child"
	}
	return first.Process.Comm + " forwards " + name + " to its child only"
}
