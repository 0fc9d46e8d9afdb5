package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yinit/initcore"
	"yinit/initcore/early"
	"yinit/procfs"
)

// failure is the exit status for yinit's own errors.
const failure = 125

// command is one of the inspector's commands.
type command struct {
	name, text string
	run        func(args []string) (status int, err error)
}

// commands is a function, since help itself lists them.
func commands() []command {
	return []command{
		{"top", "watch the processes of this container, and send signals", runTop},
		{"zombies", "show who does not reap which zombies, why, and what helps", runZombies},
		{"signals", "say what each signal would do to each process, and why", runSignals},
		{"history", "show which processes ended, and how, and which signals came", runHistory},
		{"demo", "show yinit with a workload that misbehaves: no Docker, no root", runDemo},
		{"version", "show the version", runVersion},
		{"help", "show this help", runHelp},
		{"completion", "print a completion script for bash, zsh or fish", runCompletion},
	}
}

// run is the program: its arguments and environment in, its exit status out.
func run(args, env []string) int {
	status, err := dispatch(args, env)
	if err != nil {
		fmt.Fprintf(os.Stderr, "yinit: %s\n", oneLine(err))
		if status == 0 {
			status = failure
		}
	}
	return status
}

// oneLine keeps an error to the one line that it is promised to be.
func oneLine(err error) string { return procfs.Printable(strings.ReplaceAll(err.Error(), "\n", " ")) }

// defaults are the settings without any option.
func defaults() *settings {
	return &settings{from: map[string]string{}, Config: initcore.Config{
		Grace: 3 * time.Second, Watch: time.Second, Report: "/dev/termination-log", Version: version(),
	}}
}

// commandLine is what the program was called with.
type commandLine struct {
	name     string   // argv[0]
	words    []string // what follows the options
	program  bool     // a -- says that a program follows
	warnings []string
}

// read applies the environment and then the options to s, so that these win.
func (c *commandLine) read(args, env []string, s *settings) (err error) {
	if s.Env, c.warnings, err = fromEnv(env, s); err != nil {
		return err
	}
	c.name = args[0]
	c.words, c.program, err = parse(args[1:], s)
	return err
}

// dispatch decides which of its two roles the program plays.
func dispatch(args, env []string) (int, error) {
	s, line := defaults(), &commandLine{}
	if err := line.read(args, env, s); err != nil {
		return s.refuse(err)
	}
	switch {
	case s.help:
		return runHelp(nil)
	case s.version:
		return printVersion(line.name)
	case s.license:
		return printLicense()
	}
	if c := line.command(); c != nil {
		early.Release()
		return c.run(line.words[1:])
	}
	if line.empty() && !s.runsSomething() && !s.findDefault() {
		if os.Getpid() != 1 && isTerminal(0) && isTerminal(1) {
			early.Release()
			return runTop(nil)
		}
		return s.refuse(errNothing)
	}
	status, err := runInit(s, line, args, env)
	if err != nil {
		return s.refuse(err)
	}
	return status, nil
}

// refuse is the end of an init that cannot begin. Whoever looks for its report
// should find the reason there, as far as the options that were read say where.
func (s *settings) refuse(err error) (int, error) {
	if none := initcore.ReportFailure(s.Report, failure, oneLine(err)); none != nil {
		s.warn([]string{"no report: " + none.Error()})
	}
	return failure, err
}

// command is the inspector's command that the first word names, if any.
func (c *commandLine) command() *command {
	if c.program || c.empty() {
		return nil
	}
	for _, known := range commands() {
		if known.name == c.words[0] {
			return &known
		}
	}
	return nil
}

func (c *commandLine) empty() bool { return len(c.words) == 0 }

// runsSomething reports whether an option says what to run.
func (s *settings) runsSomething() bool { return s.Pause || s.config != "" || s.runDir != "" }

var errNothing = errors.New("nothing to run; write yinit [OPTION...] [--] PROGRAM [ARG...], or see yinit --help")

// Where PID 1 without a program finds what to run.
const (
	defaultConfig = "/etc/yinit/yinit.toml"
	defaultRunDir = "/etc/yinit"
)

// findDefault looks for them and reports whether there is something.
func (s *settings) findDefault() bool {
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
