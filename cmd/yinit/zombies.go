package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/tui/text"
)

// zombiesOptions are the options of yinit zombies.
type zombiesOptions struct {
	json bool
	max  int // negative: no limit
	fs   procfs.FS
}

func runZombies(args []string) (int, error) {
	o, err := parseZombies(args)
	if err != nil {
		return flagStatus(err)
	}
	q, err := newInquest(o.fs)
	if err != nil {
		return failure, fmt.Errorf("zombies: %w", err)
	}
	culprits, err := q.hold()
	if err != nil {
		return failure, fmt.Errorf("zombies: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	if o.json {
		printZombiesJSON(out, q, culprits)
	} else {
		printZombies(out, q, culprits)
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("zombies: %w", err)
	}
	if o.max >= 0 && countZombies(culprits) > o.max {
		return 1, nil
	}
	return 0, nil
}

func parseZombies(args []string) (zombiesOptions, error) {
	o := zombiesOptions{max: -1}
	flags := newFlags("zombies", "[OPTION...]")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line for each culprit")
	flags.Func("max", "exit with 1 if there are more than `N`", func(v string) (err error) {
		o.max, err = parseCount(v)
		return err
	})
	dir := flags.String("proc", "/proc", "look at the processes of this `directory`, another proc")
	err := parseFlags(flags, args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("zombies: %q is too much; see yinit zombies --help", flags.Arg(0))
	}
	o.fs = procfs.New(*dir)
	return o, err
}

// countZombies is how many real ones there are.
func countZombies(culprits []*culprit) (n int) {
	for _, c := range culprits {
		n += c.count()
	}
	return n
}

// The JSON of a culprit.
type (
	jsonCulprit struct {
		Culprit jsonReaper   `json:"culprit"`
		Cause   string       `json:"cause"`
		Why     string       `json:"why"`
		Advice  string       `json:"advice"`
		Zombies []jsonZombie `json:"zombies"`
	}
	jsonReaper struct {
		PID     int     `json:"pid"` // 0: outside of the container
		Comm    string  `json:"comm"`
		Cmdline string  `json:"cmdline"`
		State   string  `json:"state"`
		UID     *uint32 `json:"uid"` // null: unknown
		CHLD    string  `json:"chld"`
	}
	jsonZombie struct {
		PID       int          `json:"pid"`
		Comm      string       `json:"comm"`
		Start     procfs.Ticks `json:"start"`      // since boot, in hundredths of a second
		AgeMS     int64        `json:"age_ms"`     // since its start
		DeadMS    int64        `json:"dead_ms"`    // since its end, or
		DeadKnown bool         `json:"dead_known"` // false: at least that long
		Known     bool         `json:"known"`      // false: code and signal are unknown
		Code      int          `json:"code"`
		Signal    string       `json:"signal"`
		Core      bool         `json:"core"`
	}
)

func printZombiesJSON(out *bufio.Writer, q *inquest, culprits []*culprit) {
	for _, c := range culprits {
		j := jsonCulprit{
			Cause: c.Cause.String(), Why: c.Why(), Advice: c.Advice(q.first), Zombies: make([]jsonZombie, 0, len(c.zombies)),
			Culprit: jsonReaper{PID: c.Culprit, Comm: c.reaper.Stat.Comm, Cmdline: c.cmdline, CHLD: c.reaper.CHLD()},
		}
		if c.reaper.Known() {
			j.Culprit.State, j.Culprit.UID = c.reaper.Stat.State.String(), &c.reaper.UID
		}
		for _, z := range c.zombies {
			j.Zombies = append(j.Zombies, jsonOfZombie(z))
		}
		fmt.Fprintln(out, history.JSONLine(j))
	}
}

func jsonOfZombie(z zombie) jsonZombie {
	j := jsonZombie{
		PID: z.stat.PID, Comm: z.stat.Comm, Start: z.stat.Start, AgeMS: z.age.Milliseconds(),
		DeadMS: z.dead.Milliseconds(), DeadKnown: z.sure, Known: z.known,
	}
	if status := z.stat.ExitCode; z.known {
		j.Core = status.CoreDumped()
		if j.Code = status.ExitCode(); status.Signaled() {
			j.Code, j.Signal = status.Shell(), procfs.SignalName(status.Signal())
		}
	}
	return j
}

// shownZombies is how many zombies of one culprit the text names.
const shownZombies = 20

// printZombies prints what is wrong, who is to blame, and what helps.
func printZombies(out *bufio.Writer, q *inquest, culprits []*culprit) {
	total := countZombies(culprits)
	if total == 0 {
		out.WriteString("no zombies\n")
	} else {
		fmt.Fprintf(out, "%s%s\n", text.Plural(total, "zombie", "zombies"), oldest(culprits))
	}
	if q.hidden > 0 {
		fmt.Fprintf(out, "%s hidden from this user\n", text.Plural(q.hidden, "process is", "processes are"))
	}
	for _, c := range culprits {
		fmt.Fprintf(out, "\n%s\n", c.title())
		out.WriteString(text.Paragraph("  why", 7, 79, c.Why()))
		out.WriteString(text.Paragraph("  help", 7, 79, c.Advice(q.first)))
		if c.reaper.Known() && c.count() > 0 {
			out.WriteString(text.Paragraph("  chld", 7, 79, chldText(c.reaper.CHLD())))
		}
		if c.count() == 0 {
			continue
		}
		for i, z := range c.zombies {
			if i == shownZombies {
				fmt.Fprintf(out, "  … and %d more\n", len(c.zombies)-i)
				break
			}
			fmt.Fprintf(out, "  %7d %s %-19s  %s\n", z.stat.PID, text.Pad(procfs.Printable(z.stat.Comm), 17, text.More), text.Ended(z.known, z.stat.ExitCode), z.deadText())
		}
	}
}

// chldText is what the culprit does with SIGCHLD, in words.
func chldText(word string) string {
	switch word {
	case "unknown":
		return "unknown: the kernel does not tell"
	case "default":
		return "default: deaths of children do not disturb it"
	case "ignored":
		return "ignored: the kernel reaps for it what ends from now on"
	case "caught":
		return "caught: a handler of its runs"
	default:
		return word
	}
}

// oldest says for how long the oldest zombie has been one.
func oldest(culprits []*culprit) string {
	var old zombie
	for _, c := range culprits {
		if c.count() > 0 && (c.zombies[0].dead > old.dead || !old.sure) {
			old = c.zombies[0]
		}
	}
	if old.dead == 0 {
		return ""
	}
	return ", the oldest for " + old.deadText()
}

// title is the line of a culprit, at most 79 columns.
func (c *culprit) title() string {
	what := text.Plural(len(c.zombies), "zombie", "zombies")
	if c.count() == 0 {
		what = "no zombie, though it looks like one"
	}
	who := "outside of the container"
	if c.Culprit != 0 {
		name := c.cmdline
		if name == "" {
			name = c.reaper.Stat.Comm
		}
		who = strconv.Itoa(c.Culprit) + " " + procfs.Printable(name)
	}
	return text.Cut(who, 79-len(what)-2, text.More) + ": " + what
}

// deadText is for how long it has been dead, as exactly as that is known.
func (z zombie) deadText() string {
	switch {
	case z.sure:
		return procfs.Span(z.dead)
	case z.dead > 0:
		return "at least " + procfs.Span(z.dead)
	default:
		return "at most " + procfs.Span(z.age)
	}
}

// parseCount parses a number that is not negative.
func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number of zombies; write 0 or more", s)
	}
	return n, nil
}
