package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/kill"
	"yinit/procfs/verdict"
)

// killOptions are the options of yinit kill.
type killOptions struct {
	kill.Order
	pids []int
	json bool
	dry  bool // send nothing
	where
}

func runKill(args []string) (int, error) {
	o, err := parseKill(args)
	if err != nil {
		return failure, err
	}
	// If the reader of the output goes away, the signals are sent all the same.
	signal.Ignore(syscall.SIGPIPE)
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("kill: %w", err)
	}
	fs := t.FS
	r := verdict.NewReader(fs, func(pid int) verdict.Relay { return history.RelayOf(fs, pid) })
	r.Before = before(fs)
	order := o.Order
	order.Force = order.Force || o.dry && order.Scope == kill.One // nothing is sent
	k, err := kill.Choose(r, order, o.pids)
	if err != nil {
		return failure, fmt.Errorf("kill: %w", err)
	}
	defer k.Close()
	p := &killPrinter{out: bufio.NewWriter(os.Stdout), killOptions: o, paper: newPaper(), ends: endsContainer(fs)}
	p.announce(k)
	if p.err != nil {
		return failure, fmt.Errorf("kill: nothing sent: %w", p.err)
	}
	if o.dry {
		return p.rehearse(k)
	}
	k.Send()
	k.Watch(p.report)
	done := true
	for _, m := range k.Members {
		done = done && m.Done()
	}
	return p.finish(done)
}

// endsContainer returns a function that reports whether the container ends with a process, as
// with a program of yinit as PID 1.
func endsContainer(fs procfs.FS) func(pid, ppid int) bool {
	programs, policy := programsOf(fs), stopPolicy(fs)
	return func(pid, ppid int) bool {
		_, ok := programs[pid]
		return ok && ppid == 1 && (policy == nil || !policy.Stays)
	}
}

// programsOf returns the pids of the programs of the init, as its history tells.
func programsOf(fs procfs.FS) map[int]int {
	src, err := history.Find(fs, 0)
	if err != nil {
		return nil
	}
	defer src.Close()
	b, err := src.Read(0)
	if err != nil || src.Theirs || src.Init.PID != 1 {
		return nil
	}
	return facts.Programs(b.Records)
}

func parseKill(args []string) (killOptions, error) {
	o := killOptions{Order: kill.Order{Wait: 5 * time.Second}, where: here()}
	term, _ := procfs.ParseSignal("TERM")
	o.Signal = term
	args, first, err := asOption(args)
	if err != nil {
		return o, err
	}
	if first != 0 {
		o.Signal = first
	}
	c := config.Lookup("kill")
	var group, tree, session bool
	words, err := c.Parse(args, o.bind(config.Bind{
		"signal": func(s string) (err error) { o.Signal, err = procfs.ParseSignal(s); return err },
		"group":  &group, "tree": &tree, "session": &session,
		"wait": &o.Wait, "escalate": &o.Escalate, "dry-run": &o.dry, "force": &o.Force, "json": &o.json,
	}))
	if err == nil {
		o.pids, err = c.PIDs(words)
	}
	scopes := 0
	for scope, chosen := range map[kill.Scope]bool{kill.Group: group, kill.Tree: tree, kill.Session: session} {
		if chosen {
			o.Scope = scope
			scopes++
		}
	}
	switch {
	case err != nil:
	case scopes > 1:
		err = errors.New("kill: --group, --tree and --session exclude each other")
	case len(o.pids) == 0:
		err = errors.New("kill: no process given; write yinit kill PID, or see yinit kill --help")
	default:
		if err = o.Validate(); err != nil {
			err = fmt.Errorf("kill: --escalate: %w", err)
		}
	}
	return o, err
}

// asOption returns the arguments without a signal that is the first of them, as in kill -9
// PID, and that signal; 0 if there is none.
func asOption(args []string) (rest []string, n int, err error) {
	if len(args) == 0 {
		return args, 0, nil
	}
	name, ok := strings.CutPrefix(args[0], "-")
	switch {
	case !ok || name == "" || name != strings.ToUpper(name) || name[0] == '-':
		return args, 0, nil
	case name == "0":
		return nil, 0, errors.New("kill: signal 0 sends nothing; --dry-run says what a signal would do")
	}
	if n, err = procfs.ParseSignal(name); err != nil {
		return nil, 0, fmt.Errorf("kill: %w", err)
	}
	return args[1:], n, nil
}
