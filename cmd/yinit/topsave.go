package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/build"
	"yinit/cmd/yinit/capture"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui"
)

// saver implements tui.Saver.
type saver struct{ w *source }

const (
	// mostDetailed is how many processes are read in full for a snapshot, and detailsFor how
	// long that may take. Reading a process may block as long as it holds its memory lock.
	mostDetailed = 5000
	detailsFor   = 3 * time.Second
)

// Save implements tui.Saver. It writes into the first of these directories where it may.
func (s saver) Save(saved tui.Saved) (string, error) {
	s.complete(&saved)
	b := capture.Encode(&saved, "yinit "+build.Release())
	return writeSnapshot(b, saved.Snapshot.Time, saveDirs())
}

// complete adds what a refresh does not read.
func (s saver) complete(saved *tui.Saved) {
	if blame, err := s.w.Zombies(); err == nil {
		saved.Blame = blame
	}
	type detailed struct {
		id procfs.ID
		d  snapshot.Details
	}
	ids := make([]procfs.ID, 0, len(saved.Snapshot.Procs))
	for i := range saved.Snapshot.Procs {
		ids = append(ids, saved.Snapshot.Procs[i].ID)
	}
	found := make(chan detailed, len(ids))
	go func() {
		defer close(found)
		for end, i := time.Now().Add(detailsFor), 0; i < min(len(ids), mostDetailed) && time.Now().Before(end); i++ {
			if d, err := s.w.Details(ids[i]); err == nil {
				found <- detailed{ids[i], d}
			}
		}
	}()
	saved.Details = make(map[procfs.ID]snapshot.Details, len(ids))
	for end := time.After(detailsFor); ; {
		select {
		case of, more := <-found:
			if !more {
				return
			}
			saved.Details[of.id] = of.d
		case <-end:
			return
		}
	}
}

// saveDirs returns the directories in which a snapshot may be written: the current one, and
// those that are usually writable in a container with a read-only root.
func saveDirs() []string {
	dirs := []string{"/tmp", "/dev/shm"}
	if dir, err := os.Getwd(); err == nil && !slices.Contains(dirs, dir) {
		dirs = append([]string{dir}, dirs...)
	}
	return dirs
}

// writeSnapshot writes b into a new file that only its owner may read. It never replaces a
// file, nor follows a link.
func writeSnapshot(b []byte, at time.Time, dirs []string) (string, error) {
	var why []string
	for _, dir := range dirs {
		path, err := writeNew(b, filepath.Join(dir, "yinit-"+at.Format("20060102-150405")))
		if err == nil {
			return path, nil
		}
		why = append(why, dir+": "+cause(err))
	}
	return "", fmt.Errorf("no snapshot: %s; from outside: docker exec CONTAINER yinit top --snapshot > FILE", strings.Join(why, ", "))
}

// cause returns an error without the operation and the path.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return err.Error()
}

// writeNew writes b into NAME.json, or NAME-2.json and so on if there is such a file. If
// that fails, it leaves no file.
func writeNew(b []byte, name string) (path string, err error) {
	const most = 100
	var f *os.File
	for n := 1; n <= most; n++ {
		path = name + ".json"
		if n > 1 {
			path = fmt.Sprintf("%s-%d.json", name, n)
		}
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}

// printSnapshot writes what top would show as JSON to stdout.
func printSnapshot(w *source, interval time.Duration) (int, error) {
	w.historyReader.once = true
	snap, hist, err := readOnce(w, interval)
	if err != nil {
		return failure, fmt.Errorf("top: %w", err)
	}
	saved := tui.Capture(snap, hist)
	saver{w}.complete(&saved)
	return printed(string(capture.Encode(&saved, "yinit "+build.Release())))
}
