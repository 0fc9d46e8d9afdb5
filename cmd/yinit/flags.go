package main

import (
	"fmt"
	"strings"
)

// parse takes the options off the front of args, as getopt_long(3) does when it
// stops at the first word that is no option. after says that a -- was there: what
// follows is a program, whatever its name.
func parse(args []string, s *settings) (rest []string, after bool, err error) {
	for len(args) > 0 {
		word := args[0]
		switch {
		case word == "--":
			return args[1:], true, nil
		case strings.HasPrefix(word, "--"):
			args, err = parseLong(args, s)
		case len(word) > 1 && word[0] == '-':
			args, err = parseShort(args, s)
		default:
			return args, false, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	return nil, false, nil
}

func parseLong(args []string, s *settings) ([]string, error) {
	name, value, given := strings.Cut(args[0][2:], "=")
	args = args[1:]
	o := find(func(o *option) bool { return o.long == name })
	if o == nil {
		return nil, fmt.Errorf("--%s: there is no such option%s; see yinit --help", name, suggest(name))
	}
	switch {
	case o.arg == "" && given:
		return nil, fmt.Errorf("--%s: it takes no value; leave out =%s", name, value)
	case o.arg != "" && !given:
		if len(args) == 0 {
			return nil, fmt.Errorf("--%s: its value is missing; write --%s %s", name, name, o.arg)
		}
		value, args = args[0], args[1:]
	}
	return args, o.apply(s, value, "--"+name)
}

// parseShort takes a word of short options, the last of which may have its value
// in the same word or in the next.
func parseShort(args []string, s *settings) ([]string, error) {
	letters := args[0][1:]
	args = args[1:]
	for letters != "" {
		name := letters[:1]
		letters = letters[1:]
		o := find(func(o *option) bool { return o.short == name })
		if o == nil {
			return nil, fmt.Errorf("-%s: there is no such option; see yinit --help", name)
		}
		value := ""
		if o.arg != "" {
			switch {
			case letters != "":
				value, letters = strings.TrimPrefix(letters, "="), ""
			case len(args) > 0:
				value, args = args[0], args[1:]
			default:
				return nil, fmt.Errorf("-%s: its value is missing; write -%s %s", name, name, o.arg)
			}
		}
		if err := o.apply(s, value, "-"+name); err != nil {
			return nil, err
		}
	}
	return args, nil
}

func find(match func(*option) bool) *option {
	for i := range options {
		if match(&options[i]) {
			return &options[i]
		}
	}
	return nil
}

func suggest(name string) string {
	if near := nearest(name, longNames()); near != "" {
		return ", but --" + near
	}
	return ""
}

func longNames() []string {
	names := make([]string, 0, len(options))
	for _, o := range options {
		names = append(names, o.long)
	}
	return names
}

// fromEnv applies the environment. It returns the environment without our own
// variables, and warnings.
func fromEnv(env []string, s *settings) (rest, warnings []string, err error) {
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		var o *option
		if strings.HasPrefix(name, envPrefix) { // few have it, and a start should be quick
			o = find(func(o *option) bool { return !o.noEnv && o.env() == name })
		}
		switch {
		case o != nil:
			if value == "" && o.arg != "" {
				continue // as if it were not set
			}
			if err := o.apply(s, value, "environment variable "+name); err != nil {
				return nil, nil, err
			}
			continue
		case strings.HasPrefix(name, envPrefix) && !kubernetes(name):
			if near := nearest(name, envNames()); near != "" {
				warnings = append(warnings, fmt.Sprintf("environment variable %s is unknown; did you mean %s?", name, near))
			}
		default:
			tiniEnv(name, value, s)
		}
		rest = append(rest, assignment)
	}
	return rest, warnings, nil
}

// kubernetes reports whether Kubernetes sets the variable for a service that is
// called yinit.
func kubernetes(name string) bool {
	return name == "YINIT_PORT" || strings.HasPrefix(name, "YINIT_PORT_") || strings.HasPrefix(name, "YINIT_SERVICE_")
}

func envNames() []string {
	var names []string
	for _, o := range options {
		if !o.noEnv {
			names = append(names, o.env())
		}
	}
	return names
}

// tiniEnv honours the variables of tini; for two of them being there is enough.
func tiniEnv(name, value string, s *settings) {
	switch name {
	case "TINI_SUBREAPER":
		s.Subreaper = true
	case "TINI_KILL_PROCESS_GROUP":
		s.Group = true
	case "TINI_VERBOSITY":
		if value == "" {
			return // as if it were not set
		}
		n := 0
		_, _ = fmt.Sscanf(value, "%d", &n) // tini asks atoi(3), to which a word is 0
		// tini's 1 is warnings, which we show anyway.
		s.quiet, s.verbose = n <= 0, max(n-1, 0)
	}
}

// nearest returns the name that differs from s by the fewest letters, if these
// are few enough to be a slip.
func nearest(s string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := distance(s, name); d < least && d <= len(name)/2 {
			best, least = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two ASCII strings.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
