package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/initcore"
	"yinit/initcore/early"
	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
	"yinit/tui"
)

// topOptions are the options of yinit top.
type topOptions struct {
	tui.Options
	once   bool
	save   bool   // print a snapshot as JSON
	replay string // the file to show
	where
}

func runTop(args []string) (int, error) {
	o, err := parseTop(args)
	if err != nil {
		return failure, err
	}
	if o.replay != "" {
		return runReplay(o)
	}
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("top: %w", err)
	}
	w := newSource(t)
	switch {
	case o.save:
		return printSnapshot(w, o.Interval)
	case o.once:
		return showOnce(w, o.Options)
	}
	if !isTerminal(0) || !isTerminal(1) {
		return failure, errors.New("top: not a terminal; use docker exec -ti, or yinit top --once")
	}
	if term := os.Getenv("TERM"); term == "dumb" {
		return showOnce(w, o.Options)
	}
	o.Saver = saver{w}
	o.Place = o.place()
	if o.target == "" {
		if f, some := newFleet(w, t.FS, o.root); f != nil {
			o.Fleet, o.NoneYet = f, !some
		}
	}
	return showTop(w, signaller{t.FS}, o.Options, newClient(procfs.FS{}))
}

func parseTop(args []string) (topOptions, error) {
	o := topOptions{Options: tui.Options{Interval: time.Second, NoColor: os.Getenv("NO_COLOR") != "", ASCII: onlyASCII(os.Getenv)}, where: here()}
	_, err := config.Lookup("top").Parse(args, o.bind(config.Bind{
		"interval": &o.Interval,
		"readonly": &o.ReadOnly,
		"once":     &o.once,
		"snapshot": &o.save,
		"replay":   &o.replay,
		"ascii":    &o.ASCII,
		"pid":      &o.PID,
	}))
	switch {
	case err != nil:
	case o.Interval < minInterval:
		err = fmt.Errorf("top: --interval: %s is too short; write %s or more", o.Interval, minInterval)
	case o.save && o.replay != "":
		err = errors.New("top: --snapshot and --replay exclude each other")
	case o.replay != "" && o.where != here():
		err = errors.New("top: --replay shows a file, and excludes --target and --root")
	case o.save && o.once:
		err = errors.New("top: --snapshot and --once exclude each other")
	}
	return o, err
}

const minInterval = 100 * time.Millisecond

// showOnce prints one frame. It returns an error if the process of --pid does not
// exist.
func showOnce(w *source, o tui.Options) (int, error) {
	w.historyReader.once = true
	if err := printFrame(w, o); err != nil {
		return failure, fmt.Errorf("top: %w", err)
	}
	if _, ok := w.Find(o.PID); !ok && o.PID != 0 {
		return 1, fmt.Errorf("top: %w", w.Targets.Missing(o.PID, procfs.ErrGone))
	}
	return 0, nil
}

// printFrame prints what top would show. It takes two snapshots a moment apart to
// measure rates.
func printFrame(w *source, o tui.Options) error {
	snap, hist, err := readOnce(w, o.Interval)
	if err != nil {
		return err
	}
	return drawFrame(snap, hist, o)
}

// readOnce takes two snapshots, the second one after a moment, and returns that one and the
// history.
func readOnce(w *source, interval time.Duration) (snapshot.Snapshot, tui.History, error) {
	if _, err := w.Snapshot(); err != nil {
		return snapshot.Snapshot{}, tui.History{}, err
	}
	time.Sleep(min(interval, 200*time.Millisecond))
	snap, err := w.Snapshot()
	if err != nil {
		return snap, tui.History{}, err
	}
	hist, err := w.History(0)
	if err != nil {
		hist.Since = err.Error()
	}
	return snap, hist, nil
}

// drawFrame prints a snapshot as a frame.
func drawFrame(snap snapshot.Snapshot, hist tui.History, o tui.Options) error {
	width := 0
	if ws, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); err == nil {
		width = int(ws.Col)
	}
	_, err := fmt.Print(tui.Frame(snap, hist, width, 0, o))
	return err
}

// showTop runs the inspector until the user quits, or nobody is at the terminal any more.
func showTop(w tui.Source, sig tui.Signaller, o tui.Options, c *client) (int, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if o.ReadOnly || o.Replay != nil {
		sig = nil
	}
	// SSH_TTY keeps Bubble Tea from querying the capabilities of the terminal: after a
	// short session the replies would arrive in the user's shell.
	// With TMUX it would run a program to find out what tmux can do.
	env := append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TMUX=") }), "SSH_TTY=1")
	if err := reserveThreads(cgroup.Find(procfs.FS{}, "self", "").Read()); err != nil {
		return failure, err
	}
	// With thousands of processes a read allocates a third of what is in use. With a lower
	// goal the heap would reach it during each read, see [collector].
	debug.SetGCPercent(60)
	time.AfterFunc(started, forgetStart)
	input := &keyboard{File: os.Stdin, client: c}
	var pace pacer
	window := watchWindow()
	paint := newPainter(c, window.ask)
	p := tea.NewProgram(pacedModel{Model: tui.New(w, sig, o), pacer: &pace, painter: paint},
		tea.WithOutput(struct{ io.Writer }{paint}), tea.WithWindowSize(1, 1), // see painter
		tea.WithInput(input), tea.WithContext(ctx), tea.WithEnvironment(env), tea.WithFPS(drawRate), tea.WithFilter(suspend))
	pace.program = p
	go paint.run(ctx)
	go window.tell(p, ctx.Done())
	defer followJobs(p)()
	c.leave(ctx, cancel)
	got, asked := endOnSignal(cancel)
	farewell, err := runProgram(ctx, p)
	c.finish()
	if farewell != "" {
		fmt.Fprintln(os.Stderr, "yinit: top: "+farewell)
	}
	switch {
	case got.Load() != 0:
		return 128 + int(got.Load()), nil
	case errors.Is(err, tea.ErrInterrupted):
		return 130, nil
	case errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil:
		return 129, nil
	case err != nil:
		return 1, fmt.Errorf("top: %w", err)
	case asked.Load():
		fmt.Fprintln(os.Stderr, "yinit: top: ended by SIGTERM, which every process gets when the container stops")
	}
	return 0, nil
}

// started is when top no longer needs what only its start needed.
const started = 5 * time.Second

// forgetStart returns the memory that only the start needed. The first read of a process
// allocates ten times as much as the next ones, and the runtime would keep most of that.
func forgetStart() {
	debug.FreeOSMemory()
	initcore.ForgetStart()
}

// endOnSignal calls cancel when SIGHUP or SIGQUIT comes, and stores which one it was. Bubble
// Tea handles SIGTERM and SIGINT itself, but not while a write does not end; asked is then
// set, too.
func endOnSignal(cancel func()) (got *atomic.Int32, asked *atomic.Bool) {
	got, asked = new(atomic.Int32), new(atomic.Bool)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGHUP, unix.SIGQUIT, unix.SIGTERM)
	go func() {
		for s := range signals {
			if s == unix.SIGTERM {
				asked.Store(true)
				<-time.After(2 * time.Second)
			}
			if s, ok := s.(syscall.Signal); ok {
				got.Store(int32(s))
			}
			cancel()
		}
	}()
	return got, asked
}

// runProgram runs the program. It returns a message for the user, to print when the screen
// has gone, or "". If the reader of the terminal has gone, the program may block in a write;
// runProgram then returns without it.
func runProgram(ctx context.Context, p *tea.Program) (farewell string, err error) {
	type result struct {
		farewell string
		err      error
	}
	ended := make(chan result, 1)
	go func() {
		last, err := p.Run()
		m, _ := last.(pacedModel)
		ended <- result{m.farewell(), err}
	}()
	select {
	case r := <-ended:
		return r.farewell, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-ended:
		return r.farewell, r.err
	case <-time.After(2 * time.Second):
		return "", tea.ErrProgramKilled
	}
}

// moreThreads is how many threads top needs in addition to those it started with: it
// reads files, waits for keys and draws at the same time.
const moreThreads = 8

// reserveThreads creates these threads, or returns an error if the pids limit has no
// room for them. The Go runtime aborts the process when it cannot create a thread.
// That must not happen later, when the terminal is in raw mode.
func reserveThreads(u cgroup.Usage) error {
	if left := int64(u.PidsMax) - int64(u.Pids); u.PidsMax != 0 && left < moreThreads {
		held := zombie.Held(procfs.FS{})
		if held != "" {
			held = " (of " + strconv.FormatUint(u.Pids, 10) + " taken, " + held + ")"
		}
		return fmt.Errorf("top: needs %d more threads, but the pids limit of this container, %d, leaves only %d%s; "+
			"raise the limit (docker update --pids-limit), run yinit top --pid on the host, or use yinit top --once", moreThreads, u.PidsMax, max(left, 0), held)
	}
	early.Spare(moreThreads)
	return nil
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
