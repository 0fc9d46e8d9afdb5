package watch

import (
	"path/filepath"
	"strings"

	"yinit/initcore/history"
)

// isStub reports whether the name is that of runc before it executes the program of a
// container or of a docker exec.
func isStub(comm string) bool { return strings.HasPrefix(comm, "runc:[") }

// hideStub removes the names of runc from the record of a process that was not looked at
// again after it had executed its program.
func hideStub(r *history.Record) {
	if isStub(r.Comm) {
		r.Comm = ""
	}
	if isStub(r.Parent) {
		r.Parent = ""
	}
	if program, args, _ := strings.Cut(r.Cmdline, " "); args == "init" && filepath.Base(program) == "runc" {
		r.Cmdline, r.Renamed = "", false
	}
}

// name returns the command name of a process, "" if it is unknown.
func (w *Watcher) name(pid int) string {
	if p := w.procs[pid]; p != nil {
		return p.Comm
	}
	return w.nameNow(pid, "")
}

// nameNow returns the current command name of a process, which may have executed another
// program since it was seen, or otherwise if the name is unknown.
func (w *Watcher) nameNow(pid int, otherwise string) string {
	if pid == 0 {
		return ""
	}
	if w.scanner.Stat(pid, &w.other) == nil {
		return w.other.Comm // the scanner keeps names
	}
	if p := w.procs[pid]; p != nil {
		return p.Comm
	}
	return otherwise
}
