package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore"
	"yinit/procfs"
)

// settings is what the options say.
type settings struct {
	initcore.Config
	config, runDir string
	user, dir      string
	killAfterSet   bool
	verbose        int
	quiet          bool
	help           bool
	version        bool
	license        bool
	// Who set an option, by its long name, for messages: "-u", or an environment
	// variable, or a place in the file.
	from   map[string]string
	places []places // of the keys of the programs in the file
}

// option is one option of the init. The command line, the environment, the help,
// the completion and the table in README.md all come from the list of them.
type option struct {
	short string // one letter, or ""
	long  string
	arg   string // name of its argument, "" if it has none
	text  string
	def   string // the default in words, for the help
	again bool   // may be repeated
	noEnv bool   // means nothing in the environment
	set   func(s *settings, value string) error
}

// apply sets the option, and remembers who said so.
func (o *option) apply(s *settings, value, from string) error {
	if err := o.set(s, value); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	s.from[o.long] = from
	return nil
}

// envPrefix begins the name of each of our environment variables.
const envPrefix = "YINIT_"

// env is the name of the environment variable.
func (o option) env() string {
	if o.noEnv {
		return ""
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(o.long, "-", "_"))
}

// toggle makes the setter of an option without an argument. In the environment it
// may be switched off, too.
func toggle(f func(s *settings) *bool) func(*settings, string) error {
	return func(s *settings, value string) error {
		on, err := parseBool(value)
		*f(s) = on
		return err
	}
}

func duration(f func(s *settings) *time.Duration) func(*settings, string) error {
	return func(s *settings, value string) (err error) {
		*f(s), err = parseDuration(value)
		return err
	}
}

var errEmpty = errors.New("the value is empty")

func nonEmpty(f func(s *settings) *string) func(*settings, string) error {
	return func(s *settings, value string) error {
		if value == "" {
			return errEmpty
		}
		*f(s) = value
		return nil
	}
}

// options are the options of the init, in the order of the help.
var options = []option{
	{
		short: "g", long: "group", text: "pass signals to the program's process group", def: "the program alone",
		set: toggle(func(s *settings) *bool { return &s.Group }),
	},
	{
		short: "c", long: "single-child", text: "accepted for dumb-init's users: this is the default", noEnv: true,
		set: func(s *settings, _ string) error { s.Group, s.Session = false, false; return nil },
	},
	{
		long: "session", text: "run the program in a new session with the terminal, and pass signals to its process group (what dumb-init does)", def: "a new process group in the same session",
		set: toggle(func(s *settings) *bool { return &s.Session }),
	},
	{
		short: "s", long: "subreaper", text: "be a subreaper; if that fails, it is a warning", def: "automatic when not PID 1",
		set: toggle(func(s *settings) *bool { return &s.Subreaper }),
	},
	{
		short: "p", long: "parent-death", arg: "SIG", text: "get SIG when the parent dies", def: "off",
		set: func(s *settings, v string) error {
			n, err := procfs.ParseSignal(v)
			s.ParentDeath = unix.Signal(n)
			return err
		},
	},
	{
		short: "e", long: "expect", arg: "CODE", text: "exit with 0 if the program exits with CODE, 0 to 255", def: "none", again: true,
		set: func(s *settings, v string) error { return each(v, s.expect) },
	},
	{
		short: "r", long: "rewrite", arg: "FROM:TO", text: "pass signal FROM on as TO, by name or number; TO 0 drops it", def: "none", again: true,
		set: func(s *settings, v string) error { return each(v, s.rewrite) },
	},
	{
		long: "delay", arg: "DUR", text: "wait this long before a SIGTERM is passed on; a second SIGTERM cuts it short", def: "0",
		set: duration(func(s *settings) *time.Duration { return &s.Delay }),
	},
	{
		long: "kill-after", arg: "DUR", text: "SIGKILL a program that still runs this long after its stop signal; 0 never", def: "0 with one program, 20s with several",
		set: func(s *settings, v string) (err error) {
			s.killAfterSet = true
			s.KillAfter, err = parseDuration(v)
			return err
		},
	},
	{
		long: "grace", arg: "DUR", text: "after the last program ended: SIGTERM to all other processes, wait up to this long, SIGKILL the rest; 0 leaves them to the kernel", def: "3s",
		set: duration(func(s *settings) *time.Duration { return &s.Grace }),
	},
	{
		short: "u", long: "user", arg: "USER[:GROUP]", text: "run the programs as this user, by name or number", def: "unchanged",
		set: nonEmpty(func(s *settings) *string { return &s.user }),
	},
	{
		long: "dir", arg: "DIR", text: "working directory of the programs", def: "unchanged",
		set: nonEmpty(func(s *settings) *string { return &s.dir }),
	},
	{
		long: "config", arg: "FILE", text: "run the programs that FILE lists",
		set: nonEmpty(func(s *settings) *string { return &s.config }),
	},
	{
		long: "run-dir", arg: "DIR", text: "run every executable DIR/*.run, sorted by name",
		set: nonEmpty(func(s *settings) *string { return &s.runDir }),
	},
	{
		short: "P", long: "pause", text: "run no program: reap, and exit with 0 at SIGTERM or SIGINT",
		set: toggle(func(s *settings) *bool { return &s.Pause }),
	},
	{
		long: "watch", arg: "DUR", text: "how often to look for new processes, for the history; 0 turns it off", def: "1s",
		set: duration(func(s *settings) *time.Duration { return &s.Watch }),
	},
	{
		long: "history", arg: "FILE", text: "keep the history in FILE", def: "in memory",
		set: nonEmpty(func(s *settings) *string { return &s.History }),
	},
	{
		long: "report", arg: "FILE", text: "write a short account of a failed run there, if the file exists and is empty", def: "/dev/termination-log",
		set: func(s *settings, v string) error { s.Report = v; return nil },
	},
	{
		short: "w", long: "warn-reap", text: "warn for each orphan reaped",
		set: toggle(func(s *settings) *bool { return &s.WarnReap }),
	},
	{
		short: "v", long: "verbose", text: "say more on stderr", again: true,
		set: func(s *settings, v string) error { return s.louder(v) },
	},
	{
		short: "q", long: "quiet", text: "say nothing but errors",
		set: toggle(func(s *settings) *bool { return &s.quiet }),
	},
	{
		long: "log-format", arg: "text|json", text: "form of the lines on stderr", def: "text",
		set: func(s *settings, v string) error {
			if v != "text" && v != "json" {
				return fmt.Errorf("%q is neither text nor json", v)
			}
			s.Log.JSON = v == "json"
			return nil
		},
	},
	{
		short: "h", long: "help", text: "show this help", noEnv: true,
		set: func(s *settings, _ string) error { s.help = true; return nil },
	},
	{
		long: "version", text: "show the version", noEnv: true,
		set: func(s *settings, _ string) error { s.version = true; return nil },
	},
	{
		short: "l", long: "license", text: "show the license", noEnv: true,
		set: func(s *settings, _ string) error { s.license = true; return nil },
	},
}

// each calls f for the words of a list: in the environment an option that may be
// repeated has its values separated by commas or blanks.
func each(list string, f func(string) error) error {
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if len(words) == 0 {
		return fmt.Errorf("the value is empty")
	}
	for _, w := range words {
		if err := f(w); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) expect(v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 255 {
		return fmt.Errorf("%q is no exit code; write a number from 0 to 255", v)
	}
	s.Expect.Add(n)
	return nil
}

func (s *settings) rewrite(v string) error {
	from, to, ok := strings.Cut(v, ":")
	if !ok {
		return fmt.Errorf("%q is no rule; write FROM:TO, like TERM:QUIT", v)
	}
	f, err := procfs.ParseSignal(from)
	if err != nil {
		return err
	}
	switch unix.Signal(f) {
	case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD, unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGSYS:
		return fmt.Errorf("%s is never passed on, so there is nothing to rewrite", procfs.SignalName(f))
	}
	if to == "0" {
		s.Rewrite[f] = initcore.Drop
		return nil
	}
	t, err := procfs.ParseSignal(to)
	if err != nil {
		return err
	}
	s.Rewrite[f] = int8(t)
	return nil
}

// louder takes one -v, or a number from the environment.
func (s *settings) louder(v string) error {
	switch v {
	case "", "true":
		s.verbose++
		return nil
	case "false":
		v = "0"
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no level; write a number, like 1", v)
	}
	s.verbose = n
	return nil
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

// parseDuration reads a duration as time.ParseDuration does; a bare number is
// seconds.
func parseDuration(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if n, bad := strconv.ParseFloat(v, 64); bad == nil && n >= 0 && n < 1<<31 {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration; write a number with a unit, like 500ms, 5s or 1m30s", v)
	case d < 0:
		return 0, fmt.Errorf("%q is negative; write 0 or more", v)
	}
	return d, nil
}

// level is what is logged.
func (s *settings) level() slog.Level {
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
