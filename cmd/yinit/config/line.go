package config

import (
	"fmt"
	"strings"
)

// Line is the parsed command line of the process. The values of the options have not
// been checked yet: a command does not need those of the init.
type Line struct {
	Words []string // the words after the options: a program or a command, and its arguments
	err   error    // an error in the options

	program bool // there was a --, so a program follows
	given   []assignment
}

// assignment is an option and its value.
type assignment struct {
	option *Option
	value  string
	from   string // the source of the value, for messages
}

// ParseLine parses the options at the start of args. [Line.Command] or [Read] returns
// an error in them: which one reports it depends on the role.
func ParseLine(args []string) *Line {
	l := &Line{}
	g := &getopt{table: initOptions, help: "yinit --help", take: func(o *Option, value, written string) error {
		l.given = append(l.given, assignment{o, value, written})
		return nil
	}}
	l.Words, l.program, l.err = g.parse(args)
	for l.err != nil && len(l.Words) > 0 && strings.HasPrefix(l.Words[0], "-") {
		l.program = l.program || l.Words[0] == "--"
		l.Words = l.Words[1:] // skip to the word that decides the role
	}
	return l
}

// Command returns the command that the first word names, or nil. The error is about
// the options before the command; if there is no command, [Read] returns it.
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

// instead says what the user may have meant by a program's name, if there is no such
// program: a command; "" if none is similar.
func (l *Line) instead() string {
	switch {
	case len(l.Words) == 0:
		return ""
	case l.program && Lookup(l.Words[0]) != nil:
		// docker run IMAGE top, where the ENTRYPOINT ends with --.
		return fmt.Sprintf("after -- it is not yinit's command: run docker run --entrypoint /yinit IMAGE %[1]s, or docker exec CONTAINER /yinit %[1]s", l.Words[0])
	case l.program:
		return ""
	}
	names := make([]string, len(commands))
	for i := range commands {
		names[i] = commands[i].Name
	}
	if name := nearest(l.Words[0], names); name != "" {
		return "did you mean yinit " + name + "?"
	}
	return ""
}

// Asks returns "help", "version" or "license" if the options ask to print that and
// run nothing, else "".
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
