package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// inherited: signals that were blocked or ignored before the program could have done it.
func inherited(f *Facts, s *Stop) *Finding {
	var procs []*snapshot.Process
	var blocked, ignored procfs.SignalSet
	for i := range s.Steps {
		p := s.Steps[i].Process
		t := p.Target
		if t == nil || s.Steps[i].Role == RoleInit && s.Relayed {
			continue
		}
		b := t.Before.Blocked & t.Sigs.Blocked
		g := t.Before.Ignored & t.Sigs.Ignored
		if watched := procfs.NewSignalSet(sigTERM, sigCHLD, sigPIPE, sigINT, sigHUP); (b|g)&watched != 0 {
			procs = append(procs, p)
			blocked, ignored = blocked|b&watched, ignored|g&watched
		}
	}
	if len(procs) == 0 {
		return shared(s)
	}
	var words []string
	if !blocked.Empty() {
		words = append(words, blocked.String()+" blocked")
	}
	if !ignored.Empty() {
		words = append(words, ignored.String()+" ignored")
	}
	both, level := blocked|ignored, Note
	if both.Has(sigTERM) || both.Has(sigCHLD) {
		level = Risk
	}
	return &Finding{
		ID: "inherited-signals", Level: level, Procs: ids(procs),
		What:     strings.Join(words, ", ") + " before the program was started: " + list(procs),
		Evidence: "set by what started the container; a program keeps blocked and ignored signals across exec",
		Why:      inheritedWhy(both),
		Do:       "start the container from a parent that has them at their default, or reset them in the program before it starts others",
	}
}

// fewAlike is how many processes must be alike for a guess that they have inherited something.
const fewAlike = 3

// telling are the signals that a program rarely blocks or ignores for all of its children.
const telling = procfs.SignalSet(1<<(sigTERM-1) | 1<<(sigCHLD-1) | 1<<(sigPIPE-1))

// Alike reports whether all processes may have inherited a blocked or an ignored signal from
// before the start of the container: the first one has it. If it returns false, the masks of the
// others decide nothing and need not be read.
func Alike(first *snapshot.Process) bool {
	return first.Sigs.Known && (first.Sigs.Blocked|first.Sigs.Ignored)&telling != 0
}

// shared: all processes block or ignore the same signals, and PID 1 is not yinit, which would
// know with what it was started. One program that wants that resets it for its children, or
// is alone.
func shared(s *Stop) *Finding {
	if s.Relayed || len(s.Steps) < fewAlike || !Alike(s.Steps[0].Process) {
		return nil
	}
	blocked, ignored := telling, telling
	for i := range s.Steps {
		p := s.Steps[i].Process
		if !p.Sigs.Known || isForking(p) {
			return nil
		}
		blocked, ignored = blocked&p.Sigs.Blocked, ignored&p.Sigs.Ignored
	}
	if (blocked | ignored).Empty() {
		return nil
	}
	procs := make([]*snapshot.Process, len(s.Steps))
	for i := range procs {
		procs[i] = s.Steps[i].Process
	}
	var words []string
	if !blocked.Empty() {
		words = append(words, blocked.String()+" blocked")
	}
	if !ignored.Empty() {
		words = append(words, ignored.String()+" ignored")
	}
	return &Finding{
		ID: "inherited-signals", Level: Note, Procs: ids(procs),
		What:     "all processes have " + strings.Join(words, ", ") + ", perhaps since the container was started",
		Evidence: fmt.Sprintf("%s; a child inherits this from its parent", plural(len(procs), "process", "processes")),
		Why:      inheritedWhy(blocked | ignored),
		Do:       "start the container from a parent that has them at their default, or reset them in the program before it starts others",
	}
}

// inheritedWhy says what the worst of these signals causes.
func inheritedWhy(s procfs.SignalSet) string {
	switch {
	case s.Has(sigTERM):
		return "a program that does not expect it cannot be stopped by SIGTERM"
	case s.Has(sigCHLD):
		return "with SIGCHLD ignored, exit statuses of children are lost"
	case s.Has(sigPIPE):
		return "with SIGPIPE ignored, a program goes on writing to a pipe that nobody reads"
	default:
		return "Ctrl-C and a hangup may do nothing"
	}
}

// execPile: sessions of docker exec that do not end.
func execPile(f *Facts, _ *Stop) *Finding {
	byCommand := map[string][]*snapshot.Process{}
	total := 0
	for _, p := range f.others() {
		if p.Entered() && p.Place == snapshot.PlaceInit {
			total++
			key := strings.Join(p.Cmdline, " ")
			byCommand[key] = append(byCommand[key], p)
		}
	}
	var worst []*snapshot.Process
	for _, procs := range byCommand {
		if len(procs) > len(worst) || len(procs) == len(worst) && len(worst) > 0 && procs[0].ID.PID < worst[0].ID.PID {
			worst = procs
		}
	}
	if total < manyExecs || len(worst) == 0 {
		return nil
	}
	slices.SortFunc(worst, func(a, b *snapshot.Process) int { return cmp.Compare(b.Age, a.Age) })
	oldest := worst[0].Age
	x := &Finding{
		ID: "exec-pile", Level: Risk, Procs: ids(worst),
		What: fmt.Sprintf("%d sessions from outside (docker exec) are open", total),
		Evidence: fmt.Sprintf("%s: %d times, the oldest for %s", commandLine(worst[0]), len(worst),
			procfs.Span(oldest.Truncate(time.Second))),
		Why: "a health check or probe that does not end leaves a process each time it runs, until a limit is hit",
		Do:  "give the command a time limit of its own (timeout 5 COMMAND), and end the old ones",
	}
	if len(worst) >= manyExecs && oldest >= oldExec {
		x.Level = Problem
	}
	return x
}
