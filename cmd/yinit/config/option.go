package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Value says what the argument of an option is. Completion uses it, and the
// parser checks what it can.
type Value uint8

// The kinds of values.
const (
	None     Value = iota // the option has no argument
	Text                  // any text but the empty one
	File                  // the path of a file
	Dir                   // the path of a directory
	Duration              // a number with a unit; without one it is seconds
	Count                 // 0 or more
	PID                   // a process id, 1 or more
	Signal                // the name or number of a signal
	Rewrite               // two signals, FROM:TO
	User                  // USER or USER:GROUP
	Choice                // one of Choices
	List                  // some of Choices, separated by commas
)

// Option is one option of the init or of a command.
type Option struct {
	Short   string // one letter, or "" for none
	Long    string
	Arg     string // the name of its argument in the help, "" if it has none
	Value   Value
	Choices string // the words of a Choice or List, separated by blanks
	Text    string // what it does, for the help
	Default string // the default in words, for the help
	Repeat  bool   // it may be given more than once

	noEnv  bool                // it has no environment variable
	noFile bool                // it is no key of the file
	target func(*Settings) any // where the init's settings keep it, see store
}

// envPrefix begins the name of each of our environment variables.
const envPrefix = "YINIT_"

// Env is the name of the environment variable of an option of the init, or "".
func (o *Option) Env() string {
	if o.noEnv || o.target == nil {
		return ""
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(o.Long, "-", "_"))
}

// key is the name of an option of the init in the file, or "".
func (o *Option) key() string {
	if o.noFile || o.target == nil {
		return ""
	}
	return strings.ReplaceAll(o.Long, "-", "_")
}

// Names are the ways to write the option: "-f, --follow" or "--max N".
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

// Meaning is what the option does, without its default.
func (o *Option) Meaning() string {
	if o.Repeat {
		return o.Text + "; may be repeated"
	}
	return o.Text
}

var errEmpty = errors.New("the value is empty")

// store checks value and puts it where target points to. A function may be given
// instead of a pointer.
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
	return fmt.Errorf("the program has no place for it (%T)", target)
}

// set assigns what parse makes of value. An error leaves the target unchanged.
func set[T any](target *T, value string, parse func(string) (T, error)) error {
	v, err := parse(value)
	if err == nil {
		*target = v
	}
	return err
}

// word is value, if it may be empty or is one of the choices.
func (o *Option) word(value string) (string, error) {
	switch {
	case value == "":
		return "", errEmpty // of a script, whose variable is not set
	case o.Value == Choice && !slices.Contains(strings.Fields(o.Choices), value):
		return "", fmt.Errorf("%q is not one of %s", value, strings.Join(strings.Fields(o.Choices), ", "))
	}
	return value, nil
}

// list takes value apart at its commas.
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
	return false, fmt.Errorf("%q is neither yes nor no; write 1 or 0", v)
}

// ParseDuration reads a duration as [time.ParseDuration] does. A number without a
// unit is in seconds.
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

// ParsePID reads the id of a process.
func ParsePID(v string) (int, error) {
	pid, err := strconv.Atoi(v)
	if err != nil || pid < 1 {
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
