package config

import (
	"fmt"
	"strconv"
	"strings"
)

// environmentVariable begins the name of a variable in messages.
const environmentVariable = "environment variable "

// environment applies env. It keeps the environment of the programs, which is
// without our own variables, and warnings.
func (s *Settings) environment(env []string) error {
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		s.foreign(name, value)
	}
	s.Env = nil
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		if !strings.HasPrefix(name, envPrefix) { // most of them: a start should be quick
			s.Env = append(s.Env, assignment)
			continue
		}
		o := find(initOptions, func(o *Option) bool { return o.Env() == name })
		switch {
		case o == nil:
			s.warnOf(name)
			s.Env = append(s.Env, assignment)
		case value == "" && o.Arg != "": // as if it were not set
		default:
			if err := s.apply(o, value, environmentVariable+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnOf warns about a variable that is nearly one of ours.
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

// kubernetes reports whether Kubernetes sets the variable for a service that is
// called yinit.
func kubernetes(name string) bool {
	return name == "YINIT_PORT" || strings.HasPrefix(name, "YINIT_PORT_") || strings.HasPrefix(name, "YINIT_SERVICE_")
}

// foreign honours the variables of tini and of dumb-init.
func (s *Settings) foreign(name, value string) {
	switch name {
	case "TINI_SUBREAPER": // the value does not matter to tini, either
		s.Subreaper = true
	case "TINI_KILL_PROCESS_GROUP":
		s.Group = true
	case "TINI_VERBOSITY":
		if value == "" {
			return // as if it were not set
		}
		n := atoi(value)
		// tini's 1 is warnings, which we show anyway.
		s.quiet, s.verbose = n <= 0, max(n-1, 0)
	case "DUMB_INIT_SETSID": // 0 is dumb-init's --single-child, which is our default
		s.Session = s.Session || value == "1"
	case "DUMB_INIT_DEBUG":
		if value == "1" {
			s.verbose++
		}
	}
}

// atoi is atoi(3), which tini uses: a word is 0.
func atoi(s string) int {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && s[end] == '-') {
		end++
	}
	n, _ := strconv.Atoi(s[:end]) // an empty text is 0, too
	return n
}

// EnvironmentRuns reports whether env says what to run.
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
