package config

import (
	"errors"
	"fmt"
	"strings"
)

// Command is one of the inspector's commands.
type Command struct {
	Name     string
	Text     string   // what it does, for the list of commands
	Operands string   // how the usage writes them, "" if it takes none
	Value    Value    // what an operand is
	Choices  string   // the words of a Choice
	Many     bool     // any number of operands, not just one
	Options  []Option // --help is among them
}

var helpOption = Option{Short: "h", Long: "help", Text: "show this help"}

// Commands are all commands, in the order of the help. The slice must not be
// changed.
func Commands() []Command { return commands }

var commands = []Command{
	{
		Name: "top", Text: "watch the processes of this container, and send signals",
		Options: []Option{
			{Long: "interval", Arg: "DUR", Value: Duration, Text: "time between two refreshes, at least 100ms", Default: "1s"},
			{Long: "readonly", Text: "no signals can be sent"},
			{Long: "once", Text: "print one frame as text and exit"},
			{Long: "ascii", Text: "use ASCII characters only"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "start at this process"},
			helpOption,
		},
	},
	{
		Name: "zombies", Text: "show who does not reap which zombies, why, and what helps",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line, one for each culprit"},
			{Long: "max", Arg: "N", Value: Count, Text: "exit with 1 if there are more than N zombies"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system", Default: "/proc"},
			helpOption,
		},
	},
	{
		Name: "signals", Text: "say what each signal would do to each process, and why",
		Operands: "[PID...]", Value: PID, Many: true,
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line, one for each process"},
			{Long: "proc", Arg: "DIR", Value: Dir, Text: "look at the processes of this proc file system; of another PID namespace it shows what a sender in there would do", Default: "/proc"},
			helpOption,
		},
	},
	{
		Name: "history", Text: "show which processes ended, and how, and which signals came",
		Options: []Option{
			{Long: "json", Text: "print one JSON object a line"},
			{Short: "f", Long: "follow", Text: "go on with what happens from now on, until the init ends"},
			{Long: "kind", Arg: "KIND,...", Value: List, Choices: "start exit adopt signal zombie oom stop note", Text: "only records of these kinds: start, exit, adopt, signal, zombie, oom, stop, note", Default: "all"},
			{Long: "failed", Text: "only processes that did not exit with 0"},
			{Long: "pid", Arg: "PID", Value: PID, Text: "only this process; all of the history that it keeps, if it is an init"},
			{Long: "since", Arg: "DUR", Value: Duration, Text: "only the last DUR, like 10m", Default: "all"},
			{Long: "file", Arg: "FILE", Value: File, Text: "read FILE, written by yinit --history"},
			helpOption,
		},
	},
	{
		Name: "demo", Text: "show yinit with a workload that misbehaves: no Docker, no root",
		Many: true, // its own stages, see demo.go of cmd/yinit
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

// Lookup returns the command of that name, or nil.
func Lookup(name string) *Command {
	for i := range commands {
		if commands[i].Name == name {
			return &commands[i]
		}
	}
	return nil
}

// ErrHelp says that the user asked for the help of a command.
var ErrHelp = errors.New("help requested")

// Bind says where the values of a command's options go, by their long names: a
// pointer to a bool, int, string, []string or [time.Duration], or a function that
// takes the text. All options but --help have a place.
type Bind map[string]any

// Parse takes the words after a command apart, and returns the operands. Options
// may come before and after these.
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

// most is the number of operands of a command that does not take many.
func (c *Command) most() int {
	if c.Operands == "" {
		return 0
	}
	return 1
}

func (c *Command) help() string { return "yinit " + c.Name + " --help" }

// usage is how to call the command.
func (c *Command) usage() string {
	return strings.TrimRight("yinit "+c.Name+" [OPTION...] "+c.Operands, " ")
}

// CommandNamed is the command that a user names as an operand, as in yinit help
// COMMAND.
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

// PIDs reads operands that are process ids.
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
