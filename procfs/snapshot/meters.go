package snapshot

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/host"
)

// host reads the usage and limits of the control group, and those of the machine
// where the group has none.
func (r *Reader) host(snap *Snapshot, uptime time.Duration) Host {
	h := Host{CPUs: runtime.NumCPU()}
	h.Name = r.opt.Of.Name()
	r.describeInit(&h, snap, uptime)
	u := r.Cgroup.Read()
	machine := host.ReadMachine()
	h.Pids, h.PidsMax = int(u.Pids), int(u.PidsMax)
	h.PidsHits, _ = r.Cgroup.PidsHits()
	h.Mem, h.MemMax = u.Mem, u.MemMax
	if h.Mem == 0 {
		h.Mem, h.Hosts.Mem = machine.Mem, true
	}
	if h.MemMax == 0 || machine.MemMax > 0 && h.MemMax > machine.MemMax {
		h.MemMax, h.Hosts.MemMax = machine.MemMax, true
	}
	h.CPUMax = u.CPUMax
	if h.CPUMax == 0 {
		h.CPUMax, h.Hosts.CPUMax = float64(h.CPUs), true
	}
	if snap.Since > 0 {
		if u.HasCPU {
			h.CPU = max(u.CPU-r.cpu, 0).Seconds() / snap.Since.Seconds()
			h.Hosts.CPU = u.CPUWhole
		} else {
			for i := range snap.Procs {
				h.CPU += snap.Procs[i].CPU
			}
		}
	}
	r.cpu = u.CPU
	h.NoAccess = unread(r.scanner.Hidden(), r.scanner.Unreadable())
	if h.NoAccess == "" && r.Targets.Ours && !slices.ContainsFunc(snap.Procs, func(p Process) bool { return p.ID.PID == 1 }) {
		// Every PID namespace has a PID 1. With hidepid=2 the kernel does not even list it.
		h.NoAccess = "processes of other users are hidden from this user (mount option hidepid of /proc)"
	}
	return h
}

// describeInit sets the program of PID 1 and how long it has run.
func (r *Reader) describeInit(h *Host, snap *Snapshot, uptime time.Duration) {
	for i := range snap.Procs {
		p := &snap.Procs[i]
		if p.ID.PID != 1 {
			continue
		}
		h.Uptime, h.Init = p.Age, p.Comm
		if r.opt.Program != nil {
			if program := r.opt.Program(); program != "" {
				h.Init = program
			}
		}
		return
	}
	h.Uptime = uptime
}

// missed estimates the number of processes that started and ended between two
// snapshots, from the number of pids that the kernel allocated.
func (r *Reader) missed(appeared int, since time.Duration) int {
	if r.counter < 0 {
		return 0
	}
	last, err := procfs.ReadLastPID(r.counter)
	if err != nil {
		return 0
	}
	step := last - r.lastPID
	r.lastPID = last
	if since == 0 || step < 0 { // The pids have wrapped around.
		return 0
	}
	return max(step-appeared, 0)
}

// unread says how many processes are missing in a snapshot, and why.
func unread(hidden, malformed int) string {
	var parts []string
	switch {
	case hidden == 1:
		parts = append(parts, "1 process is hidden from this user")
	case hidden > 1:
		parts = append(parts, fmt.Sprintf("%d processes are hidden from this user", hidden))
	}
	if malformed > 0 {
		parts = append(parts, fmt.Sprintf("the stat of %d could not be parsed", malformed))
	}
	return strings.Join(parts, "; ")
}
