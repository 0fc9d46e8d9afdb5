package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/outside"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// containersOptions are the options of yinit containers.
type containersOptions struct {
	json   bool
	names  bool // only those
	check  bool
	failOn doctor.Level // with check
	filter filter.Filter
	root   string // of the host; "": find it
	proc   string
	pids   []int

	watch    bool
	interval time.Duration // with watch
}

func parseContainers(args []string) (containersOptions, error) {
	o, level := containersOptions{proc: "/proc", interval: 2 * time.Second}, ""
	c := config.Lookup("containers")
	words, err := c.Parse(args, config.Bind{
		"json": &o.json, "names": &o.names, "check": &o.check, "fail-on": &level, "root": &o.root, "proc": &o.proc,
		"watch": &o.watch, "interval": &o.interval,
		"filter": func(s string) (err error) { o.filter, err = filter.Parse(s); return err },
	})
	if err != nil {
		return o, err
	}
	if level != "" {
		o.check = true
		if o.failOn, err = doctor.ParseLevel(level); err != nil {
			return o, err
		}
	}
	if o.pids, err = c.PIDs(words); err != nil {
		return o, fmt.Errorf("%w; --filter chooses containers by their names", err)
	}
	switch {
	case o.interval < minInterval:
		err = fmt.Errorf("containers: --interval: %s is too short; write %s or more", o.interval, minInterval)
	case o.watch && (o.json || o.check || len(o.pids) > 0):
		err = errors.New("containers: --watch shows the table, and excludes --json, --check and process IDs")
	}
	return o, err
}

// looksOnce is the GOGC of a command that reads a whole machine once and ends: it needs 8 MiB
// for 10,000 processes, and collecting garbage while it grows costs time.
const looksOnce = 400

func runContainers(args []string) (int, error) {
	o, err := parseContainers(args)
	if err != nil {
		return failure, err
	}
	if o.watch {
		err := watchContainers(o)
		if _, unread := errors.AsType[unreadError](err); unread {
			return 128 + int(unix.SIGPIPE), nil
		}
		return failure, fmt.Errorf("containers: %w", err)
	}
	debug.SetGCPercent(looksOnce)
	fs := procfs.New(o.proc)
	if o.names {
		return printNames(fs, o.root)
	}
	w := nodeReader(fs, true)
	defer w.Close()
	l := nodeLooker(fs, w, o.root)
	l.Brief = !o.json
	n, err := l.Look()
	if err != nil {
		return failure, fmt.Errorf("containers: %w", err)
	}
	n.Choose(o.filter)
	n.Sort()
	out := bufio.NewWriter(os.Stdout)
	status := 0
	switch {
	case len(o.pids) > 0:
		status = locate(out, n, w, o)
	case o.json:
		for i := range n.Containers {
			n.Containers[i].Identify(w.Fill)
			fmt.Fprintln(out, history.JSONLine(jsonOfContainer(&n.Containers[i])))
		}
	default:
		printContainers(out, n)
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("containers: %w", err)
	}
	tellHiddenContainers(n, o)
	if o.check && !passes(n, o.failOn) {
		return 1, nil
	}
	return status, nil
}

// passes reports whether no finding is at least as bad as level. If all containers are hidden
// nothing was checked, and a job must not take that for good.
func passes(n *node.Node, level doctor.Level) bool {
	if len(n.Containers) == 0 && n.Hidden > 0 {
		return false
	}
	return !slices.ContainsFunc(n.Containers, func(c node.Container) bool { return doctor.Worse(c.Found, level) })
}

// nodeReader returns a reader for nodeLooker, for one look or for many.
func nodeReader(fs procfs.FS, once bool) *snapshot.Reader {
	if once {
		fs = fs.Hasty()
	}
	return snapshot.NewReader(fs, snapshot.Options{Bare: true, Lean: once, Relay: relayOf(fs)})
}

// relayOf returns what tells the relay of a process on the node.
func relayOf(fs procfs.FS) func(pid int) verdict.Relay {
	return func(pid int) verdict.Relay { return history.RelayOf(fs, pid) }
}

// nodeLooker returns what looks at all containers of the machine, and asks the doctor about each.
func nodeLooker(fs procfs.FS, w *snapshot.Reader, root string) *outside.Looker {
	return &outside.Looker{FS: fs, Rows: w, Root: root, Policy: func(pid int) *doctor.Policy { return config.StopPolicy(fs, pid, false) }}
}

// printNames prints what --target takes, one name a line.
func printNames(fs procfs.FS, root string) (int, error) {
	names, err := node.CompletionNames(fs, root)
	if err != nil {
		return failure, fmt.Errorf("containers: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	for _, name := range names {
		fmt.Fprintln(out, name)
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("containers: %w", err)
	}
	return 0, nil
}

var containersColumns = []text.Column{
	{Title: "CONTAINER", Rank: 9},
	{Title: "PID", Right: true, Rank: 5},
	{Title: "PID 1", Rank: 6},
	{Title: "INIT", Rank: 7},
	{Title: "STOP", Right: true, Rank: 8},
	{Title: "HARD", Right: true, Rank: 7},
	{Title: "ZOMBIES", Right: true, Rank: 4},
	{Title: "PIDS", Right: true, Rank: 3},
	{Title: "OOM", Right: true, Rank: 1},
	{Title: "EXEC", Right: true, Rank: 2},
	{Title: "FOUND"},
}

// containerLines returns a line for each container, after the titles.
func containerLines(n *node.Node, p paper) []string {
	if len(n.Containers) == 0 {
		return nil
	}
	rows := make([][]text.Cell, 0, len(n.Containers))
	for i := range n.Containers {
		rows = append(rows, containerCells(&n.Containers[i], p))
	}
	return text.Table(containersColumns, rows, p.width, p.more())
}

// containerCells returns the row of a container. What is not known is a dash.
func containerCells(c *node.Container, p paper) []text.Cell {
	style := ""
	if x := c.Worst(); x != nil {
		style = [...]string{text.Bad, text.Warn, ""}[min(x.Level, doctor.Note)]
	}
	comm, init := "-", "?"
	if first := c.First(); first != nil {
		comm = first.Comm
	}
	switch c.Init() {
	case verdict.Yes:
		init = "yes"
	case verdict.No:
		init = "NO"
	}
	pids := number(uint64(c.View.Host.Pids))
	if c.View.Host.PidsMax > 0 {
		pids += "/" + strconv.Itoa(c.View.Host.PidsMax)
	}
	sessions, _ := c.Sessions()
	return []text.Cell{
		p.cell(c.Label(), style), p.cell(number(uint64(c.PID)), ""), p.cell(comm, ""), p.cell(init, ""), p.cell(c.StopText(), ""),
		p.cell(c.HardText(), ""), p.cell(c.ZombiesText(), ""), p.cell(pids, ""),
		p.cell(number(c.Checks.OOMKills), ""), p.cell(number(uint64(sessions)), ""), p.cell(c.WorstText(), style),
	}
}

// number returns a number, or a dash for 0.
func number(n uint64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatUint(n, 10)
}

// tellHiddenContainers says on stderr what could not be seen.
func tellHiddenContainers(n *node.Node, o containersOptions) {
	switch {
	case n.Hidden > 0:
		fmt.Fprintf(os.Stderr, "yinit: containers: %s hidden from this user: run it as root; inside a container, with --cap-add SYS_PTRACE\n",
			text.Plural(n.Hidden, "container is", "containers are"))
	case len(n.Containers) == 0 && len(o.pids) == 0 && len(o.filter) > 0:
		fmt.Fprintln(os.Stderr, "yinit: containers: no container matches")
	case len(n.Containers) == 0 && len(o.pids) == 0:
		fmt.Fprintln(os.Stderr, "yinit: containers: there is no container to be seen from here; run it on the host, or with --pid=host")
	}
	if n.Denied > 0 {
		fmt.Fprintf(os.Stderr, "yinit: containers: this user may not read %s with names\n", text.Plural(n.Denied, "file", "files"))
	}
}

// locate prints for each process which container it is in. The result is 1 if one is not there.
func locate(out *bufio.Writer, n *node.Node, w *snapshot.Reader, o containersOptions) (status int) {
	for _, pid := range o.pids {
		stat, ok := w.Find(pid)
		if !ok {
			fmt.Fprintf(os.Stderr, "yinit: containers: there is no process %d\n", pid)
			status = 1
			continue
		}
		c, inside := n.Where(pid)
		switch {
		case o.json:
			fmt.Fprintln(out, history.JSONLine(jsonOfPlace(&stat, c, inside)))
		case c == nil && n.Hidden > 0:
			fmt.Fprintf(out, "%d %s: in no container that this user may see\n", pid, procfs.Printable(stat.Comm))
		case c == nil:
			fmt.Fprintf(out, "%d %s: in no container\n", pid, procfs.Printable(stat.Comm))
		default:
			fmt.Fprintf(out, "%d %s: %s\n", pid, procfs.Printable(stat.Comm), procfs.Printable(strings.Join(placeOf(c, inside), ", ")))
		}
	}
	return status
}

// placeOf says in words where a process is.
func placeOf(c *node.Container, inside int) []string {
	words := []string{"in " + c.Describe()}
	if c.Shared {
		return append(words, "pid "+strconv.Itoa(inside)+" in a PID namespace that others share; its first process is "+strconv.Itoa(c.PID)+" here")
	}
	return append(words, "pid "+strconv.Itoa(inside)+" inside; PID 1 is "+strconv.Itoa(c.PID)+" here")
}
