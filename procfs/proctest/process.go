package proctest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"yinit/procfs"
)

// Process is a process of a [Tree]. All fields but PID may be zero; the comments give
// the default where it is another value.
type Process struct {
	PID, PPID, PGRP, Session, TTY, TPGID int          // PGRP and Session default to PID
	Comm                                 string       // name, any bytes
	State                                procfs.State // default: StateSleeping
	Flags                                uint32       // PF_* bits, see [procfs.Stat.Flags]
	UTime, STime, Start                  procfs.Ticks // as in [procfs.Stat], and so the four below
	MinorFaults, CMinorFaults            uint64
	Nice                                 int
	VSize                                procfs.Bytes
	RSS                                  procfs.Pages // of 4 KiB in status
	ExitCode                             procfs.WaitStatus

	Cmdline  []string // nil for kernel threads and zombies
	Environ  []string // NAME=value
	Exe, Cwd string   // targets of the links; "": no link

	UID, GID uint32   // all four IDs of each kind
	Groups   []uint32 // supplementary groups
	NSpid    []int    // default: PID only
	// Sigs is the signal state of the process. Known is ignored; to omit the lines,
	// use Status.
	Sigs procfs.Signals
	// Threads are all threads of the process. The main thread, whose TID is PID, is
	// added if it is missing.
	Threads []Thread

	// Status replaces the values of lines of the file status. The value "-" omits the
	// line, and a name that the file does not have adds one.
	Status map[string]string
	// Files replaces or adds whole files in the directory of the process, but not in
	// those of its threads: "wchan", "stat".
	Files map[string]string
}

// NoSignals returns a [Process.Status] that omits the lines about signals, as gVisor
// does.
func NoSignals() map[string]string {
	return map[string]string{"SigQ": "-", "SigPnd": "-", "ShdPnd": "-", "SigBlk": "-", "SigIgn": "-", "SigCgt": "-"}
}

// Thread is a thread of a [Process]. All else is as in the process.
type Thread struct {
	TID              int              // thread ID
	Comm             string           // default: that of the process
	State            procfs.State     // default: that of the process
	Pending, Blocked procfs.SignalSet // of this thread
}

func (p *Process) setDefaults() {
	p.PGRP = orElse(p.PGRP, p.PID)
	p.Session = orElse(p.Session, p.PID)
	p.State = orElse(p.State, procfs.StateSleeping)
	if p.NSpid == nil {
		p.NSpid = []int{p.PID}
	}
	for _, thread := range p.Threads {
		if thread.TID == p.PID {
			return
		}
	}
	leader := Thread{TID: p.PID, Pending: p.Sigs.Pending, Blocked: p.Sigs.Blocked}
	p.Threads = append([]Thread{leader}, p.Threads...)
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// thread returns p as the files of one of its threads show it.
func (p Process) thread(thread Thread) Process {
	p.Comm = orElse(thread.Comm, p.Comm)
	p.State = orElse(thread.State, p.State)
	p.Sigs.Pending, p.Sigs.Blocked = thread.Pending, thread.Blocked
	tgid := p.PID
	p.PID, p.Files = thread.TID, nil
	p.Status = maps.Clone(p.Status)
	if p.Status == nil {
		p.Status = map[string]string{}
	}
	p.Status["Tgid"] = fmt.Sprint(tgid)
	return p
}

// files returns the content of the files of p, by name.
func (p Process) files() map[string]string {
	files := map[string]string{
		"stat":    p.stat(),
		"status":  p.status(),
		"comm":    p.Comm + "\n",
		"cmdline": terminated(p.Cmdline),
		"environ": terminated(p.Environ),
	}
	maps.Copy(files, p.Files)
	return files
}

// terminated joins words, each with a terminating NUL.
func terminated(words []string) string {
	var b strings.Builder
	for _, word := range words {
		b.WriteString(word + "\x00")
	}
	return b.String()
}

// stat returns the line of proc_pid_stat(5). The kernel does not escape the name.
func (p Process) stat() string {
	return fmt.Sprintf("%d (%s) %s %d %d %d %d %d %d %d %d 0 0 %d %d 0 0 20 %d %d 0 %d %d %d "+
		"18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 %d\n",
		p.PID, p.Comm, p.State, p.PPID, p.PGRP, p.Session, p.TTY, p.TPGID, p.Flags,
		p.MinorFaults, p.CMinorFaults, p.UTime, p.STime, p.Nice, len(p.Threads), p.Start, p.VSize, p.RSS, p.ExitCode)
}

// status returns the lines of proc_pid_status(5).
func (p Process) status() string {
	var b strings.Builder
	left := maps.Clone(p.Status)
	for _, line := range p.statusLines() {
		if value, ok := left[line[0]]; ok {
			delete(left, line[0])
			line[1] = value
		}
		if line[1] != "-" {
			b.WriteString(line[0] + ":\t" + line[1] + "\n")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) { // NSpgid before NSsid, as in the kernel
		if value := left[name]; value != "-" {
			b.WriteString(name + ":\t" + value + "\n")
		}
	}
	return b.String()
}

func (p Process) statusLines() [][2]string {
	lines := [][2]string{
		{"Name", strings.NewReplacer("\n", `\n`, `\`, `\\`).Replace(p.Comm)},
		{"Umask", "0022"},
		{"State", p.State.String() + " (" + p.State.Word() + ")"},
		{"Tgid", fmt.Sprint(p.PID)},
		{"Ngid", "0"},
		{"Pid", fmt.Sprint(p.PID)},
		{"PPid", fmt.Sprint(p.PPID)},
		{"TracerPid", "0"},
		{"Uid", strings.Repeat(fmt.Sprint(p.UID)+"\t", 3) + fmt.Sprint(p.UID)},
		{"Gid", strings.Repeat(fmt.Sprint(p.GID)+"\t", 3) + fmt.Sprint(p.GID)},
		{"FDSize", "64"},
		{"Groups", strings.Trim(fmt.Sprint(p.Groups), "[]") + " "},
		{"NSpid", strings.ReplaceAll(strings.Trim(fmt.Sprint(p.NSpid), "[]"), " ", "\t")},
	}
	if p.State != procfs.StateZombie && p.RSS > 0 {
		kib := fmt.Sprintf("%8d kB", p.RSS.Bytes(4096)/procfs.KiB)
		lines = append(lines, [2]string{"VmHWM", kib}, [2]string{"VmRSS", kib}, [2]string{"VmSwap", "       0 kB"})
	}
	return append(lines,
		[2]string{"Threads", fmt.Sprint(len(p.Threads))},
		[2]string{"SigQ", "0/1024"},
		[2]string{"SigPnd", set(p.Sigs.Pending)},
		[2]string{"ShdPnd", set(p.Sigs.SharedPending)},
		[2]string{"SigBlk", set(p.Sigs.Blocked)},
		[2]string{"SigIgn", set(p.Sigs.Ignored)},
		[2]string{"SigCgt", set(p.Sigs.Caught)},
		[2]string{"CapInh", set(0)},
		[2]string{"CapPrm", set(0)},
		[2]string{"CapEff", set(0)},
		[2]string{"CapBnd", set(0)},
		[2]string{"CapAmb", set(0)},
		[2]string{"NoNewPrivs", "0"},
		[2]string{"Seccomp", "0"},
	)
}

func set(s procfs.SignalSet) string { return fmt.Sprintf("%016x", uint64(s)) }
