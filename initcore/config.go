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

// Config configures the init. The zero value of a field is its default unless its
// comment says otherwise.
type Config struct {
	// Programs are started in this order and stopped in reverse order.
	Programs []Program
	// Pause is for an init without programs: it reaps, and exits on SIGTERM or SIGINT.
	Pause bool

	// Group forwards signals to the process group of the program.
	Group bool
	// Session runs the program in a session of its own, and forwards signals to its
	// process group.
	Session bool

	// FollowFork lets a program go on as an orphan that it leaves when it exits with 0: the
	// only one with its name, or the only one.
	FollowFork bool

	// Subreaper requests PR_SET_CHILD_SUBREAPER, see prctl(2); a failure is logged as
	// a warning. An init that is not PID 1 tries to become a subreaper in any case.
	Subreaper bool
	// ParentDeath is the signal that the init gets when its parent dies; 0: none.
	ParentDeath unix.Signal

	// Expect is the set of exit codes that become 0.
	Expect Codes
	// Rewrite says which signals are forwarded as another signal, or dropped.
	Rewrite Rewrite

	// Halt is a signal that begins the shutdown as SIGTERM does; 0: none. A rule of Rewrite
	// for it takes precedence.
	Halt unix.Signal
	// StopOK maps the exit status to 0 if a stop signal had come and the program ended by
	// that signal, or with 128 plus its number.
	StopOK bool

	// Delay is how long the init waits before it acts on a SIGTERM.
	Delay time.Duration
	// KillAfter is the time from the stop signal to SIGKILL; 0: never.
	KillAfter time.Duration
	// Grace is the time from SIGTERM to SIGKILL for leftover processes; 0: they get
	// no signal and are left to the kernel.
	Grace time.Duration

	// OOMAdjust is added to the oom_score_adj of the programs; [OOMAuto]: as much as PID 1
	// weighs against the memory limit of its container.
	OOMAdjust int

	// AtEnd says what PID 1 does after it has stopped everything, see [End]. [Run]
	// leaves it to its caller.
	AtEnd AtEnd

	// Watch is the interval at which the init scans for new processes; 0: never.
	Watch time.Duration
	// History is the file that holds the ring; "": the ring is kept in memory.
	History string
	// Report is the file that receives a report of a failed run; "": none. The file
	// must exist, be regular and be empty. A symbolic link is not followed.
	Report string
	// WarnReap logs a warning for each orphan that is reaped.
	WarnReap bool
	// Log says what is logged to stderr.
	Log Logging
	// Env is the environment of the programs, as NAME=value.
	Env []string
	// Version is the version of this yinit, for the history.
	Version string
}

// SigHalt is SIGRTMIN+3 as glibc counts, by which systemd shuts down. Container engines
// send it to stop a container that runs systemd.
const SigHalt = unix.Signal(37)

// OnExit says what the init does when a program ends.
type OnExit uint8

// The values of on_exit.
const (
	Shutdown OnExit = iota // stop all other programs
	Ignore                 // leave the other programs running
	Restart                // start the program again
)

// Program is one program to run.
type Program struct {
	// Name is unique; "": [Config.Validate] derives it from the command.
	Name string
	// Args is the command. Args[0] is looked up in PATH if it holds no slash.
	Args []string
	// Dir is the working directory; "": the directory in which the init was started.
	Dir string
	// Env is added to [Config.Env] and overrides it.
	Env []string
	// User is the user that runs the program; nil: the init's own user.
	User *Credential
	// StopSignal asks the program to end; 0: SIGTERM.
	StopSignal unix.Signal
	// Oneshot means that the program must exit with 0 before the next one starts.
	Oneshot bool
	// OnExit says what the init does when the program ends.
	OnExit OnExit
	// StopAfter are the names of programs: it gets its stop signal when they have ended.
	StopAfter []string
	// RestartLimit is the maximum number of restarts in a row, each after a run of less than
	// a minute; 0: no limit. Then the program's end is that of the init.
	RestartLimit int
	// RestartDelay is the pause before the first restart; 0: one second.
	RestartDelay time.Duration
	// Instead is what the user may have meant, if there is no such program; "": unknown.
	Instead string
	// Prefix puts the name before each line of the program's output.
	Prefix bool
}

// Credential is a user to run a program as.
type Credential struct {
	// UID and GID become the real, effective and saved ids.
	UID, GID uint32
	// Groups become the supplementary groups.
	Groups []uint32
	// Home becomes HOME; "": HOME is unchanged.
	Home string
	// From says where GID comes from.
	From GroupSource
}

// A GroupSource says where the group of a [Credential] comes from.
type GroupSource int

const (
	// FromPasswd is the entry of the user in /etc/passwd.
	FromPasswd GroupSource = iota
	// FromSpec is a group that was given beside the user.
	FromSpec
	// Assumed is the group 0 of a user that has no entry, as with docker run --user.
	Assumed
)

// Codes is a set of exit codes.
type Codes [4]uint64

// Add adds code, 0 to 255.
func (c *Codes) Add(code int) { c[code>>6&3] |= 1 << (code & 63) }

// Has reports whether code is in the set.
func (c *Codes) Has(code int) bool { return c[code>>6&3]>>(code&63)&1 != 0 }

// Rewrite maps a received signal to the signal that is forwarded in its place. An
// entry of 0 leaves the signal unchanged, an entry of [Drop] drops it.
type Rewrite [65]int8

// Drop is the entry of a signal that is not forwarded.
const Drop = -1

// Of returns the signal that is forwarded for sig; 0: none.
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

// relay returns the signal that the init forwards for each signal, for the history.
func (c *Config) relay() (t history.Relay) {
	if c.Pause {
		return history.IdleRelay(int(c.Halt))
	}
	for n := 1; n < len(t); n++ {
		if to := c.forwards(unix.Signal(n)); int(to) != n || history.Forwarded(n) {
			t[n] = uint8(to)
		}
	}
	return t
}

// forwards returns the signal that the init forwards for sig; 0: none.
func (c *Config) forwards(sig unix.Signal) unix.Signal {
	if c.halts(sig) {
		sig = unix.SIGTERM
	}
	return c.Rewrite.Of(sig)
}

// halts reports whether the signal is another one that begins the shutdown as SIGTERM
// does.
func (c *Config) halts(sig unix.Signal) bool { return sig == c.Halt && c.Rewrite[sig] == 0 }

// Validate fills in names that are not set, and returns an error if the init cannot
// run the configuration. The error is a [*ProgramError] if a program is at fault.
func (c *Config) Validate() error {
	if len(c.Programs) == 0 && !c.Pause {
		return errors.New("no program to run")
	}
	if c.Pause && len(c.Programs) > 0 {
		return errors.New("--pause takes no program; remove the program or --pause")
	}
	for i := range c.Programs {
		if err := c.Programs[i].validate(); err != nil {
			err.Index = i
			return err
		}
	}
	if err := c.namePrograms(); err != nil {
		return err
	}
	return c.checkStopAfter()
}

// ProgramError says what is wrong with a program, and which key of the configuration
// file is at fault.
type ProgramError struct {
	// Index is the index of the program in [Config.Programs].
	Index int
	// Key is the key of the configuration file that is at fault, such as restart_delay.
	Key string
	// Text says what is wrong and how to correct it.
	Text string
}

// Error returns the message. It counts the programs from 1.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("program %d: %s: %s", e.Index+1, e.Key, e.Text)
}

// validate returns an error if the program cannot be run as described.
func (p *Program) validate() *ProgramError {
	if len(p.Args) == 0 || p.Args[0] == "" {
		return &ProgramError{Key: "command", Text: "it is empty; give the name of a program"}
	}
	for _, word := range p.Args {
		if strings.IndexByte(word, 0) >= 0 {
			return &ProgramError{Key: "command", Text: "an argument cannot contain a NUL byte; remove it"}
		}
	}
	if p.OnExit != Restart && p.RestartDelay != 0 {
		return &ProgramError{Key: "restart_delay", Text: "it has no effect without on_exit = \"restart\"; remove it or add on_exit"}
	}
	if p.OnExit != Restart && p.RestartLimit != 0 {
		return &ProgramError{Key: "restart_limit", Text: "it has no effect without on_exit = \"restart\"; remove it or add on_exit"}
	}
	if p.Oneshot && p.OnExit == Restart {
		return &ProgramError{Key: "on_exit", Text: "oneshot and on_exit = \"restart\" exclude each other: a oneshot must succeed the first time"}
	}
	return nil
}

// namePrograms gives each program a unique name: the configured name, or else the
// base name of its command, with a number appended if that name is taken.
func (c *Config) namePrograms() error {
	taken := map[string]bool{}
	for i := range c.Programs {
		name := c.Programs[i].Name
		if taken[name] {
			return &ProgramError{i, "name", fmt.Sprintf("another program is already named %q; give each program a unique name", name)}
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
			return &ProgramError{i, key, fmt.Sprintf("the name %q has unprintable characters, so it cannot prefix lines of output; choose another name", p.Name)}
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
