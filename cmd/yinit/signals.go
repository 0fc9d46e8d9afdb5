package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
)

// signalsOptions are the options of yinit signals.
type signalsOptions struct {
	json bool
	proc string
	pids []int // none: all
}

func runSignals(args []string) (int, error) {
	o, err := parseSignals(args)
	if err != nil {
		return failure, err
	}
	r, err := newTargets(procfs.New(o.proc))
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
	o := signalsOptions{proc: "/proc"}
	c := config.Lookup("signals")
	words, err := c.Parse(args, config.Bind{"json": &o.json, "proc": &o.proc})
	if err == nil {
		o.pids, err = c.PIDs(words)
	}
	return o, err
}

// printAllSignals prints a matrix of all processes. Those that end meanwhile, or
// are hidden from us, are left out.
func printAllSignals(out *bufio.Writer, r *targets, o signalsOptions) {
	if !o.json {
		fmt.Fprintln(out, matrixHead())
	}
	for _, pid := range r.all() {
		t, err := r.read(pid)
		switch {
		case err != nil:
		case o.json:
			fmt.Fprintln(out, jsonSignals(t, r.caller))
		default:
			fmt.Fprintln(out, matrixRow(t, r.caller))
		}
	}
}

// printSignals prints all about the processes that were asked for. One that is
// not there is told, and the others are printed all the same.
func printSignals(out *bufio.Writer, r *targets, o signalsOptions) (status int, err error) {
	var missed []error
	for i, pid := range o.pids {
		t, err := r.read(pid)
		switch {
		case err != nil:
			missed = append(missed, missing(pid, err, r.ours))
		case o.json:
			fmt.Fprintln(out, jsonSignals(t, r.caller))
		default:
			if i > 0 {
				fmt.Fprintln(out)
			}
			writeSignals(out, t, r.caller)
		}
	}
	if len(missed) > 0 {
		return 1, fmt.Errorf("signals: %w", joined(missed))
	}
	return 0, nil
}

// joined is all errors on one line.
func joined(errs []error) error {
	err := errs[0]
	for _, next := range errs[1:] {
		err = fmt.Errorf("%w, %w", err, next)
	}
	return err
}

// matrixSignals are those that people ask for, and that 80 columns have room for.
var matrixSignals = [...]string{"TERM", "INT", "HUP", "QUIT", "USR1", "KILL"}

func matrixHead() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%7s %-11s", "PID", "COMMAND")
	for _, name := range matrixSignals {
		fmt.Fprintf(&b, " %-9s", name)
	}
	return strings.TrimRight(b.String(), " ")
}

func matrixRow(t *procfs.Target, caller procfs.Caller) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%7d %-11s", t.ID.PID, cutTo(clean(t.Comm), 11))
	for _, name := range matrixSignals {
		n, _ := procfs.ParseSignal(name) // They are all known.
		outcome, _ := procfs.Verdict(t, n, caller)
		fmt.Fprintf(&b, " %-9s", outcome)
	}
	return strings.TrimRight(b.String(), " ")
}

// cutTo shortens s to n characters.
func cutTo(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// writeSignals writes all about one process: the signals that have the same
// verdict and reason together.
func writeSignals(out *bufio.Writer, t *procfs.Target, caller procfs.Caller) {
	type group struct {
		outcome procfs.Outcome
		reason  string
	}
	var order []group
	members := map[group]procfs.SignalSet{}
	for n := 1; n <= 64; n++ {
		var g group
		g.outcome, g.reason = procfs.Verdict(t, n, caller)
		if members[g].Empty() {
			order = append(order, g)
		}
		members[g] = members[g].Add(n)
	}
	fmt.Fprintf(out, "%d %s: %s\n", t.ID.PID, clean(t.Comm), t.State.Word())
	for _, g := range order {
		writeWrapped(out, g.outcome.String(), strings.Fields(g.reason))
		writeWrapped(out, "", signalNames(members[g]))
	}
	if t.Dead() {
		return // What it did with signals means nothing any more.
	}
	for _, set := range []struct {
		name    string
		signals procfs.SignalSet
	}{{"blocked", t.Sigs.Blocked}, {"pending", t.Sigs.Pending.Union(t.Sigs.SharedPending)}} {
		if !set.signals.Empty() {
			fmt.Fprintf(out, "  (%s)\n", set.name)
			writeWrapped(out, "", signalNames(set.signals))
		}
	}
}

// writeWrapped writes words after a first one, in lines of at most 80 columns.
func writeWrapped(out *bufio.Writer, first string, words []string) {
	const indent, width = 17, 80
	column := indent
	fmt.Fprintf(out, "  %-*s", indent-2, first)
	for _, word := range words {
		if column+1+len(word) > width {
			column = indent
			fmt.Fprintf(out, "\n%*s", indent, "")
		}
		fmt.Fprint(out, " ", word)
		column += 1 + len(word)
	}
	fmt.Fprintln(out)
}

// signalNames are the names of a set without SIG; real-time signals in a row are
// one word.
func signalNames(set procfs.SignalSet) []string {
	const firstRealTime = 34
	var words []string
	for n := 1; n <= 64; n++ {
		if !set.Has(n) {
			continue
		}
		end := n
		for n >= firstRealTime && set.Has(end+1) {
			end++
		}
		word := bareSignal(n)
		if end > n {
			word += ".." + bareSignal(end)
		}
		words = append(words, word)
		n = end
	}
	return words
}

func bareSignal(n int) string { return strings.TrimPrefix(procfs.SignalName(n), "SIG") }
