package watch

import "maps"

// Trim releases the memory that the watcher needed for a burst of processes. Its objects
// become garbage only if garbage says that this will be collected: otherwise it may as well
// use them again. Go's maps do not shrink by themselves.
func (w *Watcher) Trim(garbage bool) {
	w.releaseLater(w.clock())
	if !garbage {
		return
	}
	if w.most > usualMost { // otherwise w.procs has never grown
		w.procs = shrunk(w.procs, usualMost)
	}
	w.most = len(w.procs)
	w.children, w.holders = shrunk(w.children, 0), shrunk(w.holders, 0)
	w.free = nil
	w.scanner.Trim()
}

// shrunk returns a map that is as large as the elements of m need, but not smaller than
// for least.
func shrunk[V any](m map[int]V, least int) map[int]V {
	small := make(map[int]V, max(len(m), least))
	maps.Copy(small, m)
	return small
}
