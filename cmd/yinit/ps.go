package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// psOptions are the options of yinit ps.
type psOptions struct {
	json   bool
	tree   bool
	sort   string // "": by pid
	filter filter.Filter
	where
}

func parsePS(args []string) (psOptions, error) {
	o := psOptions{where: here()}
	_, err := config.Lookup("ps").Parse(args, o.bind(config.Bind{
		"json": &o.json, "tree": &o.tree, "sort": &o.sort,
		"filter": func(s string) (err error) { o.filter, err = filter.Parse(s); return err },
	}))
	if err == nil && o.sort != "" && o.tree {
		err = errors.New("ps: --sort and --tree exclude each other")
	}
	return o, err
}

func runPS(args []string) (int, error) {
	o, err := parsePS(args)
	if err != nil {
		return failure, err
	}
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("ps: %w", err)
	}
	w := newSource(t)
	defer w.Reader.Close()
	snap, err := lookTwice(w)
	if err != nil {
		return failure, fmt.Errorf("ps: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	l := listProcesses(&snap, o)
	if o.json {
		l.printJSON(out)
	} else {
		l.print(out, newPaper())
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("ps: %w", err)
	}
	if snap.Host.NoAccess != "" {
		fmt.Fprintln(os.Stderr, "yinit: ps: "+procfs.Printable(snap.Host.NoAccess))
	}
	if len(l.rows) == 0 && len(o.filter) > 0 {
		fmt.Fprintln(os.Stderr, "yinit: ps: no process matches")
	}
	return 0, nil
}

// A listing is what yinit ps prints.
type listing struct {
	snap    *snapshot.Snapshot
	family  *snapshot.Family
	tree    bool
	matched []bool // by index in the family; nil: all
	rows    []procfs.Row
}

// listProcesses chooses the processes. It leaves out this one, which ends at once, and whose
// command line has all words of the filter.
func listProcesses(snap *snapshot.Snapshot, o psOptions) *listing {
	snap.Procs = slices.DeleteFunc(snap.Procs, func(p snapshot.Process) bool { return p.ID.PID == snap.Caller.PID })
	l := &listing{snap: snap, family: snapshot.NewFamily(snap.Procs), tree: o.tree}
	if len(o.filter) > 0 {
		l.matched = make([]bool, len(snap.Procs))
		for i := range snap.Procs {
			l.matched[i] = snap.Procs[i].Match(o.filter)
		}
	}
	if o.tree {
		l.rows = l.family.Tree(l.matched)
		return l
	}
	for i := range snap.Procs {
		if l.matches(i) {
			l.rows = append(l.rows, procfs.Row{Index: i})
		}
	}
	if compare := psOrder(o.sort); compare != nil {
		slices.SortStableFunc(l.rows, func(a, b procfs.Row) int { return compare(&snap.Procs[a.Index], &snap.Procs[b.Index]) })
	}
	return l
}

// psOrder returns the order for a value of --sort; nil for the one by pid, in which the processes
// are read. What uses most comes first, and the oldest.
func psOrder(by string) func(a, b *snapshot.Process) int {
	switch by {
	case "cpu":
		return func(a, b *snapshot.Process) int { return cmp.Compare(b.CPU, a.CPU) }
	case "mem":
		return func(a, b *snapshot.Process) int { return cmp.Compare(b.RSS, a.RSS) }
	case "time":
		return func(a, b *snapshot.Process) int { return cmp.Compare(b.CPUTime, a.CPUTime) }
	case "age":
		return func(a, b *snapshot.Process) int { return cmp.Compare(b.Age, a.Age) }
	}
	return nil
}

func (l *listing) matches(i int) bool { return l.matched == nil || l.matched[i] }

var psColumns = []text.Column{
	{Title: "PID", Right: true, Rank: 9},
	{Title: "PPID", Right: true, Rank: 1},
	{Title: "USER", Rank: 2},
	{Title: "S", Rank: 7},
	{Title: "CPU", Right: true, Rank: 5},
	{Title: "RSS", Right: true, Rank: 4},
	{Title: "AGE", Right: true, Rank: 3},
	{Title: "TERM", Rank: 8},
	{Title: "COMMAND"},
}

func (l *listing) print(out *bufio.Writer, p paper) {
	rows := make([][]text.Cell, 0, len(l.rows))
	for _, r := range l.rows {
		rows = append(rows, l.cells(r, p))
	}
	for _, line := range text.Table(psColumns, rows, p.width, p.more()) {
		fmt.Fprintln(out, line)
	}
}

// cells returns the row of a process.
func (l *listing) cells(r procfs.Row, paper paper) []text.Cell {
	p := &l.family.Procs[r.Index]
	cpu, rss := text.Percent(p.CPU), text.Bytes(p.RSS)
	if p.Dead() {
		cpu = "-"
	}
	if p.RSS == 0 {
		rss = "-"
	}
	term := predictTerm(p)
	word, alarm, state := term.String(), "", ""
	switch {
	case term.Outcome == verdict.OutcomeNoEffect:
		word = "-"
	case term.Outcome == verdict.OutcomeUnknown:
		word = "?"
	case term.Trouble():
		alarm = text.Warn
	}
	command := explain.Command(p)
	switch {
	case p.Dead():
		state = text.Bad
		command += " " + explained(l.family, p, l.snap).Zombie()
	case p.State.Stopped(), p.State.Zombie():
		state = text.Warn
	case !l.matches(r.Index):
		state = text.Faint
	}
	if l.tree {
		command = guides(r, paper.ascii) + command
	}
	return []text.Cell{
		paper.cell(strconv.Itoa(p.ID.PID), state), paper.cell(strconv.Itoa(p.PPID), ""), paper.cell(p.User, ""),
		paper.cell(p.State.String(), state), paper.cell(cpu, ""), paper.cell(rss, ""), paper.cell(text.Age(p.Age), ""),
		paper.cell(word, alarm), paper.cell(command, state),
	}
}

// predictTerm returns what SIGTERM would do to p.
func predictTerm(p *snapshot.Process) verdict.Prediction {
	n, _ := procfs.ParseSignal("TERM")
	return verdict.Prediction{Outcome: p.Term}.Relayed(p.Target, n)
}

// guides returns the lines of the tree to the left of a command.
func guides(r procfs.Row, ascii bool) string {
	tee, last, bar := "├─ ", "└─ ", "│  "
	if ascii {
		tee, last, bar = "|- ", "`- ", "|  "
	}
	if r.Depth == 0 {
		return ""
	}
	var b strings.Builder
	for depth := 1; depth < r.Depth; depth++ {
		if r.Guide(depth) {
			b.WriteString(bar)
		} else {
			b.WriteString("   ")
		}
	}
	if r.Last {
		b.WriteString(last)
	} else {
		b.WriteString(tee)
	}
	return b.String()
}
