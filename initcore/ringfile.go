package initcore

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// How long the init waits for the file system of the history.
const (
	openLimit = 5 * time.Second       // at its start: a new file is written to the disk
	endLimit  = 2 * time.Second       // at its end
	stopLimit = 50 * time.Millisecond // before it forwards a stop signal, which may soon be followed by SIGKILL
)

// A fileLook is what the machine knows of the file into which the history is copied.
type fileLook struct {
	since  time.Time // since when nothing was copied, though the file lacks something; zero: it lacks nothing
	copied uint64    // what [history.Writer.Copied] returned then
	lookAt time.Time // when to look again; zero: after the next event
	hung   bool      // the file system does not respond
	told   bool      // the log says so
	failed bool      // the log says that the file no longer gets anything
}

// How long the file may lack something until the loop looks, and until it warns.
const (
	fileLookAfter = time.Second
	fileHungAfter = 5 * time.Second
)

// beginHistory creates the ring, and says what is wrong with its file.
func (m *machine) beginHistory(cfg Config, k *kernel) {
	var warning string
	m.hist, warning = newHistory(cfg, k, m.log)
	m.now = time.Now()
	if warning != "" {
		m.warnOfFile(warning)
	}
}

// newHistory creates the ring. If the file that was requested cannot be used, the ring is
// in memory only; if there is no memory for it, the init runs without one. The warning
// says what is wrong with the file; "" if nothing is.
func newHistory(cfg Config, k *kernel, log *slog.Logger) (w *history.Writer, warning string) {
	origin := history.Origin{Program: "yinit " + cfg.Version, PID: k.pid, Watch: cfg.Watch, Relay: cfg.relay(), Blocked: procfs.SignalSet(k.inherit.Mask), Ignored: procfs.SignalSet(k.inherit.Ignored)}
	if s, err := k.fs.Stat(k.pid); err == nil {
		origin.Start = s.Start
	}
	if cfg.History != "" {
		w, note, err := fileHistory(cfg.History, origin, k.helper)
		if err == nil {
			return w, note
		}
		warning = inMemory + ": " + err.Error()
	}
	w, err := history.Create(origin, time.Now())
	if err != nil {
		log.Warn("no history will be kept", "error", err)
	}
	return w, warning
}

const inMemory = "the history is kept in memory only"

// fileHistory creates the ring and begins to copy it into the file at path. The note is
// that of [history.File].
func fileHistory(path string, o history.Origin, h *helper) (w *history.Writer, note string, err error) {
	type answer struct {
		file *history.File
		err  error
	}
	answers := make(chan answer, 1)
	if !h.call(openLimit, func() {
		f, err := history.OpenForWriting(path)
		answers <- answer{f, err}
	}) {
		return nil, "", fmt.Errorf("%s: %w", path, errNoAnswer)
	}
	a := <-answers
	if a.err != nil {
		return nil, "", a.err
	}
	if w, err = a.file.Create(o, time.Now(), !h.inline); err != nil {
		a.file.Close()
		return nil, "", err
	}
	waitForFile(w, openLimit)
	return w, a.file.Note, nil
}

// waitForFile waits until the file has what was written into the ring, or is not to get
// it, but not longer than limit. It reports whether that is so.
func waitForFile(w *history.Writer, limit time.Duration) bool {
	if !w.Behind() {
		return true
	}
	runtime.Gosched() // usually that is enough for the goroutine that copies
	for begun := time.Now(); w.Behind(); nap(time.Millisecond) {
		if time.Since(begun) >= limit {
			return false
		}
	}
	return true
}

// settleFile waits for the file, for limit at most and not at all if its file system
// still does not respond, and says what is wrong with it.
func (m *machine) settleFile(limit time.Duration) {
	if m.cfg.History == "" {
		return
	}
	hung := m.file.hung && m.hist.Copied() == m.file.copied
	if !hung && !waitForFile(m.hist, limit) && limit == endLimit {
		m.file.copied, m.file.hung = m.hist.Copied(), true
		m.fileHangs()
	}
	m.fileFailed()
}

// lookAtFile says once if the file no longer gets what is written into the ring, or if
// its file system does not respond. It reports whether it was time to look.
func (m *machine) lookAtFile(now time.Time) (due bool) {
	if m.cfg.History == "" || m.file.failed {
		return false
	}
	due = !m.file.lookAt.IsZero() && !now.Before(m.file.lookAt)
	m.file.look(now, !m.fileFailed() && m.hist.Behind(), m.hist.Copied())
	if m.file.hung {
		m.fileHangs()
	}
	return due
}

// look takes note of whether the file lacks something, and of what was copied so far.
func (f *fileLook) look(now time.Time, behind bool, copied uint64) {
	switch {
	case !behind:
		f.since, f.lookAt, f.hung = time.Time{}, time.Time{}, false
	case f.since.IsZero() || copied != f.copied: // it lacks something, or responds again
		f.since, f.copied, f.lookAt, f.hung = now, copied, now.Add(fileLookAfter), false
	case now.Sub(f.since) >= fileHungAfter:
		f.lookAt, f.hung = time.Time{}, true
	case !now.Before(f.lookAt):
		f.lookAt = now.Add(fileLookAfter)
	}
}

// fileFailed reports whether the file no longer gets anything, and says so once.
func (m *machine) fileFailed() bool {
	err := m.hist.FileErr()
	if err != nil && !m.file.failed {
		m.file.failed = true
		m.warnOfFile(fmt.Sprintf("%s from now on: %s: %s", inMemory, m.cfg.History, err))
	}
	return err != nil
}

// fileHangs says once that the file system of the file does not respond.
func (m *machine) fileHangs() {
	if !m.file.told {
		m.file.told = true
		m.warnOfFile(fmt.Sprintf("%s until %s can be written: %s", inMemory, m.cfg.History, errNoAnswer))
	}
}

func (m *machine) warnOfFile(text string) {
	m.log.Warn(text)
	m.noteWarning(text)
}
