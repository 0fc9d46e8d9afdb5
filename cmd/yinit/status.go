package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

const (
	statusLines  = 24 // of a small terminal, and where there is none
	statusWrong  = 5  // findings that are shown
	statusDeaths = 5
	leastTree    = 3 // lines of the tree that are always shown
	narrowTree   = 8 // on a terminal that is so narrow that the page does not fit anyway
)

func runStatus(args []string) (int, error) {
	json, at, err := parseStatus(args)
	if err != nil {
		return failure, err
	}
	t, err := at.look()
	if err != nil {
		return failure, fmt.Errorf("status: %w", err)
	}
	e, err := examine(t)
	if err != nil {
		return failure, fmt.Errorf("status: %w", err)
	}
	out := bufio.NewWriter(os.Stdout)
	if json {
		fmt.Fprintln(out, history.JSONLine(jsonOfStatus(e)))
	} else {
		printStatus(newReport(out), e, terminalLines())
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("status: %w", err)
	}
	return 0, nil
}

func parseStatus(args []string) (json bool, at where, err error) {
	at = here()
	_, err = config.Lookup("status").Parse(args, at.bind(config.Bind{"json": &json}))
	return json, at, err
}

// terminalLines returns how many lines the status may take: those of the terminal but for the
// one of the prompt, and never less than those of a small one.
func terminalLines() int {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil || size.Row == 0 {
		return statusLines
	}
	return max(int(size.Row), statusLines) - 1
}

// printStatus prints the page, with the tree cut so that it has at most so many lines.
func printStatus(p *report, e *examination, lines int) {
	top, wrong, deaths := p.statusHead(e), p.statusWrong(e), p.statusDeaths(e)
	room := lines - strings.Count(strings.Join(top, "\n"), "\n") - 1 - len(wrong) - len(deaths) - 3 // a line before each part
	for i, part := range [][]string{top, wrong, p.statusTree(e, room), deaths} {
		if i > 0 && len(part) > 0 {
			fmt.Fprintln(p.out)
		}
		for _, line := range part {
			fmt.Fprintln(p.out, line)
		}
	}
}

// titled returns a line with a title in front; on a narrow terminal it may be several.
func (p *report) titled(title, body string) string {
	label := fmt.Sprintf("%-10s", title)
	lines := []string{p.fit(p.printable(body), len(label))}
	if p.width > 0 && p.width < columnsFrom {
		lines = text.Wrap(p.printable(body), max(p.width-1-len(label), 10))
	}
	return p.in(text.Strong, label) + strings.Join(lines, "\n"+text.Spaces(len(label)))
}

// fit cuts printable text that comes after so many cells.
func (p *report) fit(s string, after int) string {
	if p.width == 0 {
		return s
	}
	return text.Cut(s, max(p.width-1-after, 1), p.more())
}

// fitting returns the first text that fits beside a title, or the last one.
func (p *report) fitting(texts []string) string {
	if p.width == 0 {
		return texts[0]
	}
	words, _ := text.FirstFit(texts, p.width-1-10)
	return words
}

// statusHead says what this is, what it uses, and how a stop would go.
func (p *report) statusHead(e *examination) []string {
	h, kind := &e.snap.Host, "container"
	if e.facts.Machine() {
		kind = "machine"
	}
	return []string{
		p.titled(kind, fmt.Sprintf("%s: PID 1 is %s, up %s", h.Name, h.Init, procfs.Span(h.Uptime.Truncate(time.Second)))),
		p.titled("uses", usesText(e)),
		p.titled("stop", p.fitting(e.stop.Texts(&e.facts))),
		p.titled("history", e.since),
	}
}

// usesText says how much of its limits the container uses. Nothing is said of a control group
// that is only that of this command.
func usesText(e *examination) string {
	h := &e.snap.Host
	processes, threads, zombies := processesOf(&e.snap)
	words := []string{text.Plural(processes, "process", "processes"), text.Plural(zombies, "zombie", "zombies")}
	if e.foreign {
		return strings.Join(append(words, text.Plural(threads, "thread", "threads")), ", ")
	}
	if h.Pids > 0 {
		// The controller is called pids, and counts every thread.
		words = append(words, "threads "+ofLimit(text.Count(h.Pids), h.PidsMax > 0, text.Count(h.PidsMax)))
	} else {
		words = append(words, text.Plural(threads, "thread", "threads"))
	}
	if !h.Hosts.Mem {
		words = append(words, "memory "+ofLimit(text.Bytes(h.Mem), !h.Hosts.MemMax, text.Bytes(h.MemMax)))
	}
	if !h.Hosts.CPU {
		words = append(words, "CPU "+ofLimit(fmt.Sprintf("%.2f", h.CPU), !h.Hosts.CPUMax, fmt.Sprintf("%g", h.CPUMax)))
	}
	return strings.Join(words, ", ")
}

// ofLimit says how much of a limit is used.
func ofLimit(used string, limited bool, limit string) string {
	if !limited {
		return used + " (no limit)"
	}
	return used + " of " + limit
}

// statusWrong lists the worst findings, one line each.
func (p *report) statusWrong(e *examination) []string {
	if len(e.found) == 0 {
		return []string{"The doctor found nothing wrong."}
	}
	var lines []string
	shown := e.found[:min(len(e.found), statusWrong)]
	if len(e.found) == statusWrong+1 {
		shown = e.found // as long as the line that would count it
	}
	for i := range shown {
		x := &shown[i]
		lines = append(lines, p.level(x.Level)+" "+p.fit(p.printable(x.What), 9))
	}
	if more := len(e.found) - len(shown); more > 0 {
		lines = append(lines, p.in(text.Faint, fmt.Sprintf("%s and %d more; %s explains them", p.more(), more, e.facts.Place.In("yinit doctor"))))
	}
	return lines
}

// statusDeaths lists the last processes that ended.
func (p *report) statusDeaths(e *examination) []string {
	deaths := lastDeaths(e.records, e.snap.Time)
	if len(deaths) == 0 {
		return nil
	}
	lines := make([]string, 0, len(deaths))
	for _, r := range deaths {
		at := r.Died().In(e.snap.Time.Location())
		when := at.Format(time.TimeOnly)
		if at.Format(time.DateOnly) != e.snap.Time.Format(time.DateOnly) {
			when = at.Format("01-02 15:04")
		}
		how := p.printable(r.How())
		line := fmt.Sprintf("%-11s %7d ", when, r.PID)
		if p.width > 0 && p.width < columnsFrom {
			line = fmt.Sprintf("%s %d ", when, r.PID)
		}
		name := strings.Join(strings.Fields(p.printable(r.Title())), " ")
		if p.width > 0 {
			how = text.Cut(how, max(p.width-1-len(line)-min(18, text.Width(name)+2), 10), p.more())
			name = text.Cut(name, max(p.width-1-len(line)-text.Width(how)-2, 1), p.more())
		}
		if facts.Failed(r) {
			how = p.in(text.Warn, how)
		}
		lines = append(lines, line+name+": "+how)
	}
	return lines
}

// lastDeaths returns the last processes of the container that ended, the oldest first, without
// yinit's own commands. Failures of the last minutes come before others: scripts run many
// helpers.
func lastDeaths(records []history.Record, now time.Time) []*history.Record {
	var failed, others []*history.Record
	for i := range records {
		switch r := &records[i]; {
		case r.Kind != history.KindExit || r.Inspector || r.Foreign:
		case facts.Failed(r) && now.Sub(r.Died()) <= doctor.Lately:
			failed = append(failed, r)
		default:
			others = append(others, r)
		}
	}
	byDeath := func(a, b *history.Record) int { return a.Died().Compare(b.Died()) }
	last := func(all []*history.Record, most int) []*history.Record {
		slices.SortStableFunc(all, byDeath)
		return all[len(all)-min(len(all), most):]
	}
	deaths := last(failed, statusDeaths)
	deaths = append(deaths, last(others, statusDeaths-len(deaths))...)
	slices.SortStableFunc(deaths, byDeath)
	return deaths
}

// processesOf counts processes, threads and zombies, without this command.
func processesOf(s *snapshot.Snapshot) (processes, threads, zombies int) {
	for i := range s.Procs {
		p := &s.Procs[i]
		if p.ID.PID == s.Caller.PID {
			continue
		}
		processes++
		threads += p.Threads
		if p.Dead() {
			zombies++
		}
	}
	return processes, threads, zombies
}
