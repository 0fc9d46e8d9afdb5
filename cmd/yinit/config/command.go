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
	Options  []Option // including --help
}

var helpOption = Option{Short: "h", Long: "help", Text: "show this help"}

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
			helpOption,
		},
	},
	{
		Name: "zombies", Text: "list zombies, the process that should reap them, why it does not, and what to do about it",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line, one for each culprit"},
			{Long: "max", Arg: "N", Value: Count, Text: "exit with 1 if there are more than N zombies"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "look from the host into the container of this process"},
			helpOption,
		},
	},
	{
		Name: "signals", Text: "show what each signal would do to each process, and why",
		Operands: "[PID...]", Value: PID, Many: true,
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line, one for each process"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system; of another PID namespace it shows what a sender in there would do", Default: "/proc"},
			helpOption,
		},
	},
	{
		Name: "history", Text: "show which processes ended and how, and which signals were received",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line"},
			{Short: "f", Long: "follow", Text: "go on with what happens from now on, until the init ends"},
			{Long: "kind", Arg: "KIND,...", Value: List, Choices: "start exit adopt signal zombie oom stop note", Text: "only records of these kinds: start, exit, adopt, signal, zombie, oom, stop, note", Default: "all"},
			{Long: "failed", Text: "only processes that did not exit with 0"},
			{Long: "filter", Arg: "FILTER", Value: Filter, Text: "only records that match, such as 'exit!=0 git or signal:SEGV'"},
			{Long: "all", Text: "also the processes of yinit's own commands, such as yinit top in docker exec"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "only this process; all of the history that it keeps, if it is an init"},
			{Long: "since", Arg: "TIME", Value: Text, Text: "only from TIME on: how long ago (10m), 15:04, 15:04:05, 2006-01-02T15:04 or RFC 3339; a time of day is the latest one", Default: "all"},
			{Long: "until", Arg: "TIME", Value: Text, Text: "only up to TIME, written in the same ways", Default: "all"},
			{Long: "file", Arg: "FILE", Value: File, Text: "read FILE, written by yinit --history"},
			helpOption,
		},
	},
	{
		Name: "demo", Text: "show yinit top with a misbehaving workload; needs neither Docker nor root",
		Many: true, // its own stages, see cmd/yinit/demo.go
		Options: []Option{
			{Long: "ascii", Text: "use ASCII characters only"},
			helpOption,
		},
	},
	{Name: "version", Text: "show the version", Options: []Option{helpOption}},
	{
		Name: "help", Text: "show this help, or that of a command",
		Operands: "[COMMAND]", Value: Choice, Choices: "top zombies signals history demo version help completion",
		Options: []Option{helpOption},
	},
	{
		Name: "completion", Text: "print a completion script for a shell",
		Operands: "bash|zsh|fish", Value: Choice, Choices: "bash zsh fish",
		Options: []Option{helpOption},
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
	g := &getopt{table: c.Options, mixed: true, help: c.help(), take: func(o *Option, value, written string) error {
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
