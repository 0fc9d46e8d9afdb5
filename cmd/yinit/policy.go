package main

import (
	"bytes"
	"slices"

	"yinit/cmd/yinit/config"
	"yinit/initcore"
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
)

// stopPolicy returns what yinit as PID 1 does at a stop, from its command line and, if this
// user may read that, its environment. It is nil if PID 1 is not yinit.
func stopPolicy(fs procfs.FS) *doctor.Policy {
	words, err := fs.Cmdline(1)
	if err != nil || len(words) == 0 || history.RelayOf(fs, 1) == nil {
		return nil
	}
	var env []string
	b, err := fs.ReadFile("1/environ")
	for _, v := range bytes.Split(b, []byte{0}) {
		env = append(env, string(v))
	}
	p := policyOf(words[1:], env)
	p.Known = p.Known && err == nil
	return p
}

// policyOf returns what the options and the environment of yinit say about a stop.
func policyOf(args, env []string) *doctor.Policy {
	line := config.ParseLine(args)
	s, err := config.Read(line, env)
	if err == nil {
		if loaded := s.Load(); loaded == nil {
			return &doctor.Policy{Known: true, Delay: s.Delay, KillAfter: s.KillAfter, Grace: s.Grace, StopOK: s.StopOK, Stays: stays(s.Programs)}
		}
	}
	return &doctor.Policy{Delay: s.Delay, KillAfter: s.KillAfter, Grace: s.Grace, StopOK: s.StopOK}
}

// stays reports whether yinit may outlive one of its programs.
func stays(programs []initcore.Program) bool {
	return slices.ContainsFunc(programs, func(p initcore.Program) bool { return p.OnExit != initcore.Shutdown })
}
