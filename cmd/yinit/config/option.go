package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Value is the kind of value that an option or operand takes. Completion uses it,
// and the parser checks some kinds.
type Value uint8

// The kinds of values.
const (
	None      Value = iota // the option has no argument
	Text                   // any text except the empty one
	File                   // the path of a file
	Dir                    // the path of a directory
	Duration               // a number with a unit; seconds without one
	Count                  // 0 or more
	PID                    // a process id, 1 or more
	Signal                 // the name or number of a signal
	Rewrite                // two signals, FROM:TO
	User                   // USER or USER:GROUP
	Choice                 // one of Choices
	List                   // some of Choices, separated by commas
	Filter                 // the filter language of procfs/snapshot/filter
	Program                // a program and its arguments
	Container              // a process id, or a container by its name or ID
)

// Option is one option of the init or of a command.
type Option struct {
	Short   string // one letter, or "" for none
	Long    string // the long name without dashes
	Arg     string // the name of its argument in the help, "" if it takes none
	Value   Value  // the kind of its argument
	Choices string // the words of a Choice or List, separated by spaces
	Text    string // what the option does, for the help
	Default string // the default in words, for the help
	Repeat  bool   // the option may be given more than once

	noEnv  bool                // there is no environment variable for it
	noFile bool                // it is not a key of the file
	target func(*Settings) any // returns the target for store; nil for options of commands
}

var helpOption = Option{Short: "h", Long: "help", Text: "show this help"}

// envPrefix is the prefix of yinit's environment variables.
const envPrefix = "YINIT_"

// Env returns the name of the environment variable of an option of the init, or "".
func (o *Option) Env() string {
	if o.noEnv || o.target == nil {
		return ""
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(o.Long, "-", "_"))
}

// key returns the key of an option of the init in the file, or "".
func (o *Option) key() string {
	if o.noFile || o.target == nil {
		return ""
	}
	return strings.ReplaceAll(o.Long, "-", "_")
}

// Names returns the option as in the help: "-f, --follow" or "--max N".
func (o *Option) Names() string {
	s := "--" + o.Long
	if o.Short != "" {
		s = "-" + o.Short + ", " + s
	}
	if o.Arg != "" {
		s += " " + o.Arg
	}
	return s
}

// Meaning returns what the option does, without its default.
func (o *Option) Meaning() string {
	if o.Repeat {
		return o.Text + "; may be repeated"
	}
	return o.Text
}

var errEmpty = errors.New("the value is empty")

// store checks value and assigns it to what target points to. target may also be a
// func(string) error, which store calls.
func (o *Option) store(target any, value string) error {
	switch t := target.(type) {
	case *bool:
		return set(t, value, parseBool)
	case *time.Duration:
		return set(t, value, ParseDuration)
	case *int:
		if o.Value == PID {
			return set(t, value, ParsePID)
		}
		return set(t, value, parseCount)
	case *string:
		return set(t, value, o.word)
	case *[]string:
		return set(t, value, o.list)
	case func(string) error:
		return t(value)
	}
	return fmt.Errorf("no target for the value (%T)", target)
}

// set parses value and assigns the result. On an error target is unchanged.
func set[T any](target *T, value string, parse func(string) (T, error)) error {
	v, err := parse(value)
	if err == nil {
		*target = v
	}
	return err
}

// word returns value unless it is empty or not one of the choices.
func (o *Option) word(value string) (string, error) {
	switch {
	case value == "":
		return "", errEmpty // usually an unset variable in a script
	case o.Value == Choice && !slices.Contains(strings.Fields(o.Choices), value):
		return "", fmt.Errorf("%q is not one of %s", value, strings.Join(strings.Fields(o.Choices), ", "))
	}
	return value, nil
}

// list splits value at its commas. Each word must be one of the choices.
func (o *Option) list(value string) ([]string, error) {
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
	known := strings.Fields(o.Choices)
	for _, word := range words {
		if slices.Contains(known, word) {
			continue
		}
		if near := nearest(word, known); near != "" {
			return nil, fmt.Errorf("%q is unknown; did you mean %s?", word, near)
		}
		return nil, fmt.Errorf("%q is not one of %s", word, strings.Join(known, ", "))
	}
	return words, nil
}

func parseBool(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "", "1", "true", "yes", "on":
		return true, nil
	case "0", "false", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a boolean; write 1 or 0", v)
}

// ParseDuration parses a duration as [time.ParseDuration] does, and a number without a
// unit as seconds. A negative duration is an error.
func ParseDuration(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if n, bad := strconv.ParseFloat(v, 64); bad == nil && n >= 0 && n < 1<<31 {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration; write a number with a unit, like 500ms, 5s or 1m30s", v)
	case d < 0:
		return 0, fmt.Errorf("%q is negative; write 0 or more", v)
	}
	return d, nil
}

// pidMax is the highest process id of any machine, PID_MAX_LIMIT of the kernel. The system
// calls would take a larger one for another.
const pidMax = 1 << 22

// ParsePID parses a process id, 1 or more.
func ParsePID(v string) (int, error) {
	pid, err := strconv.Atoi(v)
	if err != nil || pid < 1 || pid > pidMax {
		return 0, fmt.Errorf("%q is not a process id; write a number such as 1", v)
	}
	return pid, nil
}

func parseCount(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a count; write 0 or more", v)
	}
	return n, nil
}
