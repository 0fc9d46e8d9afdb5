package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

const (
	sigCHLD = int(syscall.SIGCHLD)
	sigPIPE = int(syscall.SIGPIPE)
	sigINT  = int(syscall.SIGINT)
	sigHUP  = int(syscall.SIGHUP)

	longDead   = 10 * time.Second // a parent may need a moment to wait
	manyDead   = 50               // zombies that are a problem by their number alone
	soon       = time.Hour        // a limit that is reached until then is a problem
	longStuck  = 10 * time.Second
	manyExecs  = 8 // sessions of docker exec
	oldExec    = time.Hour
	nearLimit  = 0.8
	atLimit    = 0.98
	mostListed = 3 // processes that a sentence names
)

// shells are those that forward no signal to the command that they wait for.
var shells = [...]string{"sh", "bash", "dash", "ash", "busybox", "ksh", "mksh", "zsh"}

func name(p *snapshot.Process) string { return strconv.Itoa(p.ID.PID) + " " + p.Comm }

// list names some processes and counts the others.
func list(procs []*snapshot.Process) string {
	names := make([]string, 0, mostListed)
	for _, p := range procs[:min(len(procs), mostListed)] {
		names = append(names, name(p))
	}
	words := strings.Join(names, ", ")
	if more := len(procs) - len(names); more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words
}

func ids(procs []*snapshot.Process) []procfs.ID {
	all := make([]procfs.ID, len(procs))
	for i, p := range procs {
		all[i] = p.ID
	}
	return all
}

// plural returns "1 process" or "3 processes".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// isShell reports whether p is a shell that runs a command or a script, and the command that
// it runs with -c. A shell that waits for its user runs neither.
func isShell(p *snapshot.Process) (command string, ok bool) {
	if !slices.Contains(shells[:], p.Comm) {
		return "", false
	}
	for i, word := range p.Cmdline {
		switch {
		case i == 0 || slices.Contains(shells[:], word): // busybox sh
		case !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "+"):
			return "", true
		case strings.HasSuffix(word, "c") && !strings.HasPrefix(word, "--"):
			return strings.Join(p.Cmdline[i+1:min(i+2, len(p.Cmdline))], ""), true
		}
	}
	return "", false
}

// stopIgnored: PID 1 does not act on the signal of a stop.
func stopIgnored(f *Facts, s *Stop) *Finding {
	if !s.Possible || s.Reacts != verdict.No {
		return nil
	}
	first, signal := s.Steps[0].Process, procfs.SignalName(s.Signal)
	why := s.Steps[0].Outcome.String()
	if reason := s.Steps[0].Reason(); reason != "" {
		why += ", " + reason
	}
	do := "run it under an init: docker run --init, or ENTRYPOINT [\"/yinit\", \"--\"]; or install a handler for " + signal
	if s.Relayed {
		do = "take the --rewrite that drops " + signal + " away"
	}
	return &Finding{
		ID: "stop-ignored", Level: Problem, Procs: []procfs.ID{first.ID},
		What:     "PID 1 (" + first.Comm + ") does not react to " + signal,
		Evidence: signal + " to 1 " + first.Comm + ": " + why,
		Why:      fmt.Sprintf("a stop waits for its timeout, %s in Docker and 30s in Kubernetes, and then kills %s with SIGKILL: nothing is saved, connections are cut, the exit status is 137", procfs.Span(s.Timeout), plural(len(s.Steps), "process", "processes")),
		Do:       do,
	}
}

// shellFirst: PID 1 is a shell, which forwards nothing.
func shellFirst(f *Facts, s *Stop) *Finding {
	first := f.find(1)
	if first == nil || !s.Possible {
		return nil
	}
	command, ok := isShell(first)
	var children []*snapshot.Process
	for _, p := range f.others() {
		if p.PPID == 1 {
			children = append(children, p)
		}
	}
	if !ok || len(children) == 0 {
		return nil
	}
	level, what := Problem, "PID 1 is a shell that forwards no signal to "+list(children)
	if s.Reacts == verdict.Yes { // It has a trap, which may do anything.
		level, what = Note, "PID 1 is a shell with a trap; only that can tell "+list(children)+" to stop"
	}
	do := "let the script end with: exec PROGRAM; or run it under an init with --group"
	if command != "" {
		do = "write the exec form: CMD " + execForm(children[0].Cmdline) + "; or begin the command with exec"
	}
	return &Finding{
		ID: "shell-pid1", Level: level, Procs: append([]procfs.ID{first.ID}, ids(children)...), What: what,
		Evidence: "1 " + strings.Join(first.Cmdline, " "),
		Why:      "a shell waits for its command and forwards nothing: the program never learns of a stop",
		Do:       do,
	}
}

// execForm returns a command as the exec form of a Dockerfile.
func execForm(words []string) string {
	if len(words) == 0 {
		return `["PROGRAM", "ARG"]`
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// hardKilled: PID 1 reacts, and some processes do not.
func hardKilled(f *Facts, s *Stop) *Finding {
	if s.Reacts != verdict.Yes || s.Hard == 0 {
		return nil
	}
	var causes, rest []*snapshot.Process
	why, by := "they get no signal before SIGKILL", NoKiller
	for i := range s.Steps {
		step := &s.Steps[i]
		switch {
		case !step.Hard():
		case step.Signal == 0 || fateOf(step.Outcome) != FateKilled:
			rest = append(rest, step.Process)
		default:
			if len(causes) == 0 {
				why, by = fmt.Sprintf("%s to %s: %s", procfs.SignalName(step.Signal), name(step.Process), step.Outcome), step.By
				if reason := step.Reason(); reason != "" {
					why += ", " + reason
				}
			}
			causes = append(causes, step.Process)
		}
	}
	procs := append(causes, rest...)
	do := "let them end when they get SIGTERM"
	switch by {
	case ByInit:
		do += ", or give them another stop signal (--rewrite, stop_signal)"
	case ByEngine:
		do += ", give the program another stop signal (--rewrite, stop_signal), or end it earlier with --kill-after"
	}
	return &Finding{
		ID: "hard-kill", Level: Risk, Procs: ids(procs),
		What:     "a stop would kill " + plural(len(procs), "process", "processes") + " with SIGKILL: " + list(procs),
		Evidence: why,
		Why:      fmt.Sprintf("it takes %s, and what these hold is not saved", procfs.Span(s.Takes)),
		Do:       do,
	}
}

// unseen: what could not be read.
func unseen(f *Facts, _ *Stop) *Finding {
	if f.Host.NoAccess == "" {
		return nil
	}
	return &Finding{
		ID: "not-seen", Level: Note, What: "not everything could be read: " + f.Host.NoAccess,
		Evidence: f.Host.NoAccess, Why: "there may be more to find", Do: "look as root, or as the user of the processes",
	}
}

// stopped: processes that somebody has stopped.
func stopped(f *Facts, _ *Stop) *Finding {
	var procs []*snapshot.Process
	longest := time.Duration(0)
	for _, p := range f.others() {
		if p.State.Stopped() {
			procs, longest = append(procs, p), max(longest, f.Stuck[p.ID])
		}
	}
	if len(procs) == 0 {
		return nil
	}
	evidence := name(procs[0]) + " is in state " + procs[0].State.String()
	if longest > 0 {
		evidence += ", for at least " + procfs.Span(longest.Truncate(time.Second))
	}
	return &Finding{
		ID: "stopped", Level: Risk, Procs: ids(procs),
		What:     plural(len(procs), "process is stopped: ", "processes are stopped: ") + list(procs),
		Evidence: evidence,
		Why:      "a stopped process does nothing, and each signal but SIGKILL waits until it goes on",
		Do:       "kill -CONT " + strconv.Itoa(procs[0].ID.PID) + ", or end the debugger that holds it",
	}
}

// diskSleep: processes that wait in the kernel.
func diskSleep(f *Facts, _ *Stop) *Finding {
	var procs []*snapshot.Process
	longest := time.Duration(0)
	for _, p := range f.others() {
		if p.State == procfs.StateDisk && f.Stuck[p.ID] >= longStuck {
			procs, longest = append(procs, p), max(longest, f.Stuck[p.ID])
		}
	}
	if len(procs) == 0 {
		return nil
	}
	return &Finding{
		ID: "disk-sleep", Level: Problem, Procs: ids(procs),
		What:     plural(len(procs), "process waits in the kernel: ", "processes wait in the kernel: ") + list(procs),
		Evidence: name(procs[0]) + " is in state D for at least " + procfs.Span(longest.Truncate(time.Second)),
		Why:      "no signal ends it until the kernel goes on, not even SIGKILL: the container may not stop at all",
		Do:       "look at the disk or the network file system that it waits for (/proc/" + strconv.Itoa(procs[0].ID.PID) + "/stack on the host)",
	}
}
