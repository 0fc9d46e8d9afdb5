package doctor

import (
	"fmt"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// TakesText says how long a stop takes.
func (s *Stop) TakesText() string {
	switch {
	case s.Takes > 0 && s.AtLeast:
		return procfs.Span(s.Takes) + ", or longer if handlers take longer"
	case s.Takes > 0:
		return procfs.Span(s.Takes)
	case s.Reacts == verdict.Unknown:
		return "unknown how long"
	case s.AtLeast:
		return "ends when the handlers have finished"
	}
	return "at once"
}

// takesShort is TakesText for a narrow screen.
func (s *Stop) takesShort() string {
	switch {
	case s.Takes > 0 && s.AtLeast:
		return procfs.Span(s.Takes) + " or longer"
	case s.Takes == 0 && s.AtLeast && s.Reacts != verdict.Unknown:
		return "when handlers end"
	}
	return s.TakesText()
}

// HardText says how many processes a stop kills with SIGKILL.
func (s *Stop) HardText() string {
	if s.Hard == 0 && s.Doubt > 0 && s.Reacts != verdict.No {
		return fmt.Sprintf("up to %d killed hard", s.Doubt)
	}
	return fmt.Sprintf("%d killed hard", s.Hard)
}

// StatusText says with which exit status the container ends.
func (s *Stop) StatusText() string {
	if s.Known {
		return fmt.Sprintf("exit status %d", s.Status)
	}
	return "exit status not known"
}

// Text says in one sentence what a stop would do, or why that cannot be foreseen.
func (s *Stop) Text(f *Facts) string { return s.Texts(f)[0] }

// Texts returns sentences like Text, the longest first. The signal and the timeout are said
// because nothing inside a container shows which ones the engine will use.
func (s *Stop) Texts(f *Facts) []string {
	switch {
	case !s.Possible && f.Reader == 1:
		return []string{"No stop can be foreseen: PID 1 is the program that looks"}
	case !s.Possible && f.Machine():
		return []string{"These are the processes of a machine, not of a container that can be stopped"}
	case !s.Possible:
		return []string{"No stop can be foreseen: PID 1 cannot be read"}
	}
	signal, timeout := procfs.SignalName(s.Signal), procfs.Span(s.Timeout)
	name := fmt.Sprintf("docker stop (%s, then SIGKILL after %s)", signal, timeout)
	if s.Reacts == verdict.Unknown {
		const unknown = "unknown, because it cannot be determined what PID 1 does with "
		return []string{name + ": " + unknown + signal, "stop: " + unknown + signal, "stop: unknown"}
	}
	long := fmt.Sprintf("%s: %s, %s, %s", name, s.TakesText(), s.HardText(), s.StatusText())
	short := fmt.Sprintf("%s, %s", s.takesShort(), s.HardText())
	return []string{
		long + s.InKubernetes(f), long,
		fmt.Sprintf("stop (%s, %s): %s, %s", signal, timeout, short, s.StatusText()),
		fmt.Sprintf("stop (%s, %s): %s", signal, timeout, short),
		"stop: " + short, "stop: " + s.takesShort(),
	}
}

// InKubernetes says what is different with the longer timeout of Kubernetes; "": nothing, or
// the timeout was chosen.
func (s *Stop) InKubernetes(f *Facts) string {
	if !s.Possible || s.Takes < s.Timeout || f.Timeout != 0 {
		return ""
	}
	g := *f
	g.Timeout = KubernetesTimeout
	k := Simulate(&g)
	return fmt.Sprintf("; Kubernetes: %s, %d killed hard", procfs.Span(k.Takes), k.Hard)
}

// resumed reports whether yinit, as PID 1, sends SIGCONT after the signal to a process that is stopped,
// which then acts on the signal.
func (s *Step) resumed() bool {
	return s.Role != RoleInit && s.Signal != 0 && s.Process.State == procfs.StateStopped
}

// EndText says in a clause how a process ends.
func (s *Step) EndText() string {
	if s.resumed() && (s.Fate == FateEnds || s.Fate == FateHandler) {
		return s.endText() + ": yinit sends SIGCONT as well"
	}
	return s.endText()
}

func (s *Step) endText() string {
	switch s.Fate {
	case FateEnds:
		if s.At == 0 {
			return "it ends at once"
		}
		return "it ends after " + procfs.Span(s.At)
	case FateHandler:
		return s.handlerText()
	case FateLast:
		return "the kernel kills it when PID 1 ends, unless it ends first"
	case FateUnknown:
		return "what happens to it is unknown"
	}
	switch s.By {
	case ByInit:
		return "yinit kills it after " + procfs.Span(s.At) + " (--kill-after)"
	case ByGrace:
		return "yinit kills it after " + procfs.Span(s.At) + " (--grace)"
	case ByKernel:
		return "the kernel kills it when PID 1 ends"
	}
	return "the engine kills it after " + procfs.Span(s.At)
}

// handlerText is EndText of a process that acts on the signal itself.
func (s *Step) handlerText() string {
	if s.Role == RoleInit && s.Signal != 0 {
		switch {
		case s.Process.Target != nil && s.Process.Target.Relay != nil:
			return "it ends when its programs have"
		case forwarderOf(s.Process, s.Outcome) != nil:
			return "it ends when its child has"
		}
	}
	if s.Outcome == verdict.OutcomeRead {
		return "it reads the signal itself, and chooses when to end"
	}
	return "it ends when its handler has finished"
}

// String returns the fate in a word.
func (f Fate) String() string {
	return [...]string{"unknown", "ends", "handler", "killed", "last"}[min(f, FateLast)]
}

// Alike returns how many steps from step i on are like it: the same happens to processes of the
// same name in the same part.
func (s *Stop) Alike(i int) int {
	n := 1
	for i+n < len(s.Steps) {
		a, b := &s.Steps[i], &s.Steps[i+n]
		if a.Process.Comm != b.Process.Comm || a.Role != b.Role || a.Signal != b.Signal || a.Outcome != b.Outcome || a.Fate != b.Fate || a.At != b.At || a.By != b.By {
			break
		}
		n++
	}
	return n
}
