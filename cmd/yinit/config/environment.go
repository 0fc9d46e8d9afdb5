package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// environmentVariable precedes the name of a variable in messages.
const environmentVariable = "environment variable "

// environment applies the variables in env. It sets s.Env, the environment of the
// programs, to env without the variables of yinit, and adds warnings.
func (s *Settings) environment(env []string) error {
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		s.otherInit(name, value)
	}
	s.Env = nil
	for i, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		if !strings.HasPrefix(name, envPrefix) { // most variables; skipping them keeps the start fast
			s.Env = append(s.Env, assignment)
			continue
		}
		o := find(initOptions, func(o *Option) bool { return o.Env() == name })
		switch {
		case o == nil:
			s.warnOf(name)
			s.Env = append(s.Env, assignment)
		case value == "" && o.Arg != "": // as if it were not set
		case slices.ContainsFunc(env[:i], func(s string) bool { return strings.HasPrefix(s, name+"=") }): // of several, the first counts
		default:
			if err := s.apply(o, value, environmentVariable+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnOf warns about a variable whose name is similar to one of yinit's.
func (s *Settings) warnOf(name string) {
	if kubernetes(name) {
		return
	}
	var names []string
	for i := range initOptions {
		names = append(names, initOptions[i].Env())
	}
	if near := nearest(name, names); near != "" {
		s.warnings = append(s.warnings, fmt.Sprintf(environmentVariable+"%s is unknown; did you mean %s?", name, near))
	}
}

// kubernetes reports whether the variable is one that Kubernetes sets for a service
// named yinit.
func kubernetes(name string) bool {
	return name == "YINIT_PORT" || strings.HasPrefix(name, "YINIT_PORT_") || strings.HasPrefix(name, "YINIT_SERVICE_")
}

// otherInit applies the variables of tini and dumb-init.
func (s *Settings) otherInit(name, value string) {
	switch name {
	case "TINI_SUBREAPER": // tini ignores the value too
		s.Subreaper = true
	case "TINI_KILL_PROCESS_GROUP":
		s.Group = true
	case "TINI_VERBOSITY":
		if value == "" {
			return // as if it were not set
		}
		n := atoi(value)
		// tini's level 1 is warnings, which yinit logs by default.
		s.quiet, s.verbose = n <= 0, max(n-1, 0)
	case "DUMB_INIT_SETSID": // 0 is dumb-init's --single-child, which is our default
		s.Session = s.Session || value == "1"
	case "DUMB_INIT_DEBUG":
		if value == "1" {
			s.verbose++
		}
	}
}

// atoi works as atoi(3), which tini uses: text that is not a number is 0.
func atoi(s string) int {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && s[end] == '-') {
		end++
	}
	n, _ := strconv.Atoi(s[:end]) // 0 for an empty string
	return n
}

// EnvironmentRuns reports whether a variable in env says what to run.
func EnvironmentRuns(env []string) bool {
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		switch name {
		case "YINIT_CONFIG", "YINIT_RUN_DIR":
			if value != "" {
				return true
			}
		case "YINIT_PAUSE":
			if on, err := parseBool(value); on || err != nil {
				return true
			}
		}
	}
	return false
}
