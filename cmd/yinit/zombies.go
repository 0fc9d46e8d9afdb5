package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/doctor"
	"yinit/procfs/hint"
	"yinit/procfs/zombie"
	"yinit/tui/text"
)

// zombiesOptions are the options of yinit zombies.
type zombiesOptions struct {
	json bool
	max  int // most zombies for exit status 0; negative: no limit
	where
}

func runZombies(args []string) (int, error) {
	o, err := parseZombies(args)
	if err != nil {
		return failure, err
	}
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("zombies: %w", err)
	}
	found, err := findZombies(t.FS)
	if err != nil {
		return failure, fmt.Errorf("zombies: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	if o.json {
		printZombiesJSON(out, found, o.place())
	} else {
		u := t.Group.Read()
		if t.FS.Own() && !t.Other() {
			u.Pids -= min(u.Pids, ownThreads())
		}
		printZombies(out, found, u, o.place())
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("zombies: %w", err)
	}
	if o.max >= 0 && found.Count() > o.max {
		return 1, nil
	}
	return 0, nil
}

func parseZombies(args []string) (zombiesOptions, error) {
	o, pid := zombiesOptions{max: -1, where: here()}, 0
	_, err := config.Lookup("zombies").Parse(args, o.bind(config.Bind{"json": &o.json, "max": &o.max, "pid": &pid}))
	switch {
	case err != nil:
	case pid != 0 && o.where != here():
		err = errors.New("zombies: --pid excludes --proc, --target and --root")
	case pid != 0:
		o.target = strconv.Itoa(pid)
	}
	return o, err
}

// ownThreads returns how many threads this process has. The command leaves them out of
// what it prints, because they end with it.
func ownThreads() uint64 {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0
	}
	return uint64(len(tasks))
}

// The JSON of yinit zombies: one object for each culprit.
type (
	jsonCulprit struct {
		Culprit jsonReaper   `json:"culprit"`
		Cause   string       `json:"cause"`
		Why     string       `json:"why"`
		Advice  string       `json:"advice"`
		Zombies []jsonZombie `json:"zombies"`
	}
	jsonReaper struct {
		PID     int     `json:"pid"` // 0: outside the container
		Comm    string  `json:"comm"`
		Cmdline string  `json:"cmdline"`
		State   string  `json:"state"`
		UID     *uint32 `json:"uid"` // null: unknown
		CHLD    string  `json:"chld"`

		CommHex    string `json:"comm_hex,omitempty"` // if the name is not UTF-8
		CmdlineHex string `json:"cmdline_hex,omitempty"`
	}
	jsonZombie struct {
		PID       int          `json:"pid"`
		Comm      string       `json:"comm"`
		Start     procfs.Ticks `json:"start"`      // since boot, in clock ticks of 1/100 s
		AgeMS     int64        `json:"age_ms"`     // since its start
		DeadMS    int64        `json:"dead_ms"`    // since its death
		DeadKnown bool         `json:"dead_known"` // false: DeadMS is a lower bound
		Known     bool         `json:"known"`      // false: code and signal are unknown
		Code      int          `json:"code"`
		Signal    string       `json:"signal"`
		Core      bool         `json:"core"`
		Origin    string       `json:"origin"` // child or orphan of the culprit, or unknown
		CommHex   string       `json:"comm_hex,omitempty"`
	}
)

func printZombiesJSON(out *bufio.Writer, found *zombie.Report, at hint.Place) {
	for _, c := range found.Culprits {
		j := jsonCulprit{
			Cause: c.Cause.String(), Why: c.Why(), Advice: at.In(c.Advice(found.Init)), Zombies: make([]jsonZombie, 0, len(c.Zombies)),
			Culprit: jsonReaper{
				PID: c.Culprit, Comm: c.Reaper.Stat.Comm, Cmdline: c.Cmdline, CHLD: c.Reaper.CHLD(),
				CommHex: history.Hex(c.Reaper.Stat.Comm), CmdlineHex: history.Hex(c.Cmdline),
			},
		}
		if c.Reaper.Known() {
			j.Culprit.State, j.Culprit.UID = c.Reaper.Stat.State.String(), &c.Reaper.UID
		}
		for _, z := range c.Zombies {
			j.Zombies = append(j.Zombies, jsonOfZombie(z))
		}
		fmt.Fprintln(out, history.JSONLine(j))
	}
}

func jsonOfZombie(z zombie.Zombie) jsonZombie {
	j := jsonZombie{
		PID: z.Stat.PID, Comm: z.Stat.Comm, Start: z.Stat.Start, AgeMS: z.Age.Milliseconds(),
		DeadMS: z.Dead.Milliseconds(), DeadKnown: z.Exact, Known: z.Known, Origin: z.Origin.String(), CommHex: history.Hex(z.Stat.Comm),
	}
	if status := z.Stat.ExitCode; z.Known {
		j.Core = status.CoreDumped()
		if j.Code = status.ExitCode(); status.Signaled() {
			j.Code, j.Signal = status.Shell(), procfs.SignalName(status.Signal())
		}
	}
	return j
}

// shownZombies is how many zombies of one culprit the text lists.
const shownZombies = 20

// printZombies prints the zombies, the process that should reap them, why it does not,
// and what to do.
func printZombies(out *bufio.Writer, found *zombie.Report, u cgroup.Usage, at hint.Place) {
	total := found.Count()
	if total == 0 {
		out.WriteString("no zombies\n")
	} else {
		fmt.Fprintf(out, "%s%s\n", text.Plural(total, "zombie", "zombies"), oldest(found.Culprits))
	}
	if u.PidsMax > 0 && u.Pids >= uint64(total) {
		fmt.Fprintf(out, "%d of %d processes and threads are taken\n", u.Pids, u.PidsMax)
	}
	if found.Hidden > 0 {
		fmt.Fprintf(out, "%s hidden from this user\n", text.Plural(found.Hidden, "process is", "processes are"))
	}
	width := pageWidth() - 1
	for _, c := range found.Culprits {
		fmt.Fprintf(out, "\n%s\n", titleOf(c, width))
		out.WriteString(text.Paragraph("  why", 7, width, c.Why()))
		out.WriteString(text.Paragraph("  help", 7, width, at.In(c.Advice(found.Init))))
		if c.Reaper.Known() && c.Count() > 0 {
			out.WriteString(text.Paragraph("  chld", 7, width, chldText(c.Reaper.CHLD())))
		}
		if c.Count() == 0 {
			continue
		}
		if whose := originText(c); whose != "" {
			out.WriteString(text.Paragraph("  from", 7, width, whose))
		}
		for i, z := range c.Zombies {
			if i == shownZombies {
				out.WriteString(text.Paragraph("", 2, width, restText(c.Zombies[i:])))
				break
			}
			fmt.Fprintln(out, zombieLine(z, width))
		}
	}
}

// zombieLine returns the line of a zombie. Its columns need some room.
func zombieLine(z zombie.Zombie, width int) string {
	name, how := procfs.Printable(z.Stat.Comm), text.Ended(z.Known, z.Stat.ExitCode)
	if width >= columnsFrom-1 {
		return fmt.Sprintf("  %7d %s %-19s  %s", z.Stat.PID, text.Pad(name, 17, text.More), how, deadText(z))
	}
	return text.Cut(fmt.Sprintf("  %d %s: %s, %s", z.Stat.PID, name, how, deadText(z)), width, text.More)
}

// restText says how many further zombies there are, and how they ended, the most frequent
// way first.
func restText(rest []zombie.Zombie) string {
	counts := map[string]int{}
	for _, z := range rest {
		counts[text.Ended(z.Known, z.Stat.ExitCode)]++
	}
	ways := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, way := range ways {
		ways[i] = text.Count(counts[way]) + " × " + way
	}
	return "… and " + text.Count(len(rest)) + " more: " + strings.Join(ways, ", ")
}

// originText says how many of the zombies the culprit started itself, if that is known
// of some of them only.
func originText(c *zombie.Culprit) string {
	started := c.Started()
	if started == 0 || started == len(c.Zombies) {
		return ""
	}
	return fmt.Sprintf("it started %d of them itself; of the others that is unknown", started)
}

// chldText says in words what the culprit does with SIGCHLD.
func chldText(word string) string {
	switch word {
	case "unknown":
		return "unknown: the kernel does not show it"
	case "default":
		return "default: SIGCHLD has no effect on it"
	case "ignored":
		return "ignored: the kernel reaps its children that end from now on"
	case "caught":
		return "caught: it has a handler for SIGCHLD"
	default:
		return word
	}
}

// oldest says for how long the oldest zombie has been dead.
func oldest(culprits []*zombie.Culprit) string {
	var old zombie.Zombie
	for _, c := range culprits {
		if c.Count() > 0 && (c.Zombies[0].Dead > old.Dead || !old.Exact) {
			old = c.Zombies[0]
		}
	}
	if old.Dead == 0 {
		return ""
	}
	return ", the oldest for " + deadText(old)
}

// titleOf returns the line of a culprit, at most so wide.
func titleOf(c *zombie.Culprit, width int) string {
	what := text.Plural(len(c.Zombies), "zombie", "zombies")
	if c.Count() == 0 {
		what = "no zombie, although it looks like one"
	}
	who := "outside the container"
	if c.Culprit != 0 {
		name := c.Cmdline
		if name == "" {
			name = c.Reaper.Stat.Comm
		}
		who = strconv.Itoa(c.Culprit) + " " + procfs.Printable(name)
	}
	return text.Cut(who, max(width-len(what)-2, 8), text.More) + ": " + what
}

// deadText says for how long the zombie has been dead, as exactly as that is known.
func deadText(z zombie.Zombie) string {
	switch {
	case z.Exact:
		return procfs.Span(z.Dead)
	case z.Dead > 0:
		return "at least " + procfs.Span(z.Dead)
	default:
		return "at most " + procfs.Span(z.Age)
	}
}

// findZombies finds the zombies of fs and the processes that should reap them. It
// uses the history of the init, if there is one, to find out since when they are
// dead, and who started them. A history that any user may have made up is no evidence.
func findZombies(fs procfs.FS) (*zombie.Report, error) {
	var o zombie.Options
	var programs map[int]int
	if src, err := history.Find(fs, 0); err == nil {
		if b, err := src.Read(0); err == nil && !src.Theirs {
			o.Noticed, o.Parents = history.ZombiesFor(b.Records, time.Now()), history.FirstParents(b.Records)
			programs = facts.Programs(b.Records)
		}
		_ = src.Close() // it was only read
	}
	o.Reaps = history.Reaps(fs, 1)
	found, err := zombie.Find(fs, o)
	if err == nil && o.Reaps && found.Init == zombie.InitDoesNotReap {
		// An init gets old zombies at once when their parent ends, and needs a moment.
		time.Sleep(time.Second)
		found, err = zombie.Find(fs, o)
	}
	if err == nil && len(programs) > 0 {
		markPrograms(found, programs, stopPolicy(fs))
	}
	return found, err
}

// markPrograms marks the culprits with which the container ends.
func markPrograms(found *zombie.Report, programs map[int]int, policy *doctor.Policy) {
	for _, c := range found.Culprits {
		_, ok := programs[c.Culprit]
		c.Program = ok && c.Reaper.Stat.PPID == 1 && (policy == nil || !policy.Stays)
	}
}
