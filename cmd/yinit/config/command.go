package config

import (
	"errors"
	"fmt"
	"strings"
)

// Command is a command of the inspector, such as top.
type Command struct {
	Name     string   // the word on the command line
	Text     string   // what it does, for the list of commands
	Operands string   // the operands in the usage, "" if the command takes none
	Value    Value    // the kind of each operand
	Choices  string   // the words of a Choice, separated by spaces
	Many     bool     // the command takes any number of operands, not at most one
	Runs     bool     // the operands are a program: the first one ends the options
	Options  []Option // including --help
	Keys     []Entry  // the main keys, of a command that has a screen
	Examples []Entry  // command lines and what they do
}

// An Entry is a line of the help: a name, a key or a command line, and what it means.
type Entry struct{ Name, Text string }

// Commands returns all commands in the order of the help. The caller must not change
// the slice.
func Commands() []Command { return commands }

var commands = []Command{
	{
		Name: "top", Text: "watch the processes of this container, and send signals",
		Options: []Option{
			{Long: "interval", Arg: "DUR", Value: Duration, Text: "time between two refreshes, at least 100ms", Default: "1s"},
			{Long: "readonly", Text: "no signals can be sent"},
			{Long: "once", Text: "print one frame as text and exit"},
			{Long: "snapshot", Text: "print all that top shows as JSON, for --replay, and exit"},
			{Long: "replay", Arg: "FILE", Value: File, Text: "show what the key w or --snapshot has written"},
			{Long: "ascii", Text: "use ASCII characters only"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "start at this process"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Keys: []Entry{
			{"Enter", "details of the process and its signals"},
			{"k F9", "send a signal"},
			{"e", "explain the process, and what helps"},
			{"/ F4", "filter"},
			{"z", "show the zombies"},
			{"Tab 1 2", "next page, or a page by its number"},
			{"s < > F6", "sort by another column"},
			{"? F1", "all keys"},
			{"q F10", "quit"},
		},
		Examples: []Entry{
			{"docker exec -ti app /yinit top", "watch the container app"},
			{"yinit top --once", "print one frame, for a log or a script"},
			{"yinit top --snapshot > FILE", "save all that it shows, for yinit top --replay FILE"},
		},
	},
	{
		Name: "status", Text: "show on one page what runs here, how a stop would go, what is wrong, and the last deaths",
		Options: []Option{
			{Long: "json", Text: "print one JSON object"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"docker exec app /yinit status", "how the container app is"},
		},
	},
	{
		Name: "ps", Text: "list all other processes: what they use, what SIGTERM would do to each, and how zombies ended",
		Options: []Option{
			{Long: "tree", Text: "as a tree; with --filter it has the ancestors of those that match, too"},
			{Long: "sort", Arg: "KEY", Value: Choice, Choices: "pid cpu mem time age", Text: "by pid, cpu, mem, time (CPU time) or age; what uses most and the oldest first", Default: "pid"},
			{Long: "json", Text: "print one JSON object a line, one for each process"},
			{Long: "filter", Arg: "FILTER", Value: Filter, Text: "only processes that match, such as 'ignores:TERM or state:Z'"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit ps --tree", "all processes as a tree"},
			{"yinit ps --filter 'ignores:TERM or mem>500M'", "what a stop has to kill, or needs much memory"},
			{"yinit ps --json --filter state:Z", "the zombies, for a script"},
		},
	},
	{
		Name: "kill", Text: "send a signal to processes, say what it would do to each before, and watch what happens",
		Operands: "PID...", Value: PID, Many: true,
		Options: []Option{
			{Short: "s", Long: "signal", Arg: "SIG", Value: Signal, Text: "the signal; as the first argument, -9 and -KILL are accepted, too", Default: "TERM"},
			{Long: "group", Text: "to the process group of each PID"},
			{Long: "tree", Text: "to each PID and its descendants"},
			{Long: "session", Text: "to the session of each PID, such as what an ended docker exec has left behind"},
			{Long: "wait", Arg: "DUR", Value: Duration, Text: "how long to watch for what happens", Default: "5s"},
			{Long: "escalate", Text: "send SIGKILL to those that have not ended by then"},
			{Long: "dry-run", Text: "send nothing, and say what the signal would do"},
			{Long: "force", Text: "PID 1 and this command itself may get the signal, too"},
			{Long: "json", Text: "print one JSON object a line, one for each process"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit kill 37", "SIGTERM to 37; exit with 0 if it has ended within 5 s"},
			{"yinit kill --tree --escalate 37", "end 37 and all that it has started"},
			{"yinit kill -s HUP --dry-run 12", "what SIGHUP would do to 12"},
		},
	},
	{
		Name: "explain", Text: "explain one process: what it is and how it lives, or how it ended and why, with the evidence",
		Operands: "[PID]", Value: PID,
		Options: []Option{
			{Long: "last", Text: "the last process that failed, as the history tells"},
			{Long: "json", Text: "print one JSON object"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit explain 37", "what 37 is, or how it ended"},
			{"yinit explain --last", "why the last process failed that did"},
		},
	},
	{
		Name: "zombies", Text: "list zombies, the process that should reap them, why it does not, and what to do about it",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line, one for each culprit"},
			{Long: "max", Arg: "N", Value: Count, Text: "exit with 1 if there are more than N zombies"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "look from the host into the container of this process"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit zombies", "who does not reap, why, and what helps"},
			{"yinit zombies --max 50", "a check: exit with 1 if there are more than 50"},
		},
	},
	{
		Name: "signals", Text: "show what each signal would do to each process, and why",
		Operands: "[PID...]", Value: PID, Many: true,
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line, one for each process"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system; of another PID namespace it shows what a sender in there would do", Default: "/proc"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit signals", "the most common signals and all processes"},
			{"yinit signals 1", "all signals that PID 1 may get, with reasons"},
		},
	},
	{
		Name: "history", Text: "show which processes ended and how, and which signals were received",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line"},
			{Short: "n", Long: "last", Arg: "N", Value: Count, Text: "only the last N of the records that are there", Default: "all"},
			{Short: "f", Long: "follow", Text: "go on with what happens from now on, until the init ends"},
			{Long: "kind", Arg: "KIND,...", Value: List, Choices: "start exit adopt signal zombie oom stop note", Text: "only records of these kinds: start, exit, adopt, signal, zombie, oom, stop, note", Default: "all"},
			{Long: "failed", Text: "only processes that failed: a signal ended them, or the exit status is not 0 (1 of grep, test and the like is an answer)"},
			{Long: "filter", Arg: "FILTER", Value: Filter, Text: "only records that match, such as 'exit!=0 git or signal:SEGV'"},
			{Long: "all", Text: "also the processes of yinit's own commands, such as yinit top in docker exec"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "only this process; all of the history that it keeps, if it is an init"},
			{Long: "since", Arg: "TIME", Value: Text, Text: "only from TIME on: how long ago (10m), 15:04, 15:04:05, 2006-01-02T15:04 or RFC 3339; a time of day is the latest one", Default: "all"},
			{Long: "until", Arg: "TIME", Value: Text, Text: "only up to TIME, written in the same ways", Default: "all"},
			{Long: "file", Arg: "FILE", Value: File, Text: "read FILE, written by yinit --history"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit history --failed --since 10m", "what failed in the last ten minutes"},
			{"yinit history --follow --kind exit,signal", "watch ends and signals"},
			{"yinit history --filter 'exit!=0 !git'", "what failed or was killed, but not git"},
		},
	},
	{
		Name: "doctor", Text: "find what is wrong in this container, say why it matters and what to do, and play a stop in advance",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line: one for each finding, and one for the stop"},
			{Long: "fail-on", Arg: "LEVEL", Value: Choice, Choices: "problem risk note", Text: "exit with 1 if a finding has this level or a worse one: problem, risk or note", Default: "problem"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "stop-signal", Arg: "SIG", Value: Signal, Text: "play a stop with this signal, as STOPSIGNAL of the image or --stop-signal of the container", Default: "TERM"},
			{Long: "timeout", Arg: "DUR", Value: Duration, Text: "play a stop that ends in SIGKILL after this time", Default: "10s"},
			{Long: "manifest", Arg: "FILE", Value: File, Text: "check a file of Kubernetes, and not what runs; - is stdin"},
			{Long: "compose", Arg: "FILE", Value: File, Text: "check a file of Compose, and not what runs; - is stdin"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"docker exec app /yinit doctor", "what is wrong in the container app"},
			{"yinit doctor --fail-on risk", "a check: exit with 1 if there is a risk"},
			{"yinit doctor --stop-signal QUIT --timeout 30s", "what a stop with another signal and another timeout would do"},
			{"yinit doctor --compose compose.yaml", "what will go wrong at a stop of these services"},
			{"yinit doctor --json | jq 'select(.id)'", "the findings, for a program"},
		},
	},
	containersCommand,
	{
		Name: "metrics", Text: "print metrics for Prometheus: zombies and culprits, exits by code and signal, OOM kills, limits, what a stop would kill",
		Options: []Option{
			{Long: "containers", Text: "of all containers of this machine, and not of this container"},
			{Long: "output", Arg: "FILE", Value: File, Text: "write to FILE, which is replaced at once, for the textfile collector of node_exporter; .FILE.state beside it has the counters for the next run"},
			{Long: "format", Arg: "FORMAT", Value: Choice, Choices: "openmetrics prometheus", Text: "the text format: openmetrics or prometheus", Default: "openmetrics; prometheus with --output"},
			{Long: "filter", Arg: "FILTER", Value: Filter, Text: "with --containers: only those that match, as in yinit containers"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --containers: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			helpOption,
		},
		Examples: []Entry{
			{"docker exec app /yinit metrics", "the metrics of the container app"},
			{"yinit metrics --containers --output /var/lib/metrics/yinit.prom", "those of all containers, from a timer"},
		},
	},
	{
		Name: "health", Text: "check in one line whether zombies pile up or the pids limit is near, for HEALTHCHECK and probes",
		Options: []Option{
			{Long: "max-zombies", Arg: "N", Value: Count, Text: "exit with 1 if more than N zombies have been dead for more than 10 s", Default: "50"},
			{Long: "max-pids", Arg: "PCT", Value: Count, Text: "exit with 1 if more than PCT percent of the pids limit are taken", Default: "90"},
			{Long: "json", Text: "print one JSON object"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "target", Arg: "PID|NAME", Value: Container, Text: "look from the node into the container of this process, or with this name, pod, POD/NAME or ID"},
			{Long: "root", Arg: "DIR", Value: Dir, Text: "with --target: the root directory of the host, with the files of the engines", Default: "that of PID 1"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit health", "in a Dockerfile: HEALTHCHECK CMD [\"/yinit\", \"health\"]"},
			{"yinit health --max-zombies 5 --max-pids 80", "a stricter check"},
		},
	},
	{
		Name: "rehearse", Text: "play a stop of a program in namespaces of its own: which processes end by themselves, how long it takes, what is killed hard",
		Operands: "[--] PROGRAM [ARG...]", Value: Program, Many: true, Runs: true,
		Options: []Option{
			{Long: "stop-signal", Arg: "SIG", Value: Signal, Text: "the stop signal, as STOPSIGNAL of the image", Default: "TERM"},
			{Long: "grace", Arg: "DUR", Value: Duration, Text: "SIGKILL comes this long after the stop signal; with --pre-stop after the begin of that", Default: "10s"},
			{Long: "pre-stop", Arg: "CMD", Value: Text, Text: "a shell command that runs in the container before the stop signal, as preStop in Kubernetes"},
			{Long: "ready", Arg: "CMD", Value: Text, Text: "a shell command in the container, repeated for up to a minute until it succeeds; then the stop begins", Default: "2s after the start"},
			{Long: "check", Arg: "CMD", Value: Text, Text: "a shell command outside of the container that must succeed; it starts half a second before the stop"},
			{Long: "init", Arg: "none|yinit", Value: Choice, Choices: "none yinit", Text: "PID 1: the program itself, or yinit", Default: "none"},
			{Long: "json", Text: "print one JSON object"},
			{Long: "junit", Arg: "FILE", Value: File, Text: "write a JUnit report to FILE, for CI"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit rehearse -- nginx -g 'daemon off;'", "what docker stop would do to nginx"},
			{"yinit rehearse --grace 30s --pre-stop 'sleep 5' -- ./app", "the same for Kubernetes, with a preStop hook"},
			{"yinit rehearse --junit stop.xml -- ./app", "a step of CI: exit with 1 if something is killed hard"},
		},
	},
	{
		Name: "demo", Text: "show yinit top with a misbehaving workload, or play a scene: an experiment, step by step, without and with yinit; needs neither Docker nor root",
		Operands: "[SCENE]", Value: Choice, Choices: "pid1 shield stop exec exit zombie pids stranger pipe",
		Many: true, // its own stages, see cmd/yinit/demo.go
		Options: []Option{
			{Long: "list", Text: "list the scenes"},
			{Long: "ascii", Text: "use ASCII characters only"},
			helpOption,
		},
		Examples: []Entry{
			{"yinit demo", "look at the misbehaving workload in yinit top"},
			{"yinit demo zombie", "how a zombie comes about, and how not"},
		},
	},
	{Name: "version", Text: "show the version", Options: []Option{helpOption}, Examples: []Entry{{"yinit version", "the version, and how signals come in"}}},
	{
		Name: "help", Text: "show this help, or that of a command",
		Operands: "[COMMAND]", Value: Choice, Choices: "top status ps kill explain zombies signals history doctor containers metrics health rehearse demo version help completion",
		Options: []Option{helpOption},
		Examples: []Entry{
			{"yinit help history", "the options of yinit history"},
		},
	},
	{
		Name: "completion", Text: "print a completion script for a shell",
		Operands: "bash|zsh|fish", Value: Choice, Choices: "bash zsh fish",
		Options: []Option{helpOption},
		Examples: []Entry{
			{"source <(yinit completion bash)", "complete in this shell"},
		},
	},
}

// Lookup returns the command with this name, or nil.
func Lookup(name string) *Command {
	for i := range commands {
		if commands[i].Name == name {
			return &commands[i]
		}
	}
	return nil
}

// ErrHelp is returned by [Command.Parse] if the user asked for help.
var ErrHelp = errors.New("help requested")

// Bind maps the long name of each option of a command, except help, to the target of
// its value: a pointer to a bool, int, string, []string or [time.Duration], or a
// func(string) error.
type Bind map[string]any

// Parse parses the arguments of a command, stores the values of the options in to, and
// returns the operands. Options may come before and after operands. The error is
// [ErrHelp] if --help is among them.
func (c *Command) Parse(args []string, to Bind) (operands []string, err error) {
	g := &getopt{table: c.Options, mixed: !c.Runs, help: c.help(), take: func(o *Option, value, written string) error {
		if o.Long == "help" {
			return ErrHelp
		}
		if err := o.store(to[o.Long], value); err != nil {
			return fmt.Errorf("%s: %w; see %s", written, err, c.help())
		}
		return nil
	}}
	operands, _, err = g.parse(args)
	switch {
	case errors.Is(err, ErrHelp):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	case !c.Many && len(operands) > c.most():
		return nil, fmt.Errorf("%s: unexpected argument %q; see %s", c.Name, operands[c.most()], c.help())
	}
	return operands, nil
}

// most returns the largest number of operands of a command without Many.
func (c *Command) most() int {
	if c.Operands == "" {
		return 0
	}
	return 1
}

func (c *Command) help() string { return "yinit " + c.Name + " --help" }

// usage returns the synopsis of the command.
func (c *Command) usage() string {
	return strings.TrimRight("yinit "+c.Name+" [OPTION...] "+c.Operands, " ")
}

// CommandNamed returns the command that the user named as an operand, as in yinit help
// COMMAND. The error suggests a similar name.
func CommandNamed(name string) (*Command, error) {
	if c := Lookup(name); c != nil {
		return c, nil
	}
	var names []string
	for i := range commands {
		names = append(names, commands[i].Name)
	}
	if near := nearest(name, names); near != "" {
		return nil, fmt.Errorf("unknown command %q; did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("unknown command %q; the commands are %s", name, strings.Join(names, ", "))
}

// PIDs parses operands that are process ids.
func (c *Command) PIDs(words []string) ([]int, error) {
	var pids []int
	for _, word := range words {
		pid, err := ParsePID(word)
		if err != nil {
			return nil, fmt.Errorf("%s: %w, or see %s", c.Name, err, c.help())
		}
		pids = append(pids, pid)
	}
	return pids, nil
}
