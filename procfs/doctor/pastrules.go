package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"syscall"
	"time"

	"yinit/procfs"
)

// Lately is how long ago something may have happened that counts as happening.
const Lately = 10 * time.Minute

// crashesFrom is how many failures of one command in that time are a loop, if they are spread
// over crashSeconds seconds: workers that fail together have failed once.
const (
	crashesFrom  = 5
	crashSeconds = 3
)

// A Failure is the end of a process that exited with another status than 0, or that a signal
// ended.
type Failure struct {
	Time         time.Time // when it ended, which may be long before it was reaped
	PID, PPID    int
	Comm, Parent string // the names of the process and of its parent; "": unknown
	Command      string // its command line; "": unknown
	Status       procfs.WaitStatus
}

// A Hit is a time when a limit was hit.
type Hit struct {
	Time time.Time // zero: it is not known to have been hit
	Text string    // what says so
}

// within returns how long before the snapshot t was, and whether that is not long.
func (f *Facts) within(t time.Time) (ago time.Duration, ok bool) {
	ago = max(0, f.Now.Sub(t))
	return ago, ago <= Lately
}

// A loop is a command that failed again and again, with its failures, the oldest first.
type loop struct {
	comm, command string
	fails         []*Failure
}

// loops returns the commands that failed often, the one that did most often first.
func (f *Facts) loops() []loop {
	all := joinUnknown(f.byCommand())
	all = slices.DeleteFunc(all, func(l loop) bool { return len(l.fails) < crashesFrom || l.seconds() < crashSeconds })
	sort.SliceStable(all, func(i, j int) bool { return len(all[i].fails) > len(all[j].fails) })
	return all
}

// byCommand returns the recent failures by their command.
func (f *Facts) byCommand() []loop {
	type key struct{ comm, command string }
	at := map[key]int{}
	var all []loop
	for i := range f.Failures {
		x := &f.Failures[i]
		if _, ok := f.within(x.Time); !ok || x.Comm+x.Command == "" || x.asked() || Answered(x.Comm, x.Status) {
			continue
		}
		k := key{x.Comm, x.Command}
		j, ok := at[k]
		if !ok {
			j = len(all)
			at[k] = j
			all = append(all, loop{comm: x.Comm, command: x.Command})
		}
		all[j].fails = append(all[j].fails, x)
	}
	return all
}

// asked reports whether a signal that asks a process to end has ended it. Then the process
// itself has not failed.
func (x *Failure) asked() bool {
	switch syscall.Signal(x.Status.Signal()) {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP:
		return true
	default:
		return false
	}
}

// asking are commands whose exit status 1 is an answer: no. Scripts run them all the time.
var asking = []string{
	"[", "cmp", "diff", "egrep", "expr", "fgrep", "getent", "grep", "pgrep", "pidof", "readlink", "test", "which",
}

// Answered reports whether a process of this name that ended with this status has answered a
// question and not failed.
func Answered(comm string, status procfs.WaitStatus) bool {
	return status == 1<<8 && slices.Contains(asking, comm)
}

// joinUnknown adds the failures whose command line is not known, because they ended at once,
// to those of the only command with the same name.
func joinUnknown(all []loop) []loop {
	known := map[string][]int{}
	for i := range all {
		if all[i].command != "" {
			known[all[i].comm] = append(known[all[i].comm], i)
		}
	}
	for i := range all {
		l := &all[i]
		if same := known[l.comm]; l.command == "" && len(same) == 1 {
			to := &all[same[0]]
			to.fails = append(to.fails, l.fails...)
			slices.SortStableFunc(to.fails, func(a, b *Failure) int { return a.Time.Compare(b.Time) })
			l.fails = nil
		}
	}
	return all
}

// name names the command and, if that is the same of all, its parent.
func (l *loop) name() string {
	last := l.last()
	name := cmp.Or(l.comm, l.command)
	for _, x := range l.fails {
		if x.PPID != last.PPID || x.PPID == 0 {
			return name
		}
	}
	if last.Parent == "" {
		return fmt.Sprintf("%s (child of %d)", name, last.PPID)
	}
	return fmt.Sprintf("%s (child of %d %s)", name, last.PPID, last.Parent)
}

// seconds returns in how many different seconds of the clock the processes ended.
func (l *loop) seconds() (n int) {
	last := int64(-1)
	for _, x := range l.fails {
		if t := x.Time.Unix(); t != last {
			n, last = n+1, t
		}
	}
	return n
}

func (l *loop) last() *Failure { return l.fails[len(l.fails)-1] }

// how says how the processes ended.
func (l *loop) how() string {
	how := procfs.Ended(true, l.last().Status)
	for _, x := range l.fails {
		if x.Status != l.last().Status {
			return "the last one " + how
		}
	}
	return how
}

// crashLoop: the same command fails again and again.
func crashLoop(f *Facts, _ *Stop) *Finding {
	all := f.loops()
	if len(all) == 0 {
		return nil
	}
	worst := &all[0]
	last := worst.last()
	span, _ := f.within(worst.fails[0].Time)
	ago, _ := f.within(last.Time)
	x := &Finding{
		ID: "crash-loop", Level: Risk,
		What:     fmt.Sprintf("%s failed %d times in the last %s: %s", worst.name(), len(worst.fails), procfs.Span(max(span.Truncate(time.Second), time.Second)), worst.how()),
		Evidence: fmt.Sprintf("the last one was %d at %s, %s ago: %s", last.PID, last.Time.In(f.Now.Location()).Format(time.TimeOnly), procfs.Span(ago.Truncate(time.Second)), cmp.Or(worst.command, worst.comm)),
		Why:      "whatever starts it goes on starting it: its work is not done, and each start costs time and memory",
		Do:       "look at its record in the History: why it ended, and what came before; or yinit history --failed",
	}
	if more := len(all) - 1; more > 0 {
		x.Evidence += "; " + plural(more, "other command fails as well", "other commands fail as well")
	}
	if p := f.find(last.PPID); p != nil {
		x.Procs = append(x.Procs, p.ID)
	}
	return x
}

// pidsHit: the pids limit was hit, now or some time ago.
func pidsHit(f *Facts, _ *Stop) *Finding {
	hit, hits := f.PidsHit, f.Host.PidsHits
	if hit.Time.IsZero() && hits == 0 {
		return nil
	}
	x := &Finding{
		ID: "pids-limit-hit", Level: Note, What: "the pids limit was hit",
		Why: "at the limit fork fails with EAGAIN: programs lose their workers, docker exec and health checks fail",
		Do:  "find what starts so many, or raise the limit: docker update --pids-limit N CONTAINER",
	}
	if hits > 0 {
		x.Evidence = "pids.events has counted " + plural(int(min(hits, 1<<31-1)), "start that failed", "starts that failed")
	}
	if hit.Time.IsZero() {
		x.Evidence += "; when is not known"
		return x
	}
	ago, recent := f.within(hit.Time)
	x.What += " " + procfs.Span(ago.Truncate(time.Second)) + " ago"
	if recent {
		x.Level = Problem
	}
	if hit.Text != "" {
		x.Evidence = hit.Text
	}
	return x
}
