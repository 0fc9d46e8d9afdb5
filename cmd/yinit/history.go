package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/build"
	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/initcore/watch"
	"yinit/procfs"
	"yinit/procfs/snapshot/filter"
	"yinit/tui/text"
)

// historyOptions are the options of yinit history.
type historyOptions struct {
	json   bool
	filter history.Filter
	pid    int
	file   string
	follow bool
	last   int  // how many records of those that are there are printed at most; negative: all
	narrow bool // an option other than --pid chooses records
	failed bool // only failures
	where
}

func runHistory(args []string) (int, error) {
	o, err := parseHistory(args)
	if err != nil {
		return failure, err
	}
	err = printHistory(o)
	if _, unread := errors.AsType[unreadError](err); unread {
		return 128 + int(unix.SIGPIPE), nil
	}
	if err != nil {
		return failure, fmt.Errorf("history: %w", err)
	}
	return 0, nil
}

func parseHistory(args []string) (historyOptions, error) {
	var (
		o      = historyOptions{last: -1, where: here()}
		kinds  []string
		all    bool
		since  string
		until  string
		chosen filter.Filter
	)
	_, err := config.Lookup("history").Parse(args, o.bind(config.Bind{
		"json":   &o.json,
		"follow": &o.follow,
		"kind":   &kinds,
		"failed": &o.failed,
		"all":    &all,
		"pid":    &o.pid,
		"since":  &since,
		"until":  &until,
		"file":   &o.file,
		"last":   &o.last,
		"filter": func(s string) (err error) { chosen, err = filter.Parse(s); return err },
	}))
	if err != nil {
		return o, err
	}
	if err := o.choosePeriod(since, until, time.Now()); err != nil {
		return o, err
	}
	if !all {
		o.filter = append(o.filter, func(r *history.Record) bool { return history.NotInspector(r) || r.PID == o.pid })
	}
	if len(chosen) > 0 {
		o.filter = append(o.filter, history.Matching(chosen))
	}
	if len(kinds) > 0 {
		chosen, err := history.ParseKinds(strings.Join(kinds, ","))
		if err != nil {
			return o, fmt.Errorf("history: --kind: %w; see yinit history --help", err)
		}
		o.filter = append(o.filter, history.OfKind(chosen...))
	}
	o.narrow = since != "" || until != "" || o.failed || len(chosen)+len(kinds) > 0
	return o, nil
}

// choosePeriod selects the records from since to until; "" is no limit.
func (o *historyOptions) choosePeriod(since, until string, now time.Time) error {
	var from time.Time
	if since != "" {
		t, err := history.ParseTime(since, now)
		if err != nil {
			return fmt.Errorf("history: --since: %w; see yinit history --help", err)
		}
		from, o.filter = t, append(o.filter, history.Since(t))
	}
	if until != "" {
		t, err := history.ParseUntil(until, from, now)
		if err != nil {
			return fmt.Errorf("history: --until: %w; see yinit history --help", err)
		}
		if !from.IsZero() && t.Before(from) {
			return fmt.Errorf("history: --until %s is before --since %s", until, since)
		}
		o.filter = append(o.filter, history.Until(t))
	}
	return nil
}

// chooses reports whether the options select a record.
func (o *historyOptions) chooses(r *history.Record) bool {
	return o.filter.Match(r) && (!o.failed || facts.Failed(r))
}

// newest returns the last records, so that --last of them are chosen.
func (o *historyOptions) newest(records []history.Record) []history.Record {
	if o.last < 0 {
		return records
	}
	chosen := 0
	for i := len(records) - 1; i >= 0; i-- {
		if !o.chooses(&records[i]) {
			continue
		}
		if chosen++; chosen > o.last {
			return records[i+1:]
		}
	}
	return records
}

// openHistory opens the history that the options ask for. If --pid is an init that
// keeps a history, that history is opened; otherwise --pid selects the records of
// that process.
func openHistory(o *historyOptions, fs procfs.FS) (*history.Source, error) {
	if o.file != "" {
		o.choosePID()
		return history.SourceFile(o.file)
	}
	src, err := history.Find(fs, o.pid)
	if err != nil {
		o.choosePID()
		return o.watchInstead(fs, err)
	}
	if src.Init.PID != o.pid {
		o.choosePID()
	}
	if len(src.Inits) > 1 && src.Init.PID != o.pid {
		listInits(src.Inits)
		return nil, fmt.Errorf("%d inits keep a history; choose one with --pid", len(src.Inits))
	}
	return src, nil
}

// listInits prints the inits that keep a history on stderr, a line for each.
func listInits(inits []string) {
	fmt.Fprintln(os.Stderr, "yinit: history: several inits keep a history:")
	width := widthOf(2)
	for _, name := range inits {
		line := "  " + procfs.Printable(name)
		if width > 0 {
			line = text.Cut(line, width-1, text.More)
		}
		fmt.Fprintln(os.Stderr, line)
	}
}

func (o *historyOptions) choosePID() {
	if o.pid != 0 {
		o.filter = append(o.filter, history.OfPID(o.pid))
	}
}

// watchInstead starts a watcher in this process if no init keeps a history and the
// user asked to follow it.
func (o *historyOptions) watchInstead(fs procfs.FS, why error) (*history.Source, error) {
	none, ok := errors.AsType[*history.NotFoundError](why)
	switch {
	case !ok, none.Denied, fs.FromAbove():
		return nil, why
	case !o.follow:
		return nil, fmt.Errorf("%w; %s watches from now on", why, o.place().In("yinit history --follow"))
	}
	own, err := watch.StartOwn(fs, "yinit "+build.Release())
	if err != nil {
		return nil, fmt.Errorf("%w; and starting a watcher failed: %w", why, err)
	}
	fmt.Fprintln(os.Stderr, "yinit: "+procfs.Printable(why.Error())+"; watching from now on, "+time.Now().Format("15:04:05"))
	return history.OwnSource(own.Reader, why), nil
}

func printHistory(o historyOptions) error {
	t, err := o.look()
	if err != nil {
		return err
	}
	src, err := openHistory(&o, t.FS)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.Remark != "" && src.Init.PID != o.pid {
		fmt.Fprintln(os.Stderr, "yinit: history: "+procfs.Printable(src.Remark))
	}
	p := &printer{out: bufio.NewWriter(os.Stdout), historyOptions: o, users: t.Users(), width: terminalWidth}
	why := ""
	if o.follow {
		why, err = p.follow(src)
	} else {
		var b history.Batch
		if b, err = src.Read(0); err == nil {
			err = p.print(o.newest(b.Records))
		}
	}
	if err != nil {
		return err
	}
	return p.finish(src, why)
}
