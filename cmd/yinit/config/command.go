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
