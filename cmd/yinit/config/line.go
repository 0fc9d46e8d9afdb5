package config

import "strings"

// Line is the command line of the process, taken apart. No value in it has been
// looked at yet: a command needs none of the init's.
type Line struct {
	Words []string // what follows the options
	err   error    // of the options

	program bool // a -- says that a program follows
	given   []assignment
}

// assignment is an option with its value.
type assignment struct {
	option *Option
	value  string
	from   string // who set it, for messages
}

// ParseLine takes the options off the front of args. An error in them is
// returned by [Line.Command] or [Read]: who has to report it depends on the role.
func ParseLine(args []string) *Line {
	l := &Line{}
	g := &getopt{table: initOptions, help: "yinit --help", take: func(o *Option, value, written string) error {
		l.given = append(l.given, assignment{o, value, written})
		return nil
	}}
	l.Words, l.program, l.err = g.parse(args)
	for l.err != nil && len(l.Words) > 0 && strings.HasPrefix(l.Words[0], "-") {
		l.program = l.program || l.Words[0] == "--"
		l.Words = l.Words[1:] // to the word that tells the role
	}
	return l
}

// Command is the command that the first word names, or nil. The error is that of
// an option before the command; without a command [Read] returns it.
func (l *Line) Command() (*Command, error) {
	if l.program || len(l.Words) == 0 {
		return nil, nil
	}
	c := Lookup(l.Words[0])
	if c == nil {
		return nil, nil
	}
	return c, l.err
}

// Asks returns "help", "version" or "license" if an option asks for that instead
// of a run, else "".
func (l *Line) Asks() string {
	if l.err != nil {
		return ""
	}
	for _, name := range []string{"help", "version", "license"} {
		if l.has(name) {
			return name
		}
	}
	return ""
}

// Empty reports whether the line does not say what to run.
func (l *Line) Empty() bool {
	return l.err == nil && len(l.Words) == 0 && !l.has("config") && !l.has("run-dir") && !l.has("pause")
}

func (l *Line) has(long string) bool {
	for i := range l.given {
		if l.given[i].option.Long == long {
			return true
		}
	}
	return false
}
