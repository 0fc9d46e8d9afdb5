package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/host"
	"yinit/tui/text"
)

// A printer prints records as lines of text or of JSON.
type printer struct {
	historyOptions
	out     *bufio.Writer
	users   *host.Users
	found   bool       // a record was printed
	answers int        // how many exits --failed has left out: they were answers
	run     int        // the run of the init that the last printed record belongs to; 0: none printed
	day     string     // the last printed date and zone
	width   func() int // returns the columns of the terminal; 0: unknown, or the output is no terminal
}

// terminalWidth returns the number of columns of the terminal on stdout. It is 0 if stdout
// is no terminal, or its size is not known yet.
func terminalWidth() int { return widthOf(1) }

// widthOf is terminalWidth for a descriptor.
func widthOf(fd int) int {
	size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// terminalHeight returns the lines of the terminal of stdout; 0: it is none.
func terminalHeight() int {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Row)
}

// print prints the records that match the options.
func (p *printer) print(records []history.Record) error {
	width := p.width()
	nameUsers(records, p.users)
	for i := range records {
		r := &records[i]
		if !p.chooses(r) {
			if p.failed && r.Failed() && p.filter.Match(r) {
				p.answers++
			}
			continue
		}
		p.found = true
		switch {
		case p.json:
			fmt.Fprintln(p.out, r.JSON())
			continue
		case r.Run != p.run && p.run != 0:
			fmt.Fprintf(p.out, "--- run %d of the init\n", r.Run)
		}
		p.run = r.Run
		if day := dayLine(r.Time.Local()); day != p.day {
			p.day = day
			fmt.Fprintln(p.out, day)
		}
		for _, line := range recordLines(r, width) {
			fmt.Fprintln(p.out, line)
		}
	}
	return p.out.Flush()
}

// dayLine returns the line before the first record of a day: the date, and the zone of the
// times below.
func dayLine(t time.Time) string {
	name, offset := t.Zone()
	zone := "UTC" + t.Format("-07:00")
	switch {
	case offset == 0:
		zone = "UTC"
	case strings.Trim(name, "+-0123456789") != "": // a name and not another offset
		zone = name + ", " + zone
	}
	return "--- " + t.Format("2006-01-02") + " (" + zone + ")"
}

const (
	// nameWidth is the least width of the column of the process, and narrowName that on a
	// terminal.
	nameWidth, narrowName = 24, 16
	// restWidth is the room that the columns before and after that one usually take.
	restWidth = 85
)

// recordLines formats a record as a line of text. On a terminal of this width it cuts the
// command, and continues what happened on lines below, if there is no room for all of it; with
// width 0 there is one line and nothing is cut.
func recordLines(r *history.Record, width int) []string {
	head, parts := recordHead(r), recordWords(r)
	if r.Kind == history.KindSignal || r.Kind == history.KindStop || r.Kind == history.KindNote || r.Kind == history.KindOOM {
		return continued(head+" ", parts, width)
	}
	// A process chooses its own command line. Escape it, so that it cannot imitate
	// another column or line.
	name := strings.Join(strings.Fields(procfs.Printable(r.Title())), " ")
	head += fmt.Sprintf("%6d  ", r.PID)
	column := nameWidth
	if width > 0 {
		column = max(narrowName, width-restWidth)
		name = text.Cut(name, max(column, width-text.Width(head)-text.Width(strings.Join(parts, between))-2), text.More)
	}
	return continued(head+text.Pad(name, max(column, text.Width(name)), text.More)+"  ", parts, width)
}

// recordHead returns the time and the kind of a record.
func recordHead(r *history.Record) string {
	clock := "15:04:05.000"
	if r.Accounted { // the time is known to a second
		clock = "15:04:05    "
	}
	return fmt.Sprintf("%s  %-6s ", r.Time.Local().Format(clock), r.Kind)
}

// recordWords says what happened, in parts.
func recordWords(r *history.Record) (words []string) {
	switch r.Kind {
	case history.KindSignal:
		return []string{procfs.Printable(r.SignalText(" → "))}
	case history.KindStop, history.KindNote, history.KindOOM:
		return []string{procfs.Printable(r.Text)}
	}
	for _, part := range r.Parts() {
		words = append(words, procfs.Printable(part.Text))
	}
	return words
}

const (
	between = "   " // parts of what happened
	// leastRest is the least room for what happened beside the columns before it; with less
	// it is below them.
	leastRest = 30
)

// continued returns the lines of a head and of the parts behind it.
func continued(head string, parts []string, width int) []string {
	line := strings.TrimRight(head+strings.Join(parts, between), " ")
	if width == 0 || text.Width(line) <= width {
		return []string{line}
	}
	if indent := text.Width(head); width-indent >= leastRest {
		rest := wrapParts(parts, width-indent)
		lines := []string{head + rest[0]}
		for _, more := range rest[1:] {
			lines = append(lines, text.Spaces(indent)+more)
		}
		return lines
	}
	lines := []string{text.Cut(strings.TrimRight(head, " "), width, text.More)}
	for _, rest := range wrapParts(parts, max(width-4, 1)) {
		lines = append(lines, "    "+rest)
	}
	return lines
}

// wrapParts breaks lines between parts, and within one only if it is wider than a line.
func wrapParts(parts []string, width int) (lines []string) {
	line := ""
	for _, part := range parts {
		if line != "" && text.Width(line)+len(between)+text.Width(part) <= width {
			line += between + part
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		wrapped := text.Wrap(part, width)
		lines, line = append(lines, wrapped[:len(wrapped)-1]...), wrapped[len(wrapped)-1]
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// remark prints a message that is not a record. In JSON it is a note with the number
// 0. If the filter excludes notes, the message goes to stderr: missing records are
// always reported.
func (p *printer) remark(what string) {
	r := &history.Record{Kind: history.KindNote, Time: time.Now(), Text: what}
	switch {
	case !p.json:
		line := "(" + what + ")"
		if width := p.width(); width > 0 {
			line = strings.Join(text.Wrap(line, width), "\n")
		}
		fmt.Fprintln(p.out, line)
	case p.chooses(r):
		fmt.Fprintln(p.out, r.JSON())
	default:
		fmt.Fprintln(os.Stderr, "yinit: history: "+what)
	}
}

// finish prints where the records come from, which records are missing, and then why following has ended.
func (p *printer) finish(src *history.Source, why string) error {
	missing, err := src.Missing()
	if err != nil {
		return err
	}
	if why != "" {
		missing = append(missing, why)
	}
	if !p.found && p.pid != 0 && src.Init.PID != p.pid {
		none := fmt.Sprintf("no record is about process %d", p.pid)
		if p.narrow {
			none = fmt.Sprintf("no record about process %d matches", p.pid)
		}
		missing = append([]string{none}, missing...)
	}
	if p.answers > 0 && !p.json {
		p.remark(text.Plural(p.answers, "exit", "exits") + " with status 1 left out: it is how grep, test and the like say no; --filter 'exit!=0' shows all")
	}
	if sources, err := src.Sources(); err == nil && !p.json {
		p.remark("sources: " + sources)
	}
	for _, what := range missing {
		p.remark(what)
	}
	return p.out.Flush()
}
