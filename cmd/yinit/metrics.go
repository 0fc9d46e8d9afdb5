package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"yinit/cmd/yinit/build"
	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/initcore/history/outside"
	"yinit/initcore/history/tally"
	"yinit/procfs"
	names "yinit/procfs/container" // the tests have a function container
	"yinit/procfs/doctor"
	"yinit/procfs/metrics"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// metricsOptions are the options of yinit metrics.
type metricsOptions struct {
	containers bool
	output     string // "": stdout
	format     metrics.Format
	filter     filter.Filter
	root       string // of the host; "": find it
	proc       string
}

func parseMetrics(args []string) (metricsOptions, error) {
	o, format := metricsOptions{proc: "/proc"}, ""
	_, err := config.Lookup("metrics").Parse(args, config.Bind{
		"containers": &o.containers, "output": &o.output, "format": &format, "root": &o.root, "proc": &o.proc,
		"filter": func(s string) (err error) { o.filter, err = filter.Parse(s); return err },
	})
	if format == "prometheus" || format == "" && o.output != "" {
		o.format = metrics.Prometheus // which is what the textfile collector reads
	}
	if err == nil && !o.containers && (len(o.filter) > 0 || o.root != "") {
		err = errors.New("metrics: --filter and --root choose containers of a node; add --containers")
	}
	return o, err
}

func runMetrics(args []string) (int, error) {
	o, err := parseMetrics(args)
	if err != nil {
		return failure, err
	}
	proc := procfs.New(o.proc)
	state := &tally.State{Entries: map[string]*tally.Entry{}}
	if o.output != "" {
		if err := replaceable(o.output); err != nil {
			return failure, fmt.Errorf("metrics: --output: %w", err)
		}
		boot, _ := proc.BootID() // Without it nothing is taken over from the last run.
		b, _ := procfs.ReadPath(statePath(o.output))
		state = tally.Parse(b, boot)
	}
	set, err := collect(proc, o, state)
	if err != nil {
		return failure, fmt.Errorf("metrics: %w", err)
	}
	set.Add(metrics.BuildInfo, 1, build.Release(), build.Revision(), runtime.Version())
	if o.output == "" {
		if err := set.Write(os.Stdout, metrics.Families(), o.format); err != nil {
			return failure, fmt.Errorf("metrics: %w", err)
		}
		return 0, nil
	}
	return 0, saveMetrics(set, o, state)
}

// collect looks at the container, or at all of the node.
func collect(proc procfs.FS, o metricsOptions, state *tally.State) (*metrics.Set, error) {
	set := &metrics.Set{}
	now := time.Now()
	if !o.containers {
		c, err := ownContainer(proc)
		if err != nil {
			return nil, err
		}
		e := state.Entry(metrics.IDOf(c))
		if src, h, err := outside.Open(proc, 1); err == nil {
			_, err = advance(e, src, h)
			_ = src.Close()
			if err != nil {
				return nil, err
			}
		}
		put(set, c, e, now)
		return set, nil
	}
	w := snapshot.NewReader(proc, snapshot.Options{Bare: true, Relay: func(pid int) verdict.Relay { return history.RelayOf(proc, pid) }})
	defer w.Close()
	l := outside.Looker{
		FS: proc, Rows: w, Root: o.root, Brief: true, Policy: func(pid int) *doctor.Policy { return config.StopPolicy(proc, pid, false) },
		Records: func(c *node.Container) ([]history.Record, doctor.Memory) {
			src, h, err := outside.Open(proc, c.PID)
			if err != nil {
				return nil, facts.MemoryOf(h, false, err)
			}
			defer src.Close()
			records, err := advance(state.Entry(metrics.IDOf(c)), src, h)
			return records, facts.MemoryOf(h, false, err)
		},
	}
	n, err := l.Look()
	if err != nil {
		return nil, err
	}
	tellHidden(n)
	set.PutNode(n)
	n.Choose(o.filter)
	for i := range n.Containers {
		c := &n.Containers[i]
		put(set, c, state.Entry(metrics.IDOf(c)), now)
	}
	return set, nil
}

// tellHidden says on stderr what could not be seen.
func tellHidden(n *node.Node) {
	if n.Hidden > 0 {
		fmt.Fprintf(os.Stderr, "yinit: metrics: %s hidden from this user: run it as root; inside a container, with --cap-add SYS_PTRACE\n",
			text.Plural(n.Hidden, "container is", "containers are"))
	}
}

// advance counts what is new in a history, and returns all of its records.
func advance(e *tally.Entry, src *history.Source, h *history.Header) ([]history.Record, error) {
	after := e.After(h)
	b, err := src.Read(after)
	if err != nil {
		return nil, err
	}
	e.Advance(h, &b)
	if after > 0 { // The doctor asks for all.
		all, err := src.Read(0)
		return all.Records, err
	}
	return b.Records, nil
}

// put adds the metrics of a container, and what its history tells if it keeps one.
func put(set *metrics.Set, c *node.Container, e *tally.Entry, now time.Time) {
	e.Seen = now
	var started time.Time
	if first := c.First(); first != nil {
		started = e.Start(first.ID.Start, c.View.Time.Add(-first.Age))
	}
	set.Put(c, started)
	if e.Init != 0 {
		e.Counts.Put(set, metrics.LabelsOf(c))
	}
}

// ownContainer looks at the container that this program runs in.
func ownContainer(proc procfs.FS) (*node.Container, error) {
	l, err := examine(node.Own(proc))
	if err != nil {
		return nil, err
	}
	c := &node.Container{
		Names: names.Self(proc), PID: 1, View: l.snap, Dead: l.facts.Dead, Stuck: l.facts.Stuck,
		Checks: l.facts.Checks, Facts: l.facts, Found: l.found, Stop: l.stop,
	}
	if first := c.First(); first != nil {
		c.Reaps = node.Reaps(proc, first.Target)
	}
	return c, nil
}

// statePath returns where the counters are kept between two runs that write to a file.
func statePath(output string) string {
	return filepath.Join(filepath.Dir(output), "."+filepath.Base(output)+".state")
}

// kept is for how long the counters of a container are kept after it was last seen.
const kept = time.Hour

// saveMetrics writes the metrics to a file, and the counters for the next run beside it. If the
// second write fails, the next run counts something again, and Prometheus sees that as new.
func saveMetrics(set *metrics.Set, o metricsOptions, state *tally.State) error {
	state.Forget(time.Now().Add(-kept))
	b, err := state.JSON()
	if err == nil {
		err = replaceFile(o.output, func(f *os.File) error { return set.Write(f, metrics.Families(), o.format) })
	}
	if err == nil {
		err = replaceFile(statePath(o.output), func(f *os.File) error { _, err := f.Write(b); return err })
	}
	if err != nil {
		return fmt.Errorf("metrics: --output: %w", err)
	}
	return nil
}

// replaceable returns an error if there is something else than a file: a rename would replace a
// device, too.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// replaceFile writes a file beside path and renames it, so that a reader sees the old content or
// all of the new.
func replaceFile(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644) // The collector is another user.
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
