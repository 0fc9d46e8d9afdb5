package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yinit/initcore"
)

// severalKillAfter is the default of --kill-after for several programs.
const severalKillAfter = 20 * time.Second

// Settings is the configuration of the init from the environment, the options and the
// file or directory of programs.
type Settings struct {
	initcore.Config
	config, runDir string
	user, dir      string
	killAfterSet   bool
	verbose        int
	quiet          bool

	// from says for messages where an option was set, by its long name: "-u", an
	// environment variable, or a position in the file.
	from     map[string]string
	places   []places // positions of the keys of each program in the file
	warnings []string

	line *Line
	env  []string
}

func defaults() *Settings {
	return &Settings{from: map[string]string{}, Config: initcore.Config{
		Grace: 3 * time.Second, OOMAdjust: initcore.OOMAuto, Watch: time.Second, Report: "/dev/termination-log",
	}}
}

// Read applies the environment and then the options, which take precedence. With an
// error it returns the settings that it could read.
func Read(line *Line, env []string) (*Settings, error) {
	s := defaults()
	s.line, s.env = line, env
	return s, s.read()
}

func (s *Settings) read() error {
	if err := s.environment(s.env); err != nil {
		return err
	}
	for _, a := range s.line.given {
		if a.option.target == nil {
			continue
		}
		if err := s.apply(a.option, a.value, a.from); err != nil {
			return err
		}
	}
	return s.line.err
}

// apply sets an option, and records where it was set.
func (s *Settings) apply(o *Option, value, from string) error {
	if err := o.store(o.target(s), value); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	s.from[o.Long] = from
	return nil
}

var errNothing = errors.New("nothing to run; write yinit [OPTION...] [--] PROGRAM [ARG...], or see yinit --help")

// Load reads the file or directory of programs, if there is one, and completes the
// configuration. It is then ready to run, unless [Settings.Idle].
func (s *Settings) Load() error {
	if len(s.line.Words) == 0 && !s.runsSomething() && !s.findDefault() {
		return errNothing
	}
	if s.config != "" {
		// The environment and the options take precedence over the file, so read the
		// file into new settings and apply the others again.
		withFile := defaults()
		withFile.line, withFile.env, withFile.Version = s.line, s.env, s.Version
		withFile.config, withFile.from["config"] = s.config, s.from["config"]
		if err := configFile(s.config, withFile); err != nil {
			return err
		}
		if err := withFile.read(); err != nil {
			return err
		}
		*s = *withFile
	}
	if err := s.choose(s.line.Words); err != nil || s.Idle() {
		return err
	}
	if instead := s.line.instead(); instead != "" {
		s.Programs[0].Instead = instead
	}
	return s.complete()
}

// Idle reports whether there is nothing to run and that is no error: an empty
// --run-dir, as for yasinit.
func (s *Settings) Idle() bool { return s.runDir != "" && len(s.Programs) == 0 }

// runsSomething reports whether an option says what to run.
func (s *Settings) runsSomething() bool { return s.Pause || s.config != "" || s.runDir != "" }

// FromFiles reports whether a file or directory says what to run, perhaps a default one.
func (s *Settings) FromFiles() bool {
	return s.config != "" || s.runDir != "" || len(s.line.Words) == 0 && !s.Pause
}

// Where PID 1 looks for programs if the command line names none.
const (
	defaultConfig = "/etc/yinit/yinit.toml"
	defaultRunDir = "/etc/yinit"
)

// findDefault looks for the default file and directory, and reports whether one has
// programs.
func (s *Settings) findDefault() bool {
	if os.Getpid() != 1 {
		return false
	}
	if _, err := os.Stat(defaultConfig); err == nil {
		s.config, s.from["config"] = defaultConfig, "PID 1 without a program"
		return true
	}
	if runs, err := filepath.Glob(defaultRunDir + "/*.run"); err == nil && len(runs) > 0 {
		s.runDir, s.from["run-dir"] = defaultRunDir, "PID 1 without a program"
		return true
	}
	return false
}

// choose sets the programs to run. It is an error to name them in two ways.
func (s *Settings) choose(words []string) error {
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
		return fmt.Errorf("%s exclude each other; give only one", strings.Join(given, " and "))
	}
	switch {
	case len(words) > 0:
		s.Programs = []initcore.Program{{Name: filepath.Base(words[0]), Args: words}}
	case s.runDir != "":
		return s.readRunDir()
	}
	return nil
}

// complete sets what depends on more than one option.
func (s *Settings) complete() error {
	s.Log.Level = s.level()
	if s.Report != "" { // the init writes it at shutdown, after leaving its directory
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
		if text := p.User.Warning(); text != "" && !slices.Contains(s.warnings, text) {
			s.warnings = append(s.warnings, text)
		}
		if p.Dir == "" {
			p.Dir = s.dir
		}
	}
	if len(s.Programs) > 1 && !s.killAfterSet {
		s.KillAfter = severalKillAfter
	}
	return s.withPosition(s.Validate())
}

// level returns the log level.
func (s *Settings) level() slog.Level {
	switch {
	case s.quiet:
		return slog.LevelError
	case s.verbose >= 2:
		return slog.LevelDebug
	case s.verbose == 1:
		return slog.LevelInfo
	default:
		return slog.LevelWarn
	}
}

// Quiet reports whether --quiet is set, which suppresses warnings.
func (s *Settings) Quiet() bool { return s.quiet }

// Warnings returns the problems that do not prevent a start.
func (s *Settings) Warnings() []string {
	if s.AtEnd.EndsMachine() && os.Getpid() != 1 {
		return append(s.warnings, s.from["at-end"]+" has no effect: only PID 1 may end the machine")
	}
	return s.warnings
}

// OwnReport reports whether the command line or the file names the report. Otherwise
// its path is the default or from the environment, and thus the same for every yinit
// in the container.
func (s *Settings) OwnReport() bool {
	from := s.from["report"]
	return from != "" && !strings.HasPrefix(from, environmentVariable)
}
