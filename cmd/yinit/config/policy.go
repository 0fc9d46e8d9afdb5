package config

import (
	"bytes"
	"slices"
	"strconv"

	"yinit/initcore"
	"yinit/procfs"
	"yinit/procfs/doctor"
)

// StopPolicy returns what yinit as the process pid does at a stop, from its command line and, if
// this user may read that, its environment. A file of options that it was given is read only if
// it is ours, too: otherwise it lies in the container of that process.
func StopPolicy(fs procfs.FS, pid int, ours bool) *doctor.Policy {
	words, err := fs.CmdlineInTime(pid)
	if err != nil || len(words) == 0 {
		return nil
	}
	var env []string
	b, err := fs.ReadFile(strconv.Itoa(pid) + "/environ")
	for _, v := range bytes.Split(b, []byte{0}) {
		env = append(env, string(v))
	}
	p := policyOf(words[1:], env, ours)
	p.Known = p.Known && err == nil
	return p
}

// policyOf returns what the options and the environment of yinit say about a stop.
// Without files only the options count, and the rest is unknown if there is such a file.
func policyOf(args, env []string, files bool) *doctor.Policy {
	line := ParseLine(args)
	s, err := Read(line, env)
	if err == nil && !files && !s.FromFiles() {
		return &doctor.Policy{Known: true, Delay: s.Delay, KillAfter: s.KillAfter, Grace: s.Grace, StopOK: s.StopOK}
	}
	if err == nil && files {
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
