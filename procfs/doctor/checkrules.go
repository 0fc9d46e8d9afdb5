package doctor

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

const (
	manyOpen  = 1 << 24         // a limit for open files that takes long to count through
	justNow   = 5 * time.Minute // a kill for the memory limit is a problem for so long, and then a risk
	clockSlip = 5 * time.Second // by which a file may seem older than what wrote it
)

// oomKills: the kernel has killed processes because of the memory limit.
func oomKills(f *Facts, _ *Stop) *Finding {
	hit, kills := f.OOM, f.Checks.OOMKills
	if hit.Time.IsZero() && kills == 0 {
		return nil
	}
	x := &Finding{
		ID: "oom-kills", Level: Note, What: "the memory limit was hit: processes were killed",
		Why: "a killed worker cannot save anything, and often only its parent notices",
		Do:  "give it more memory (docker update --memory), or let it use less",
	}
	if f.Memory.None == "" {
		x.Do += "; yinit history --kind oom,exit shows which processes were killed"
	}
	if kills > 0 {
		x.Evidence = "memory.events has counted " + plural(int(min(kills, 1<<31-1)), "kill", "kills")
	}
	if f.Host.MemMax > 0 && !f.Host.Hosts.MemMax {
		x.What = "the memory limit of " + f.Host.MemMax.String() + " was hit: processes were killed"
	}
	if hit.Time.IsZero() {
		x.Evidence += "; when is not known"
		return x
	}
	ago, _ := f.within(hit.Time)
	x.What += " " + procfs.Span(ago.Truncate(time.Second)) + " ago"
	switch {
	case ago <= justNow:
		x.Level = Problem
	case ago <= soon:
		x.Level = Risk
	}
	if hit.Text != "" {
		x.Evidence = strings.Trim(x.Evidence+"; "+hit.Text, "; ")
	}
	return x
}

// oomGroup: one process that needs too much takes all others with it.
func oomGroup(f *Facts, s *Stop) *Finding {
	if !f.Checks.OOMGroup || !s.Possible || len(f.others()) == 0 {
		return nil
	}
	return &Finding{
		ID: "oom-group", Level: Note, What: "at the memory limit the kernel kills all processes of the container at once",
		Evidence: "memory.oom.group is 1",
		Why:      "one worker that needs too much takes PID 1 and all others with it; Kubernetes sets this since 1.28",
		Do:       "if one worker may die alone: singleProcessOOMKill: true in the configuration of the kubelet",
	}
}

// shmFull: /dev/shm has little room left.
func shmFull(f *Facts, _ *Stop) *Finding {
	size, free := f.Checks.ShmSize, f.Checks.ShmFree
	used := size - min(size, free)
	if size == 0 || float64(used) < nearLimit*float64(size) {
		return nil
	}
	x := &Finding{
		ID: "shm", Level: Risk, What: "/dev/shm is nearly full",
		Evidence: fmt.Sprintf("%s of %s are used", used, size),
		Why:      "a program that writes to shared memory for which there is no room is killed by SIGBUS",
		Do:       "docker run --shm-size 1g; in Kubernetes an emptyDir with medium: Memory at /dev/shm",
	}
	if float64(used) >= atLimit*float64(size) {
		x.Level, x.What = Problem, "/dev/shm is full"
	}
	return x
}

// pidFile: a file in /run names a process that did not write it.
func pidFile(f *Facts, _ *Stop) *Finding {
	var x *Finding
	for i := range f.Checks.PidFiles {
		file := &f.Checks.PidFiles[i]
		p := f.find(file.PID)
		if p == nil || p.KernelThread() || !f.older(file, p) || alike(file.Path, p) {
			continue
		}
		if x == nil {
			x = &Finding{
				ID: "pid-file", Level: Risk, What: file.Path + " names another process: " + name(p),
				Evidence: fmt.Sprintf("it was written at %s, and process %d started %s later", file.Written.In(f.Now.Location()).Format(time.DateTime), file.PID,
					procfs.Span(f.Now.Add(-p.Age).Sub(file.Written).Truncate(time.Second))),
				Why: "a program may refuse to start because it believes that it is already running, and a script may signal the wrong process",
				Do:  "rm " + file.Path + " before the program starts; mount a tmpfs at /run (docker run --tmpfs /run)",
			}
		} else {
			x.Evidence += "; " + file.Path + " names " + name(p)
		}
		x.Procs = append(x.Procs, p.ID)
	}
	return x
}

// older reports whether the file was written before the process began.
func (f *Facts) older(file *PidFile, p *snapshot.Process) bool {
	return !file.Written.IsZero() && f.Now.Add(-p.Age).Sub(file.Written) > clockSlip
}

// alike reports whether a pid file and a process have similar names. Where they do, the clock
// may have been set since.
func alike(file string, p *snapshot.Process) bool {
	names := []string{strings.TrimSuffix(path.Base(file), ".pid"), path.Base(path.Dir(file))}
	words := []string{p.Comm}
	for _, w := range p.Cmdline[:min(2, len(p.Cmdline))] {
		words = append(words, path.Base(w))
	}
	for _, n := range names {
		if n == "run" || n == "" {
			continue
		}
		if slices.ContainsFunc(words, func(w string) bool {
			return w != "" && (procfs.ContainsFold(w, strings.ToLower(n)) || procfs.ContainsFold(n, strings.ToLower(w)))
		}) {
			return true
		}
	}
	return false
}

// openFiles: so many files may be open that programs which close every descriptor spin.
func openFiles(f *Facts, s *Stop) *Finding {
	var procs []*snapshot.Process
	most := uint64(0)
	for i := range f.Procs {
		if n := f.Checks.OpenMax[f.Procs[i].ID]; n >= manyOpen && !f.Procs[i].Dead() {
			procs, most = append(procs, &f.Procs[i]), max(most, n)
		}
	}
	if len(procs) == 0 || !s.Possible {
		return nil
	}
	return &Finding{
		ID: "nofile", Level: Note, Procs: ids(procs),
		What:     "the limit for open files is " + strconv.FormatUint(most, 10),
		Evidence: "RLIMIT_NOFILE of " + list(procs),
		Why:      "programs that close every descriptor before they start another one spin for minutes, and some reserve memory for each",
		Do:       "docker run --ulimit nofile=65536; or LimitNOFILE in the unit of the engine",
	}
}

// unchecked: what the doctor could not check.
func unchecked(f *Facts, _ *Stop) *Finding {
	if len(f.Checks.Unread) == 0 {
		return nil
	}
	return &Finding{
		ID: "not-checked", Level: Note, What: "could not check: " + strings.Join(f.Checks.Unread, "; "),
		Evidence: strings.Join(f.Checks.Unread, "; "), Why: "there may be more to find", Do: "look as root or as the user of the processes, in the container: docker exec",
	}
}
