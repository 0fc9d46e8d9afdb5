package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/procfs"
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

// openHistory finds the history that the options ask for. --pid chooses the init
// that keeps it; a process that keeps none is chosen from the records.
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

// watchInstead watches from now on if no init keeps a history and the user wants
// to follow one.
func watchInstead(why error, follow bool) (*history.Source, error) {
	none, ok := errors.AsType[*history.NotFoundError](why)
	switch {
	case !ok, none.Denied:
		return nil, why
	case !follow:
		return nil, fmt.Errorf("%w; yinit history --follow watches from now on", why)
	}
	r, err := watch.Own(procfs.FS{}, "yinit "+version())
	if err != nil {
		return nil, fmt.Errorf("%w; and watching from here failed: %w", why, err)
	}
	fmt.Fprintln(os.Stderr, "yinit: "+procfs.Printable(why.Error())+"; watching from now on, "+time.Now().Format("15:04:05"))
	return history.OwnSource(r, why), nil
}
