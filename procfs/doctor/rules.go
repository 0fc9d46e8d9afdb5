package doctor

import (
	"cmp"
	"fmt"
	"path"
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

// IsShell reports whether a program of this name is a shell.
func IsShell(name string) bool { return slices.Contains(shells[:], name) }

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

// mostCommand is how many bytes of a command line a finding shows.
const mostCommand = 400

// commandLine returns the command line of a process, cut if it is very long.
func commandLine(p *snapshot.Process) string {
	line := strings.Join(p.Cmdline, " ")
	if len(line) <= mostCommand {
		return line
	}
	return strings.ToValidUTF8(line[:mostCommand], "") + "…"
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
	if s.Relayed || s.forwardsText() != "" {
		do = "remove the --rewrite that drops " + signal
	}
	timeout := procfs.Span(s.Timeout)
	if f.Timeout == 0 {
		timeout += " in Docker and 30s in Kubernetes"
	}
	return &Finding{
		ID: "stop-ignored", Level: Problem, Procs: []procfs.ID{first.ID},
		What:     "PID 1 (" + first.Comm + ") does not react to " + signal,
		Evidence: signal + " to 1 " + first.Comm + ": " + why,
		Why:      fmt.Sprintf("a stop waits for its timeout, %s, and then kills %s with SIGKILL: nothing is saved, connections are cut, the exit status is 137", timeout, plural(len(s.Steps), "process", "processes")),
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
	if !ok {
		return nil
	}
	var children []*snapshot.Process
	for _, p := range f.others() {
		if p.PPID == 1 {
			children = append(children, p)
		}
	}
	if len(children) == 0 {
		return nil
	}
	level, what := Problem, "PID 1 is a shell that forwards no signal to "+list(children)
	if s.Reacts == verdict.Yes { // It has a trap, which may do anything.
		level, what = Note, "PID 1 is a shell with a trap; only the trap can tell "+list(children)+" to stop"
	}
	do := "let the script end with: exec PROGRAM; or run it under an init with --group"
	if command != "" {
		do = "write the exec form: CMD " + execForm(children[0].Cmdline) + "; or begin the command with exec"
	}
	return &Finding{
		ID: "shell-pid1", Level: level, Procs: append([]procfs.ID{first.ID}, ids(children)...), What: what,
		Evidence: "1 " + commandLine(first),
		Why:      "a shell waits for its command and forwards nothing: the program never learns of a stop",
		Do:       do,
	}
}

// execForm returns a command as the exec form of a Dockerfile.
func execForm(words []string) string {
	if len(words) == 0 {
		return `["PROGRAM", "ARG"]`
	}
	if n := len(strings.Join(words, " ")); n > mostCommand {
		return fmt.Sprintf(`["%s", …] (%d bytes)`, path.Base(words[0][:min(len(words[0]), mostCommand)]), n)
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
		case step.Signal == 0 || fateOf(step.Process, step.Outcome) != FateKilled:
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
	do := "make them exit on SIGTERM"
	switch forwards := s.forwardsText(); {
	case s.Signal == sigKILL:
		why = "the signal of a stop is SIGKILL"
		do = "use one that the program handles: docker run --stop-signal TERM, systemd-nspawn --kill-signal=SIGTERM, or --boot for an init"
	case forwards != "" && len(causes) == 0:
		why += ": " + forwards
		do = "let the program end them before it ends, or let the init signal the whole process group (tini -g, or dumb-init)"
	case forwards != "":
	case by == ByInit:
		do += ", or give them another stop signal (--rewrite, stop_signal)"
	case by == ByEngine:
		do += ", give the program another stop signal (--rewrite, stop_signal), or end it earlier with --kill-after"
	}
	return &Finding{
		ID: "hard-kill", Level: Risk, Procs: ids(procs),
		What:     "a stop would kill " + plural(len(procs), "process", "processes") + " with SIGKILL: " + list(procs),
		Evidence: why,
		Why:      hardWhy(s),
		Do:       do,
	}
}

// hardWhy says why it matters that processes are killed.
func hardWhy(s *Stop) string {
	if s.Takes == 0 {
		return "their unsaved data is lost"
	}
	return fmt.Sprintf("it takes %s, and their unsaved data is lost", procfs.Span(s.Takes))
}

// unseen: what could not be read.
func unseen(f *Facts, s *Stop) *Finding {
	hidden := len(f.Procs) > 0 && !slices.ContainsFunc(f.Procs, func(p snapshot.Process) bool { return p.ID.PID == 1 })
	if hidden {
		return &Finding{
			ID: "not-seen", Level: Note, What: "PID 1 could not be seen, so most checks were not possible",
			Evidence: cmp.Or(f.Memory.None, fmt.Sprintf("it is not among the %d processes that this user sees", len(f.Procs))),
			Why:      "what it does with signals and zombies decides how a stop ends", Do: "look as root, or as the user of PID 1",
		}
	}
	if s.Possible && s.Reacts == verdict.Unknown {
		first, signal := s.Steps[0].Process, procfs.SignalName(s.Signal)
		return &Finding{
			ID: "not-seen", Level: Note, Procs: []procfs.ID{first.ID},
			What:     "what PID 1 (" + first.Comm + ") does with " + signal + " could not be determined, so a stop cannot be foreseen",
			Evidence: cmp.Or(f.Host.NoAccess, "this user may not see how PID 1 waits for signals"),
			Why:      "if it does not react, a stop waits for its timeout and then kills everything", Do: "look as root, or as the user of PID 1 (docker exec -u)",
		}
	}
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
	if longest >= time.Second {
		evidence += ", for at least " + procfs.Span(longest.Truncate(time.Second))
	}
	do := "yinit kill -s CONT " + strconv.Itoa(procs[0].ID.PID)
	if procs[0].State == procfs.StateTraced {
		do = "let its debugger resume it, or end the debugger"
		if t := procs[0].Target; t != nil && t.Tracer != 0 {
			do = fmt.Sprintf("let its debugger, process %d, resume it, or end the debugger", t.Tracer)
		}
	}
	return &Finding{
		ID: "stopped", Level: Risk, Procs: ids(procs),
		What:     plural(len(procs), "process is stopped: ", "processes are stopped: ") + list(procs),
		Evidence: evidence,
		Why:      "a stopped process does nothing, and every signal but SIGKILL waits until it is resumed",
		Do:       do,
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
		Why:      "no signal ends it while it waits, not even SIGKILL: the container may not stop at all",
		Do:       "look at the disk or the network file system that it waits for (/proc/" + strconv.Itoa(procs[0].ID.PID) + "/stack on the host)",
	}
}
