package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// signalsOptions are the options of yinit signals.
type signalsOptions struct {
	json bool
	where
	pids []int // none: all processes
}

func runSignals(args []string) (int, error) {
	o, err := parseSignals(args)
	if err != nil {
		return failure, err
	}
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("signals: %w", err)
	}
	r, err := newTargets(t.FS)
	if err != nil {
		return failure, fmt.Errorf("signals: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	status := 0
	if len(o.pids) == 0 {
		printAllSignals(out, r, o)
	} else {
		status, err = printSignals(out, r, o)
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("signals: %w", err)
	}
	return status, err
}

func parseSignals(args []string) (signalsOptions, error) {
	o := signalsOptions{where: here()}
	c := config.Lookup("signals")
	words, err := c.Parse(args, o.bind(config.Bind{"json": &o.json}))
	if err == nil {
		o.pids, err = c.PIDs(words)
	}
	return o, err
}

// printAllSignals prints a matrix of all processes, without this one, which ends at once. It
// omits processes that end in the meantime or are hidden from the caller.
func printAllSignals(out *bufio.Writer, r *verdict.Reader, o signalsOptions) {
	names := matrixNames(terminalWidth())
	if !o.json {
		fmt.Fprintln(out, matrixHead(names))
	}
	read := r.ReadOutcomes
	format := func(t *verdict.Target, caller verdict.Caller) string { return matrixRow(names, t, caller) }
	if o.json {
		read, format = r.Read, jsonSignals
	}
	for i := range r.Processes {
		if o.proc == "/proc" && r.Processes[i].PID == os.Getpid() {
			continue
		}
		if t, err := read(r.Processes[i].PID); err == nil {
			fmt.Fprintln(out, format(t, r.Caller))
		}
	}
}

// printSignals prints everything about the requested processes. A missing process
// makes status 1 and is reported in err; the others are still printed.
func printSignals(out *bufio.Writer, r *verdict.Reader, o signalsOptions) (status int, err error) {
	var missed []error
	for i, pid := range o.pids {
		t, err := r.Read(pid)
		switch {
		case err != nil:
			missed = append(missed, r.Missing(pid, err))
		case o.json:
			fmt.Fprintln(out, jsonSignals(t, r.Caller))
		default:
			if i > 0 {
				fmt.Fprintln(out)
			}
			writeSignals(out, t, r.Caller)
		}
	}
	if len(missed) > 0 {
		return 1, fmt.Errorf("signals: %w", joined(missed))
	}
	return 0, nil
}

// joined returns all errors as one, on one line.
func joined(errs []error) error {
	err := errs[0]
	for _, next := range errs[1:] {
		err = fmt.Errorf("%w, %w", err, next)
	}
	return err
}

// matrixSignals are the most common signals, as many as fit in 80 columns.
var matrixSignals = []string{"TERM", "INT", "HUP", "QUIT", "USR1", "KILL"}

// matrixNames returns those that fit on a terminal of this width; all with width 0.
func matrixNames(width int) []string {
	const before, each = 19, 10 // columns
	if width == 0 {
		return matrixSignals
	}
	return matrixSignals[:min(max((width-before)/each, 1), len(matrixSignals))]
}

func matrixHead(names []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%7s %-11s", "PID", "COMMAND")
	for _, name := range names {
		fmt.Fprintf(&b, " %-9s", name)
	}
	return strings.TrimRight(b.String(), " ")
}

func matrixRow(names []string, t *verdict.Target, caller verdict.Caller) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%7d %s", t.ID.PID, text.Pad(procfs.Printable(t.Comm), 11, text.More))
	for _, name := range names {
		n, _ := procfs.ParseSignal(name) // all are known
		outcome, _ := verdict.Of(t, n, caller)
		forward, drop := t.Relayed(n, outcome)
		fmt.Fprintf(&b, " %-9s", verdict.Column(outcome, forward, drop))
	}
	return strings.TrimRight(b.String(), " ")
}

// writeSignals writes everything about one process. Signals with the same verdict and
// reason are grouped.
func writeSignals(out *bufio.Writer, t *verdict.Target, caller verdict.Caller) {
	const indent = 18 // of the reasons: to the right of the longest verdict
	width := pageWidth()
	type group struct {
		outcome verdict.Outcome
		reason  string
	}
	var order []group
	members := map[group]procfs.SignalSet{}
	for n := 1; n <= 64; n++ {
		var g group
		g.outcome, g.reason = verdict.Of(t, n, caller)
		if members[g].Empty() {
			order = append(order, g)
		}
		members[g] = members[g].Add(n)
	}
	fmt.Fprintf(out, "%d %s: %s\n", t.ID.PID, procfs.Printable(t.Comm), t.State.Word())
	for _, g := range order {
		out.WriteString(text.Paragraph("  "+g.outcome.String(), indent, width, g.reason))
		out.WriteString(text.Paragraph("", indent, width, text.Signals(members[g])))
	}
	if t.Dead() {
		return // its signal masks no longer matter
	}
	for _, set := range []struct {
		name    string
		signals procfs.SignalSet
	}{{"blocked", t.Sigs.Blocked}, {"pending", t.Sigs.Pending.Union(t.Sigs.SharedPending)}} {
		if !set.signals.Empty() {
			fmt.Fprintf(out, "  (%s)\n", set.name)
			out.WriteString(text.Paragraph("", indent, width, text.Signals(set.signals)))
		}
	}
}

// before returns a function that returns what PID 1 was started with, see
// [verdict.Reader.Before]. It reads that once: it does not change.
func before(fs procfs.FS) func() verdict.Masks {
	return sync.OnceValue(func() (m verdict.Masks) {
		m.Blocked, m.Ignored = history.InheritedBy(fs, 1)
		return m
	})
}

// newTargets returns a reader that has scanned the processes of fs. It takes into
// account what yinit as PID 1 does with signals.
func newTargets(fs procfs.FS) (*verdict.Reader, error) {
	r := verdict.NewReader(fs, func(pid int) verdict.Relay { return history.RelayOf(fs, pid) })
	r.Before = before(fs)
	return r, r.Scan()
}
