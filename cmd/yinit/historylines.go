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
	out   *bufio.Writer
	users *host.Users
	run   int        // the run of the init that the last printed record belongs to; 0: none printed
	day   string     // the last printed date and zone
	width func() int // returns the columns of the terminal; 0: unknown, or the output is no terminal
}

// terminalWidth returns the number of columns of the terminal on stdout. It is 0 if stdout
// is no terminal, or its size is not known yet.
func terminalWidth() int {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// print prints the records that match the options.
func (p *printer) print(records []history.Record) error {
	width := p.width()
	nameUsers(records, p.users)
	for i := range records {
		r := &records[i]
		switch {
		case !p.filter.Match(r):
			continue
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
		fmt.Fprintln(p.out, recordLine(r, width))
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

// recordLine formats a record as a line of text. On a terminal of this width it cuts the
// command if there is no room for all of it; with width 0 it cuts nothing.
func recordLine(r *history.Record, width int) string {
	clock := "15:04:05.000"
	if r.Accounted { // the time is known to a second
		clock = "15:04:05    "
	}
	line := fmt.Sprintf("%s  %-6s ", r.Time.Local().Format(clock), r.Kind)
	switch r.Kind {
	case history.KindSignal:
		line += " " + procfs.Printable(r.SignalText(" → "))
	case history.KindStop, history.KindNote, history.KindOOM:
		line += " " + procfs.Printable(r.Text)
	default:
		// A process chooses its own command line. Escape it, so that it cannot imitate
		// another column or line.
		name := strings.Join(strings.Fields(procfs.Printable(r.Title())), " ")
		line += fmt.Sprintf("%6d  ", r.PID)
		var words []string
		for _, part := range r.Parts() {
			words = append(words, procfs.Printable(part.Text))
		}
		rest := "  " + strings.Join(words, "   ")
		column := nameWidth
		if width > 0 {
			column = max(narrowName, width-restWidth)
			name = text.Cut(name, max(column, width-text.Width(line)-text.Width(rest)), text.More)
		}
		line += text.Pad(name, max(column, text.Width(name)), text.More) + rest
	}
	return strings.TrimRight(line, " ")
}

// remark prints a message that is not a record. In JSON it is a note with the number
// 0. If the filter excludes notes, the message goes to stderr: missing records are
// always reported.
func (p *printer) remark(what string) {
	r := &history.Record{Kind: history.KindNote, Time: time.Now(), Text: what}
	switch {
	case !p.json:
		fmt.Fprintf(p.out, "(%s)\n", what)
	case p.filter.Match(r):
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
	if sources, err := src.Sources(); err == nil && !p.json {
		p.remark("sources: " + sources)
	}
	for _, what := range missing {
		p.remark(what)
	}
	return p.out.Flush()
}
