package watch

import "slices"

const (
	// maxOwed is how many accounting records may be owed until the watcher reads them.
	maxOwed = 256
	// owedWords is the length of accounting.maybe.
	owedWords = 64
)

// expectAccounting notes that the exit of a process was recorded, whose accounting
// record is still to be read. p is what the watcher knows about it, or nil.
func (w *Watcher) expectAccounting(pid int, p *process) {
	a := w.accounting
	if a == nil {
		return
	}
	a.reaping = true
	if a.ahead.taken == pid {
		a.ahead.taken = 0
		return
	}
	if _, ok := a.ahead.take(pid); ok {
		return
	}
	if p != nil && (p.accounted || p.FoundDead) {
		return
	}
	if a.owe(pid); len(a.owed) >= maxOwed {
		w.readAccounting(w.clock())
	}
}

// owe notes that the accounting record of a recorded exit is still to be read.
func (a *accounting) owe(pid int) {
	a.owed = append(a.owed, pid)
	word, bit := owedBit(pid)
	a.maybe[word] |= bit
}

// owedBit returns which bit of accounting.maybe stands for a pid.
func owedBit(pid int) (word int, bit uint64) { return pid / 64 % owedWords, 1 << (pid % 64) }

// paid reports whether the exit of a process was recorded, whose accounting record this
// is.
func (a *accounting) paid(pid int) bool {
	if word, bit := owedBit(pid); a.maybe[word]&bit == 0 {
		return false
	}
	at := slices.Index(a.owed, pid) // an early one: processes are reaped much in the order in which they end
	if at < 0 {
		return false
	}
	a.missing = 0
	a.owed = slices.Delete(a.owed, at, at+1)
	return true
}
