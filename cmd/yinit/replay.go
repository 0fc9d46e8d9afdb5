package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/capture"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/zombie"
	"yinit/tui"
)

// runReplay shows a snapshot that was saved.
func runReplay(o topOptions) (int, error) {
	saved, err := readSnapshot(o.replay)
	if err != nil {
		return failure, fmt.Errorf("top: --replay: %s: %w", o.replay, err)
	}
	o.Replay = saved
	terminal := isTerminal(0) && isTerminal(1)
	switch {
	case o.once, terminal && os.Getenv("TERM") == "dumb":
		if err := drawFrame(saved.Snapshot, saved.History, o.Options); err != nil {
			return failure, fmt.Errorf("top: %w", err)
		}
		return 0, nil
	case !terminal:
		return failure, errors.New("top: not a terminal; use yinit top --replay FILE --once")
	}
	return showTop(replay{saved}, nil, o.Options, newClient(procfs.FS{}))
}

// readSnapshot reads a regular file.
func readSnapshot(path string) (*tui.Saved, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO without a writer does not block
	if err != nil {
		return nil, errors.New(cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, errors.New(cause(err))
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > capture.MaxSize:
		return nil, fmt.Errorf("it is larger than %d MiB", capture.MaxSize>>20)
	}
	return capture.Read(f)
}

// replay implements tui.Source with a snapshot that was saved.
type replay struct{ *tui.Saved }

// Snapshot implements tui.Source.
func (r replay) Snapshot() (snapshot.Snapshot, error) { return r.Saved.Snapshot, nil }

// Details implements tui.Source.
func (r replay) Details(id procfs.ID) (snapshot.Details, error) {
	d, ok := r.Saved.Details[id]
	if !ok {
		return d, errors.New("the snapshot does not have the details of this process")
	}
	return d, nil
}

// Resources implements tui.Source. A snapshot does not have them: environments and open
// files have secrets.
func (r replay) Resources(procfs.ID) (snapshot.Resources, error) {
	return snapshot.Resources{}, errors.New("a snapshot has no environment, open files, limits and threads")
}

// History implements tui.Source.
func (r replay) History(uint64) (tui.History, error) { return r.Saved.History, nil }

// Zombies implements tui.Source.
func (r replay) Zombies() (*zombie.Report, error) { return r.Blame, nil }

var _ tui.Source = replay{}
