package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/tui/text"
)

// A printer prints a history, now or as it goes on.
type printer struct {
	*history.Source
	out      *bufio.Writer
	err      io.Writer
	o        historyOptions
	next     uint64
	run      int  // of the init, that wrote the record printed last
	stopping bool // shutdown has begun
}

func printHistory(o historyOptions) error {
	src, err := openHistory(&o)
	if err != nil {
		return err
	}
	defer src.Close()
	p := &printer{Source: src, out: bufio.NewWriter(os.Stdout), err: os.Stderr, o: o}
	if o.follow {
		return p.follow()
	}
	if err := p.print(); err != nil {
		return err
	}
	return p.finish("")
}

// print prints the records that are new, those that the options ask for.
func (p *printer) print() error {
	b, err := p.Read(p.next)
	if err != nil {
		return err
	}
	p.next = b.Next
	for i := range b.Records {
		r := &b.Records[i]
		p.stopping = p.stopping || r.Kind == history.KindStop
		if !p.o.filter.Match(r) {
			continue
		}
		if p.o.json {
			fmt.Fprintln(p.out, r.JSON())
			continue
		}
		if r.Run != p.run && p.run != 0 {
			fmt.Fprintf(p.out, "--- run %d of the init\n", r.Run)
		}
		p.run = r.Run
		fmt.Fprintln(p.out, recordLine(r))
	}
	return p.out.Flush()
}

// recordLine is a record as a line of text.
func recordLine(r *history.Record) string {
	line := fmt.Sprintf("%s  %-6s ", r.Time.Local().Format("15:04:05.000"), r.Kind)
	switch r.Kind {
	case history.KindSignal:
		line += " " + procfs.Printable(r.SignalText(" → "))
	case history.KindStop, history.KindNote, history.KindOOM:
		line += " " + procfs.Printable(r.Text)
	default:
		// A process that writes its own command line must not be able to pretend to
		// be another column, or another line. All of it is in JSON.
		const nameWidth = 24
		name := strings.Join(strings.Fields(procfs.Printable(r.Name())), " ")
		line += fmt.Sprintf("%6d  %s", r.PID, text.Pad(name, nameWidth, text.More))
		for i, part := range r.Parts() {
			line += "  " + " "[:min(i, 1)] + procfs.Printable(part.Text)
		}
	}
	return strings.TrimRight(line, " ")
}

// remark says something that is no record. In JSON it is a note with the number 0.
// Who asked for other records gets it on stderr: what is missing is never hidden.
func (p *printer) remark(what string) {
	r := &history.Record{Kind: history.KindNote, Time: time.Now(), Text: what}
	switch {
	case !p.o.json:
		fmt.Fprintf(p.out, "(%s)\n", what)
	case p.o.filter.Match(r):
		fmt.Fprintln(p.out, r.JSON())
	default:
		fmt.Fprintln(p.err, "yinit: history: "+what)
	}
}

// finish says what is missing, and then why nothing follows.
func (p *printer) finish(why string) error {
	missing, err := p.Missing()
	if err != nil {
		return err
	}
	if why != "" {
		missing = append(missing, why)
	}
	for _, what := range missing {
		p.remark(what)
	}
	return p.out.Flush()
}

// follow prints what is new, until the init has ended. When that clears up, it ends
// this process, too.
func (p *printer) follow() error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGTERM)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		ended, at, err := p.Ended()
		if err != nil {
			return err
		}
		if err := p.print(); err != nil {
			return err
		}
		switch {
		case ended && at.IsZero():
			return p.finish("")
		case ended:
			return p.finish("the init ended at " + at.Local().Format("15:04:05.000"))
		}
		select {
		case <-tick.C:
		case <-stop:
			return p.stop()
		}
	}
}

// stop ends the printing after a SIGTERM.
func (p *printer) stop() error {
	if err := p.print(); err != nil {
		return err
	}
	switch {
	case p.stopping:
		return p.finish("the init ends now, and this process with it")
	case p.Own:
		return p.finish("SIGTERM came; this ends the watching")
	default:
		return p.finish("SIGTERM came; the init goes on")
	}
}
