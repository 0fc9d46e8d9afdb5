package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/tui/text"
)

// historyOptions are the options of yinit history.
type historyOptions struct {
	json   bool
	filter history.Filter
	pid    int
	file   string
	follow bool
}

func runHistory(args []string) (int, error) {
	o, err := parseHistory(args)
	if err != nil {
		return failure, err
	}
	if err := printHistory(o); err != nil {
		return failure, fmt.Errorf("history: %w", err)
	}
	return 0, nil
}

func parseHistory(args []string) (historyOptions, error) {
	var (
		o      historyOptions
		kinds  []string
		failed bool
		since  time.Duration
	)
	_, err := config.Lookup("history").Parse(args, config.Bind{
		"json":   &o.json,
		"follow": &o.follow,
		"kind":   &kinds,
		"failed": &failed,
		"pid":    &o.pid,
		"since":  &since,
		"file":   &o.file,
	})
	if err != nil {
		return o, err
	}
	if since > 0 {
		o.filter = append(o.filter, history.Since(time.Now().Add(-since)))
	}
	if failed {
		o.filter = append(o.filter, history.Failed)
	}
	if len(kinds) > 0 {
		chosen, err := history.ParseKinds(strings.Join(kinds, ","))
		if err != nil {
			return o, fmt.Errorf("history: --kind: %w; see yinit history --help", err)
		}
		o.filter = append(o.filter, history.OfKind(chosen...))
	}
	return o, nil
}

// openHistory opens the history that the options ask for. If --pid is an init that
// keeps a history, that history is opened; otherwise --pid selects the records of
// that process.
func openHistory(o *historyOptions) (*history.Source, error) {
	if o.file != "" {
		o.choosePID()
		return history.SourceFile(o.file)
	}
	src, err := history.Find(procfs.FS{}, o.pid)
	if err != nil {
		o.choosePID()
		return watchInstead(err, o.follow)
	}
	if src.Init.PID != o.pid {
		o.choosePID()
	}
	if len(src.Inits) > 1 && src.Init.PID != o.pid {
		return nil, fmt.Errorf("several inits keep a history: %s; choose one with --pid", strings.Join(src.Inits, ", "))
	}
	return src, nil
}

func (o *historyOptions) choosePID() {
	if o.pid != 0 {
		o.filter = append(o.filter, history.OfPID(o.pid))
	}
}

// watchInstead starts a watcher in this process if no init keeps a history and the
// user asked to follow it.
func watchInstead(why error, follow bool) (*history.Source, error) {
	none, ok := errors.AsType[*history.NotFoundError](why)
	switch {
	case !ok, none.Denied:
		return nil, why
	case !follow:
		return nil, fmt.Errorf("%w; yinit history --follow watches from now on", why)
	}
	own, err := watch.StartOwn(procfs.FS{}, "yinit "+version())
	if err != nil {
		return nil, fmt.Errorf("%w; and starting a watcher failed: %w", why, err)
	}
	fmt.Fprintln(os.Stderr, "yinit: "+procfs.Printable(why.Error())+"; watching from now on, "+time.Now().Format("15:04:05"))
	return history.OwnSource(own.Reader, why), nil
}

func printHistory(o historyOptions) error {
	src, err := openHistory(&o)
	if err != nil {
		return err
	}
	defer src.Close()
	p := &printer{out: bufio.NewWriter(os.Stdout), historyOptions: o}
	why := ""
	if o.follow {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, unix.SIGTERM)
		why, err = src.Follow(stop, p.print)
	} else {
		var b history.Batch
		if b, err = src.Read(0); err == nil {
			err = p.print(b.Records)
		}
	}
	if err != nil {
		return err
	}
	return p.finish(src, why)
}

// A printer prints records as lines of text or of JSON.
type printer struct {
	historyOptions
	out *bufio.Writer
	run int // the run of the init that the last printed record belongs to; 0: none printed
}

// print prints the records that match the options.
func (p *printer) print(records []history.Record) error {
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
		fmt.Fprintln(p.out, recordLine(r))
	}
	return p.out.Flush()
}

// recordLine formats a record as a line of text.
func recordLine(r *history.Record) string {
	line := fmt.Sprintf("%s  %-6s ", r.Time.Local().Format("15:04:05.000"), r.Kind)
	switch r.Kind {
	case history.KindSignal:
		line += " " + procfs.Printable(r.SignalText(" → "))
	case history.KindStop, history.KindNote, history.KindOOM:
		line += " " + procfs.Printable(r.Text)
	default:
		// A process chooses its own command line. Escape and cut it, so that it cannot
		// imitate another column or line. JSON has all of it.
		const nameWidth = 24
		name := strings.Join(strings.Fields(procfs.Printable(r.Name())), " ")
		line += fmt.Sprintf("%6d  %s", r.PID, text.Pad(name, nameWidth, text.More))
		var words []string
		for _, part := range r.Parts() {
			words = append(words, procfs.Printable(part.Text))
		}
		line += "  " + strings.Join(words, "   ")
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

// finish prints which records are missing, and then why following has ended.
func (p *printer) finish(src *history.Source, why string) error {
	missing, err := src.Missing()
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
