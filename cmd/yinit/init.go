package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yinit/initcore"
)

// severalKillAfter is --kill-after where there are several programs.
const severalKillAfter = 20 * time.Second

// runInit runs the programs under the init. It adds to s what the file of --config
// says.
func runInit(s *settings, line *commandLine, args, env []string) (int, error) {
	if err := initcore.Reserve(); err != nil {
		return failure, err
	}
	if s.config != "" {
		// Once more, from the start: the environment and the options win over the
		// file, so the file comes first.
		withFile := defaults()
		withFile.config, withFile.from["config"] = s.config, s.from["config"]
		if err := configFile(s.config, withFile); err != nil {
			return failure, err
		}
		if err := line.read(args, env, withFile); err != nil {
			return failure, err
		}
		*s = *withFile
	}
	warnings := line.warnings
	more, err := s.choose(line.words)
	if err != nil {
		return failure, err
	}
	warnings = append(warnings, more...)
	if s.runDir != "" && len(s.Programs) == 0 {
		s.warn(warnings)
		return 0, nil // as yasinit
	}
	if err := s.complete(); err != nil {
		return failure, err
	}
	s.warn(warnings)
	return initcore.Run(s.Config), nil
}

// choose finds the programs to run.
func (s *settings) choose(words []string) (warnings []string, err error) {
	var given []string
	if len(words) > 0 {
		given = append(given, "a program")
	}
	for _, o := range []struct {
		name string
		is   bool
	}{{"config", s.config != ""}, {"run-dir", s.runDir != ""}, {"pause", s.Pause}} {
		if o.is {
			given = append(given, s.from[o.name])
		}
	}
	if len(given) > 1 {
		return nil, fmt.Errorf("%s exclude each other; give one of them", strings.Join(given, " and "))
	}
	switch {
	case len(words) > 0:
		s.Programs = []initcore.Program{{Name: filepath.Base(words[0]), Args: words}}
	case s.runDir != "":
		return runDir(s.runDir, s)
	}
	return nil, nil
}

// complete fills in what depends on more than one option.
func (s *settings) complete() error {
	s.Log.Level = s.level()
	if s.Report != "" { // it is written at the end, when the init has left its directory
		if path, err := filepath.Abs(s.Report); err == nil {
			s.Report = path
		}
	}
	var user *initcore.Credential
	if s.user != "" {
		var err error
		if user, err = initcore.LookupUser(s.user); err != nil {
			return fmt.Errorf("%s: %w", s.from["user"], err)
		}
	}
	for i := range s.Programs {
		p := &s.Programs[i]
		if p.User == nil {
			p.User = user
		}
		if p.Dir == "" {
			p.Dir = s.dir
		}
	}
	if len(s.Programs) > 1 && !s.killAfterSet {
		s.KillAfter = severalKillAfter
	}
	return s.placed(s.Validate())
}

func (s *settings) warn(warnings []string) {
	if s.quiet {
		return
	}
	for _, w := range warnings {
		fmt.Fprintf(os.Stderr, "yinit: warning: %s\n", w)
	}
}
