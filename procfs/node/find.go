package node

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"yinit/procfs"
	"yinit/procfs/container"
)

// FindTarget returns the container that the user means: a process in it, its name, its pod, pod
// and name, or the first digits of its ID. A number is a process, unless there is none. The error
// is one line; it names the containers that fit if there are several.
func FindTarget(fs procfs.FS, which, root string) (*Target, error) {
	pid, err := strconv.Atoi(which)
	if err == nil && pid > 0 {
		if _, err := fs.Stat(pid); err == nil {
			return throughProcess(fs, pid, root)
		}
	}
	all, err := listContainers(fs, root)
	if err != nil {
		return nil, err
	}
	found, fits := choose(all, which)
	switch {
	case found != nil:
		t, err := Through(fs, found.pid, root)
		if err == nil {
			t.Names = found.Names
		}
		return t, err
	case len(fits) > 0:
		return nil, fmt.Errorf("%d containers fit %q: %s", len(fits), which, naming(fits))
	case pid > 0:
		return nil, fmt.Errorf("there is no process %d, and no container of that name or ID", pid)
	case len(all) == 0:
		return nil, fmt.Errorf("there is no container %q: none is to be seen from here; run this on the host, or with docker run --pid=host", which)
	}
	return nil, fmt.Errorf("there is no container %q; there is %s%s", which, naming(all), nameless(all))
}

// nameless says how many containers have an ID but no name that this user can read. The user may
// mean one of them. It returns "" if there is none.
func nameless(all []candidate) string {
	n := 0
	for i := range all {
		if c := &all[i]; c.ID != "" && c.Name == "" && c.Pod == "" {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; the names of %d cannot be read: run this as root; inside a container, with -v /:/host:ro and --root /host", n)
}

// throughProcess is [Through] with the names of the container, if the process is in one.
func throughProcess(fs procfs.FS, pid int, root string) (*Target, error) {
	t, err := Through(fs, pid, root)
	if err != nil {
		return nil, err
	}
	all, err := listContainers(fs, root)
	for i := range all {
		if slices.Contains(all[i].members, pid) {
			t.Names = all[i].Names
		}
	}
	return t, err
}

// CompletionNames returns the names and IDs of all containers, for completion in a shell. A shell
// may expand what it offers, and the name of a control group is anybody's, so those with other
// characters than engines give are left out.
func CompletionNames(fs procfs.FS, root string) ([]string, error) {
	all, err := listContainers(fs, root)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range all {
		for _, name := range []string{all[i].Title(), all[i].ShortID()} {
			if plain(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// Target returns what --target takes for the container: its name or, if that is none that can be
// typed, its ID or its first process.
func (c *Container) Target() string {
	for _, name := range []string{c.Title(), c.ShortID()} {
		// A number would be a process.
		if _, err := strconv.Atoi(name); plain(name) && err != nil {
			return name
		}
	}
	return strconv.Itoa(c.PID)
}

// plain reports whether a name has only letters, digits and _ . - /, and begins with one of the
// former.
func plain(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("_.-/", r)) {
			return false
		}
	}
	return name != ""
}

// A candidate is a container that a user may mean.
type candidate struct {
	container.Names
	ns      string // link of its PID namespace; "": unknown
	pid     int    // of a process in it
	members []int  // pids of all
}

// listContainers finds all containers, and their names.
func listContainers(fs procfs.FS, root string) ([]candidate, error) {
	if _, err := fs.Uptime(); err != nil {
		return nil, fs.WhatHelps(err)
	}
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return nil, err
	}
	procs := make([]container.Process, 0, len(stats))
	var status procfs.Status
	for i := range stats {
		s := &stats[i]
		p := container.Process{ID: s.ID(), PPID: s.PPID, Kernel: s.KernelThread(), Dead: s.Dead()}
		if scanner.Status(s.PID, &status) == nil {
			p.NSpid = slices.Clone(status.NSpid)
		}
		procs = append(procs, p)
	}
	files, cgroups := FindRoot(fs, root)
	defer cgroups.Close()
	groups := container.Find(fs, procs, pathsOf(cgroups))
	names := container.Describer{FS: fs, Root: files, Cmdline: func(pid int) []string {
		words, _ := fs.CmdlineInTime(pid) // nil if it has ended
		return words
	}}
	all := make([]candidate, 0, len(groups))
	for i := range groups {
		g := &groups[i]
		if pid := way(g, procs); pid != 0 {
			members := make([]int, 0, len(g.Members))
			for _, at := range g.Members {
				members = append(members, procs[at].ID.PID)
			}
			all = append(all, candidate{names.Describe(g, procs, groups), g.NS, pid, members})
		}
	}
	return all, nil
}

// way returns a process through which to look into a container: the first one or, if that is not
// there, one of its PID namespace and of none below it.
func way(g *container.Group, procs []container.Process) int {
	if g.First >= 0 {
		return procs[g.First].ID.PID
	}
	for _, i := range g.Members {
		if max(len(procs[i].NSpid), 1) == g.Depth {
			return procs[i].ID.PID
		}
	}
	return 0
}

// choose returns the container that is meant or, if there are several, all of them.
func choose(all []candidate, which string) (found *candidate, fits []candidate) {
	if which == "" {
		return nil, nil
	}
	for _, fit := range []func(c *candidate) bool{
		func(c *candidate) bool { return c.ID == which || c.Title() == which || c.Name == which },
		func(c *candidate) bool { return c.Pod != "" && which == c.Pod+"/"+c.Name },
		func(c *candidate) bool { return c.Pod != "" && (which == c.Pod || which == c.PodNS+"/"+c.Pod) },
		func(c *candidate) bool { return c.Outer != "" && which == c.Outer+"/"+c.Title() },
		func(c *candidate) bool { return strings.HasPrefix(c.ID, which) },
	} {
		fits = nil
		for i := range all {
			if fit(&all[i]) {
				fits = append(fits, all[i])
			}
		}
		if len(fits) > 0 {
			break
		}
	}
	// A pod stands for its container. Where its containers share a PID namespace, all see the
	// same processes.
	others := slices.DeleteFunc(slices.Clone(fits), func(c candidate) bool { return c.Sandbox })
	if len(others) == 1 {
		return &others[0], nil
	}
	if len(fits) > 0 && fits[0].ns != "" && !slices.ContainsFunc(fits, func(c candidate) bool { return c.ns != fits[0].ns }) {
		return &fits[0], nil
	}
	return nil, fits
}

// mostNames is how many containers an error names.
const mostNames = 6

// naming names containers, so that each can be told from the others.
func naming(all []candidate) string {
	names := make([]string, 0, mostNames+1)
	for i := range all {
		c := &all[i]
		if i == mostNames {
			names = append(names, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		name := c.Title()
		if id := c.ShortID(); id != "" && id != name {
			name += " (" + id + ")"
		}
		if name == "" {
			name = strconv.Itoa(c.pid)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
