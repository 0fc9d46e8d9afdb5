package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
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
		return failure, err
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
	proc := "/proc"
	_, err := config.Lookup("zombies").Parse(args, config.Bind{"json": &o.json, "max": &o.max, "proc": &proc})
	o.fs = procfs.New(proc)
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
		fmt.Fprintln(out, jsonLine(j))
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
		fmt.Fprintf(out, "%s%s\n", plural(total, "zombie", "zombies"), oldest(culprits))
	}
	if q.hidden > 0 {
		fmt.Fprintf(out, "%s hidden from this user\n", plural(q.hidden, "process is", "processes are"))
	}
	for _, c := range culprits {
		fmt.Fprintf(out, "\n%s\n", c.title())
		writeParagraph(out, "why", c.Why())
		writeParagraph(out, "help", c.Advice(q.first))
		if c.reaper.Known() && c.count() > 0 {
			writeParagraph(out, "chld", chldText(c.reaper.CHLD()))
		}
		if c.count() == 0 {
			continue
		}
		for i, z := range c.zombies {
			if i == shownZombies {
				fmt.Fprintf(out, "  … and %d more\n", len(c.zombies)-i)
				break
			}
			fmt.Fprintf(out, "  %7d %-24s %-12s %s\n", z.stat.PID, cut(clean(z.stat.Comm), 24), z.ended(), z.deadText())
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
	what := plural(len(c.zombies), "zombie", "zombies")
	if c.count() == 0 {
		what = "no zombie, though it looks like one"
	}
	who := "outside of the container"
	if c.Culprit != 0 {
		text := c.cmdline
		if text == "" {
			text = c.reaper.Stat.Comm
		}
		who = itoa(c.Culprit) + " " + clean(text)
	}
	return cut(who, 79-len(what)-2) + ": " + what
}

// cut cuts s to n columns, if each character takes one at most.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-1], "") + "…"
}

// ended is how the zombie ended, in a word or two.
func (z zombie) ended() string {
	status := z.stat.ExitCode
	switch {
	case !z.known:
		return "status?"
	case status.CoreDumped():
		return strings.TrimPrefix(procfs.SignalName(status.Signal()), "SIG") + ", core"
	case status.Signaled():
		return procfs.SignalName(status.Signal())
	default:
		return "exit " + itoa(status.ExitCode())
	}
}

// deadText is for how long it has been dead, as exactly as that is known.
func (z zombie) deadText() string {
	switch {
	case z.sure:
		return long(z.dead)
	case z.dead > 0:
		return "at least " + long(z.dead)
	default:
		return "at most " + long(z.age)
	}
}

// long is a duration in its two largest units, as people say how old something
// is.
func long(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case d < time.Minute:
		return short(d)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	default:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	}
}

// writeParagraph writes text after a word, broken to 79 columns.
func writeParagraph(out *bufio.Writer, word, text string) {
	const indent, width = 7, 79
	fmt.Fprintf(out, "  %-*s", indent-2, word)
	column := indent
	for i, w := range strings.Fields(text) {
		if i > 0 && column+1+len(w) > width {
			fmt.Fprintf(out, "\n%*s", indent, "")
			column = indent
		} else if i > 0 {
			out.WriteByte(' ')
			column++
		}
		out.WriteString(w)
		column += len(w)
	}
	out.WriteByte('\n')
}
