package config

import (
	"fmt"
	"strings"
)

// A getopt parses a command line as getopt_long(3) does: -f, --follow, --max=3,
// --max 3, grouped letters, -- before the operands, and unambiguous abbreviations of
// long names.
type getopt struct {
	table []Option
	mixed bool   // operands may come before options; else the first operand ends the options
	help  string // the command that lists the options
	// take is called for each option, with its value and the name as written.
	take func(o *Option, value, written string) error
}

// parse returns the operands. dashes reports whether there was a --. With an error,
// operands has the words after the faulty one.
func (g *getopt) parse(args []string) (operands []string, dashes bool, err error) {
	for len(args) > 0 {
		word := args[0]
		switch {
		case word == "--":
			return append(operands, args[1:]...), true, nil
		case strings.HasPrefix(word, "--"):
			args, err = g.long(args)
		case len(word) > 1 && word[0] == '-':
			args, err = g.letters(args)
		case !g.mixed:
			return args, false, nil
		default:
			operands, args = append(operands, word), args[1:]
		}
		if err != nil {
			return args, false, err
		}
	}
	return operands, false, nil
}

func (g *getopt) long(args []string) ([]string, error) {
	name, value, given := strings.Cut(args[0][2:], "=")
	args = args[1:]
	o, err := g.longOption(name)
	if err != nil {
		return args, err
	}
	written := "--" + o.Long
	switch {
	case o.Arg == "" && given:
		return args, fmt.Errorf("option %s takes no value; leave out =%s", written, value)
	case o.Arg != "" && !given:
		if len(args) == 0 {
			return args, missingValue(o, written)
		}
		value, args = args[0], args[1:]
	}
	return args, g.take(o, value, written)
}

// letters parses a word of short options. The value of the last one may be in the same
// word or in the next.
func (g *getopt) letters(args []string) ([]string, error) {
	letters := args[0][1:]
	args = args[1:]
	for letters != "" {
		letter := letters[:1]
		letters = letters[1:]
		o := find(g.table, func(o *Option) bool { return o.Short == letter })
		if o == nil {
			return args, fmt.Errorf("unknown option -%s; see %s", letter, g.help)
		}
		value, written := "", "-"+letter
		if o.Arg != "" {
			switch {
			case letters != "":
				value, letters = strings.TrimPrefix(letters, "="), ""
			case len(args) > 0:
				value, args = args[0], args[1:]
			default:
				return args, missingValue(o, written)
			}
		}
		if err := g.take(o, value, written); err != nil {
			return args, err
		}
	}
	return args, nil
}

func missingValue(o *Option, written string) error {
	return fmt.Errorf("option %s requires a value; write %s %s", written, written, o.Arg)
}

// longOption returns the option with this name, or the only one whose name starts
// with it.
func (g *getopt) longOption(name string) (*Option, error) {
	if o := find(g.table, func(o *Option) bool { return o.Long == name }); o != nil {
		return o, nil
	}
	var begin, all []string
	for i := range g.table {
		all = append(all, g.table[i].Long)
		if name != "" && strings.HasPrefix(g.table[i].Long, name) {
			begin = append(begin, g.table[i].Long)
		}
	}
	switch near := nearest(name, all); {
	case len(begin) == 1:
		return find(g.table, func(o *Option) bool { return o.Long == begin[0] }), nil
	case len(begin) > 1:
		return nil, fmt.Errorf("option --%s is ambiguous; write --%s", name, strings.Join(begin, " or --"))
	case near != "":
		return nil, fmt.Errorf("unknown option --%s; did you mean --%s?", name, near)
	}
	return nil, fmt.Errorf("unknown option --%s; see %s", name, g.help)
}

// find returns the first option of a table that matches, or nil.
func find(table []Option, match func(*Option) bool) *Option {
	for i := range table {
		if match(&table[i]) {
			return &table[i]
		}
	}
	return nil
}
