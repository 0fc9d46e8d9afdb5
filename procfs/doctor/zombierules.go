package doctor

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// held are the zombies of one process that has not waited for them.
type held struct {
	culprit *snapshot.Process // nil: it is outside the PID namespace
	zombies []*snapshot.Process
	oldest  time.Duration
}

// held returns who has not reaped which zombies, the most zombies first.
func (f *Facts) held() (all []held, total int) {
	at := map[int]int{}
	for _, p := range f.sorted().dead {
		total++
		j, ok := at[p.Culprit]
		if !ok {
			j = len(all)
			at[p.Culprit] = j
			all = append(all, held{culprit: f.find(p.Culprit)})
		}
		all[j].zombies = append(all[j].zombies, p)
		all[j].oldest = max(all[j].oldest, f.Dead[p.ID])
	}
	sort.SliceStable(all, func(i, j int) bool { return len(all[i].zombies) > len(all[j].zombies) })
	return all, total
}

func (h *held) name() string {
	if h.culprit == nil {
		return "a process outside the container"
	}
	return name(h.culprit)
}

// zombiesHeld: processes that have ended and are not reaped, by the one to blame.
func zombiesHeld(f *Facts, _ *Stop) *Finding {
	all, total := f.held()
	if total == 0 {
		return nil
	}
	worst, oldest := &all[0], time.Duration(0)
	for i := range all {
		oldest = max(oldest, all[i].oldest)
	}
	x := &Finding{
		ID: "zombies", Level: Note,
		What:     worst.name() + " has not reaped " + plural(len(worst.zombies), "zombie", "zombies"),
		Evidence: fmt.Sprintf("%s in all", plural(total, "zombie", "zombies")),
		Why:      "each holds a process number until its parent waits for it; when the pids limit is reached, nothing can be started",
		Do:       f.against(worst.culprit),
	}
	if len(all) > 1 {
		x.What += ", others " + fmt.Sprint(total-len(worst.zombies))
	}
	if oldest >= time.Second {
		x.Evidence += ", the oldest dead for at least " + procfs.Span(oldest.Truncate(time.Second))
	}
	until := f.UntilFull
	if f.Growth > 0 {
		x.Evidence += fmt.Sprintf(", %.1f more each minute", f.Growth)
	}
	if until > 0 {
		x.Evidence += fmt.Sprintf("; the pids limit (%d) is reached in about %s", f.Host.PidsMax, procfs.Span(until.Round(time.Second)))
	}
	switch {
	case total >= manyDead, until > 0 && until <= soon:
		x.Level = Problem
	case oldest >= longDead || until > 0:
		x.Level = Risk
	}
	for i := range all {
		if c := all[i].culprit; c != nil {
			x.Procs = append(x.Procs, c.ID)
		}
	}
	return x
}

// against says what helps against the zombies of a process; nil: it is outside the PID
// namespace.
func (f *Facts) against(culprit *snapshot.Process) string {
	switch {
	case culprit == nil:
		return "the container runtime has to wait for what docker exec started: end the client, or restart the container"
	case culprit.ID.PID == 1:
		return "run PID 1 under an init that reaps: docker run --init, or ENTRYPOINT [\"/yinit\", \"--\"]"
	case f.Ends(culprit):
		return "make it wait for its children; it is the container's program: ending it ends the container"
	default:
		return "make it wait for its children, or end it: PID 1 then has to reap its zombies"
	}
}

// noReaper: PID 1 does not reap.
func noReaper(f *Facts, s *Stop) *Finding {
	all, _ := f.held()
	i := slices.IndexFunc(all, func(h held) bool { return h.culprit != nil && h.culprit.ID.PID == 1 && h.oldest >= longDead })
	if i < 0 || s.Relayed { // yinit reaps; what it has not reaped yet it will.
		return nil
	}
	h := &all[i]
	return &Finding{
		ID: "no-reaper", Level: Problem, Procs: []procfs.ID{h.culprit.ID},
		What:     "PID 1 (" + h.culprit.Comm + ") does not reap",
		Evidence: plural(len(h.zombies), "zombie", "zombies") + " of PID 1, the oldest dead for at least " + procfs.Span(h.oldest.Truncate(time.Second)),
		Why:      "all orphans come to PID 1; if it does not wait for them, they stay zombies until the container ends",
		Do:       "run it under an init: docker run --init, or ENTRYPOINT [\"/yinit\", \"--\"]",
	}
}

// pidsFull: the pids limit is hit, or near.
func pidsFull(f *Facts, _ *Stop) *Finding {
	used, most := f.Host.Pids, f.Host.PidsMax
	if most <= 0 || float64(used) < nearLimit*float64(most) {
		return nil
	}
	x := &Finding{
		ID: "pids-limit", Level: Risk, What: "the pids limit is near",
		Evidence: fmt.Sprintf("%d of %d processes and threads are taken", used, most),
		Why:      "at the limit fork fails with EAGAIN: programs lose their workers, docker exec and health checks fail",
		Do:       "find what starts so many, or raise the limit: docker update --pids-limit N CONTAINER",
	}
	if float64(used) >= atLimit*float64(most) {
		x.Level, x.What = Problem, "the pids limit is reached"
	}
	return x
}

// pidsUnlimited: there is no pids limit.
func pidsUnlimited(f *Facts, s *Stop) *Finding {
	if f.Host.PidsMax > 0 || f.Host.Pids <= 0 || !s.Possible {
		return nil
	}
	return &Finding{
		ID: "no-pids-limit", Level: Note, What: "there is no pids limit",
		Evidence: fmt.Sprintf("%d processes and threads, pids.max is max", f.Host.Pids),
		Why:      "a fork bomb, or zombies that nobody reaps, take the process numbers of the whole machine",
		Do:       "docker run --pids-limit 512",
	}
}

// cannotGo reports whether PID 1 has ended and waits for a process of its namespace that cannot
// be reaped. Without such a process it is about to go.
func cannotGo(first *snapshot.Process) bool {
	t := first.Target
	return t != nil && t.Dying == verdict.Exiting && t.Blocker != nil
}

// cannotEnd: PID 1 is dead, and the container does not end.
func cannotEnd(f *Facts, s *Stop) *Finding {
	first := f.find(1)
	if first == nil || !s.Possible || !cannotGo(first) {
		return nil
	}
	_, why := verdict.Of(first.Target, sigTERM, verdict.Anyone())
	do := "look at the disk or the network file system that it waits for"
	if b := first.Target.Blocker; b.Tracer != 0 {
		do = fmt.Sprintf("end the debugger: kill -KILL %d", b.Tracer)
	}
	return &Finding{
		ID: "cannot-end", Level: Problem, Procs: []procfs.ID{first.ID},
		What:     "PID 1 (" + first.Comm + ") has ended, and the container cannot",
		Evidence: why,
		Why:      "a PID namespace ends when all its processes are reaped: until then docker stop, docker rm and the deletion of a pod hang",
		Do:       do,
	}
}
