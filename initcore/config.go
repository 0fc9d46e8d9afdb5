package initcore

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
)

// Config is what the init is told to do. The zero value of a field is the default
// where nothing else is said.
type Config struct {
	// Programs are started in this order and stopped in the reverse one.
	Programs []Program
	// Pause is for an init without programs: it reaps, and ends at SIGTERM or SIGINT.
	Pause bool

	// Group forwards signals to the process group of the program.
	Group bool
	// Session runs the program in a session of its own, and forwards signals to its
	// process group.
	Session bool

	// Subreaper is that somebody asked for it: a failure is a warning then. An init
	// that is not PID 1 tries to be a subreaper in any case.
	Subreaper bool
	// ParentDeath is the signal that the init gets when its parent dies; 0: none.
	ParentDeath unix.Signal

	// Expect are the exit codes that become 0.
	Expect Codes
	// Rewrite says which signals are forwarded as another one, or not at all.
	Rewrite Rewrite

	// Delay is how long a SIGTERM waits before it is forwarded.
	Delay time.Duration
	// KillAfter is the time from the stop signal to SIGKILL; 0: never.
	KillAfter time.Duration
	// Grace is the time that leftover processes get from SIGTERM to SIGKILL; 0: they
	// are left to the kernel.
	Grace time.Duration

	// Watch is how often the init looks for new processes; 0: never.
	Watch time.Duration
	// History is the file that keeps the ring; "": it is kept in memory.
	History string
	// Report is where an account of a failed run goes: a regular file that is there
	// and empty. A symbolic link is not followed. "": nowhere.
	Report string
	// WarnReap warns for each orphan that is reaped.
	WarnReap bool
	// Log is what goes to stderr.
	Log Logging
	// Env is the environment of the programs, as NAME=value.
	Env []string
	// Version is that of this yinit, for the history.
	Version string
}

// OnExit says what the end of a program means for the others.
type OnExit uint8

// The values of on_exit.
const (
	Shutdown OnExit = iota // all others are stopped
	Ignore                 // the others go on
	Restart                // it is started again
)

// Program is one program to run.
type Program struct {
	// Name is unique; "": [Config.Validate] makes one of the command.
	Name string
	// Args is the command. Args[0] is looked up in PATH if it holds no slash.
	Args []string
	// Dir is the working directory; "": that of the init when it was started.
	Dir string
	// Env is added to [Config.Env] and wins over it.
	Env []string
	// User is who runs the program; nil: the init's own user.
	User *Credential
	// StopSignal asks the program to end; 0: SIGTERM.
	StopSignal unix.Signal
	// Oneshot programs must end with 0 before the next one starts.
	Oneshot bool
	// OnExit is what the end of the program means for the others.
	OnExit OnExit
	// RestartDelay is the pause before the first restart; 0: one second.
	RestartDelay time.Duration
	// Prefix puts the name before each line of the program's output.
	Prefix bool
}

// Credential is a user to run a program as.
type Credential struct {
	// UID and GID become the real, effective and saved ids.
	UID, GID uint32
	// Groups become the supplementary groups.
	Groups []uint32
	// Home becomes HOME; "": that is unchanged.
	Home string
}

// Codes is a set of exit codes.
type Codes [4]uint64

// Add adds code, 0 to 255.
func (c *Codes) Add(code int) { c[code>>6&3] |= 1 << (code & 63) }

// Has reports whether code is in the set.
func (c *Codes) Has(code int) bool { return c[code>>6&3]>>(code&63)&1 != 0 }

// Rewrite says which signal is forwarded instead of another one. An entry of 0
// is no rule, one of [Drop] drops the signal.
type Rewrite [65]int8

// Drop is the entry of a signal that is dropped.
const Drop = -1

// Of returns what is forwarded for sig, 0 for nothing.
func (r *Rewrite) Of(sig unix.Signal) unix.Signal {
	switch to := r[sig]; to {
	case 0:
		return sig
	case Drop:
		return 0
	default:
		return unix.Signal(to)
	}
}

// relay is what the init forwards for each signal.
func (r *Rewrite) relay() (t history.Relay) {
	for n := 1; n < len(t); n++ {
		if to := r.Of(unix.Signal(n)); int(to) != n || history.Forwarded(n) {
			t[n] = uint8(to)
		}
	}
	return t
}

// Validate completes what can be derived, and refuses what cannot be run.
func (c *Config) Validate() error {
	if len(c.Programs) == 0 && !c.Pause {
		return errors.New("no program to run")
	}
	if c.Pause && len(c.Programs) > 0 {
		return errors.New("--pause runs no program, so give none")
	}
	for i := range c.Programs {
		if err := c.Programs[i].validate(); err != nil {
			err.Index = i
			return err
		}
	}
	return c.nameThem()
}

// ProgramError says what is wrong with a program, and which key of the file says so.
type ProgramError struct {
	// Index is the place of the program in [Config.Programs].
	Index int
	// Key is the key of the file that says so, such as restart_delay.
	Key string
	// Text is what is wrong and what to do.
	Text string
}

// Error counts the programs from 1.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("program %d: %s: %s", e.Index+1, e.Key, e.Text)
}

// validate refuses a program that cannot be run as described.
func (p *Program) validate() *ProgramError {
	if len(p.Args) == 0 || p.Args[0] == "" {
		return &ProgramError{Key: "command", Text: "it is empty; give the name of a program"}
	}
	for _, word := range p.Args {
		if strings.IndexByte(word, 0) >= 0 {
			return &ProgramError{Key: "command", Text: "a NUL byte cannot be in an argument; leave it out"}
		}
	}
	if p.OnExit != Restart && p.RestartDelay != 0 {
		return &ProgramError{Key: "restart_delay", Text: "it means nothing without on_exit = \"restart\"; leave it out, or add that"}
	}
	if p.Oneshot && p.OnExit == Restart {
		return &ProgramError{Key: "on_exit", Text: "oneshot and on_exit = \"restart\" exclude each other: a oneshot must succeed at once"}
	}
	return nil
}

// nameThem gives each program a unique name: the one that was written, or the base
// name of its command, with a number if that is taken.
func (c *Config) nameThem() error {
	taken := map[string]bool{}
	for i := range c.Programs {
		name := c.Programs[i].Name
		if taken[name] {
			return &ProgramError{i, "name", fmt.Sprintf("another program is called %q, too; give each a name of its own", name)}
		}
		taken[name] = name != ""
	}
	for i := range c.Programs {
		p := &c.Programs[i]
		key := "name"
		if p.Name == "" {
			key = "command"
			base := filepath.Base(p.Args[0])
			p.Name = base
			for n := 2; taken[p.Name]; n++ {
				p.Name = fmt.Sprintf("%s-%d", base, n)
			}
			taken[p.Name] = true
		}
		if p.Prefix && procfs.Printable(p.Name) != p.Name {
			return &ProgramError{i, key, fmt.Sprintf("the name %q is to stand before each line of output, and has characters that do not print; give another name", p.Name)}
		}
	}
	return nil
}

func (p *Program) stopSignal() unix.Signal {
	if p.StopSignal == 0 {
		return unix.SIGTERM
	}
	return p.StopSignal
}
