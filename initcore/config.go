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

// Config is what the init is told to do. The zero value of a field is the
// default, if nothing else is said.
type Config struct {
	Programs []Program
	Pause    bool // no program at all: reap, and end at SIGTERM or SIGINT

	Group   bool // pass signals to the program's process group
	Session bool // run the program in a new session, signals go to its process group

	Subreaper   bool        // asked for; without it a failure is no news
	ParentDeath unix.Signal // get it when the parent dies; 0: none

	Expect  Codes
	Rewrite Rewrite

	Delay     time.Duration // before a SIGTERM is passed on
	KillAfter time.Duration // from the stop signal to SIGKILL; 0: never
	Grace     time.Duration // for what the programs leave behind; 0: it is left to the kernel

	Watch    time.Duration // how often to look for new processes; 0: never
	History  string        // keep the ring in this file; "": in memory
	Report   string        // where an account of a failed run goes, if it is an empty regular file and no symbolic link
	WarnReap bool          // warn for each orphan reaped
	Log      Logging
	Env      []string // of the programs
	Version  string
}

// OnExit says what the end of a program means for the others.
type OnExit uint8

// The values of on_exit.
const (
	Shutdown OnExit = iota // the show is over
	Ignore                 // the others go on
	Restart                // it is started again
)

// Program is one program to run.
type Program struct {
	Name         string
	Args         []string // Args[0] is looked up in PATH if it holds no slash
	Dir          string   // "": unchanged
	Env          []string // added to Config.Env, as NAME=value
	User         *Credential
	StopSignal   unix.Signal // 0: SIGTERM
	Oneshot      bool        // must end with 0 before the next one starts
	OnExit       OnExit
	RestartDelay time.Duration // 0: one second
	Prefix       bool          // put the name before each line of its output
}

// Credential is a user to run a program as.
type Credential struct {
	UID, GID uint32
	Groups   []uint32
	Home     string
}

// Codes is a set of exit codes.
type Codes [4]uint64

// Add adds code, 0 to 255.
func (c *Codes) Add(code int) { c[code>>6&3] |= 1 << (code & 63) }

// Has reports whether code is in the set.
func (c *Codes) Has(code int) bool { return c[code>>6&3]>>(code&63)&1 != 0 }

// Rewrite says which signal is passed on instead of another one. An entry of 0
// is no rule, one of -1 drops the signal.
type Rewrite [65]int8

// Drop is what a rule says that drops a signal.
const Drop = -1

// Of returns what is passed on for sig, 0 for nothing.
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
	Index int // in Config.Programs
	Key   string
	Text  string
}

// Error counts the programs from 1.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("program %d: %s: %s", e.Index+1, e.Key, e.Text)
}

// validate refuses what a program cannot be told.
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

// nameThem gives each program a name of its own: the one that was written, or the
// base name of its command, with a number if that is taken.
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
