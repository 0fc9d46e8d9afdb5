package tui

import (
	"cmp"
	"slices"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// signalsPage is the page with the verdicts on the usual signals for all processes, and
// the signals that the init got lately.
type signalsPage struct {
	basic
	table[*snapshot.Process]
	signals []int // of the columns; 0 for a column of another kind
	rows    []int // indices in world.procs
	chosen  procfs.ID
	only    bool // of the last signals, show those that the selected process sent or got
	typed   string
	find    filter.Filter
}

// matrixSignals are the signals that have a column, apart from those of the menu.
var matrixSignals = [...]string{"CHLD", "PIPE", "ALRM", "WINCH", "TSTP", "TTIN", "TTOU", "ABRT", "SEGV", "URG"}

func newSignalsPage() signalsPage {
	s := signalsPage{}
	pid, user, state, command := processColumns[0], processColumns[1], processColumns[2], processColumns[len(processColumns)-1]
	user.rank = 1
	add := func(c column[*snapshot.Process], n int) {
		s.columns, s.signals = append(s.columns, c), append(s.signals, n)
	}
	pid.rank, state.rank = 100, 70
	add(pid, 0)
	add(user, 0)
	add(state, 0)
	for i, name := range slices.Concat(usualSignals[:], matrixSignals[:]) {
		n, _ := procfs.ParseSignal(name)
		add(signalColumnOf(n, 60-i), n)
	}
	add(command, 0)
	return s
}

// signalColumnOf returns the column with the letters of a signal.
func signalColumnOf(n, rank int) column[*snapshot.Process] {
	return column[*snapshot.Process]{
		title: text.Signal(n), width: len(text.Signal(n)), left: true, rank: rank,
		cell: func(w *world, p *snapshot.Process) span { return letterSpan(w.predict(p, n)) },
		compare: func(w *world, a, b *snapshot.Process) int {
			return cmp.Compare(letterOf(w.predict(a, n)), letterOf(w.predict(b, n)))
		},
	}
}

var signalsKeys = keyMap{
	{do: doVerdicts, keys: []string{"enter", "kpenter"}, title: "Enter", does: "all 64 signals of the process, with the reasons", hint: "all signals"},
	{do: doSignal, keys: []string{"k", "f9"}, title: "k F9", does: "send a signal", hint: "signal", writes: true},
	{do: doOnly, keys: []string{"o"}, title: "o", does: "last signals: all, or those of the process", hint: "only its signals"},
	{do: doExplain, keys: []string{"e"}, title: "e", does: "explain the process, and what helps", hint: "explain"},
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter, see below", hint: "filter"},
}

func (s signalsPage) keys() []keyMap { return []keyMap{signalsKeys, showKeys, orderKeys} }

func (s signalsPage) name() string { return "Signals" }

// wants asks for more of those visible processes whose verdicts the snapshot does not
// tell. Most processes are not among them.
func (s signalsPage) wants(w *world) wants {
	var all wants
	from, to := s.visible()
	for _, i := range s.rows[min(from, len(s.rows)):min(to, len(s.rows))] {
		if p := &w.procs[i]; !p.Dead() && s.unclear(w, p) {
			all.targets = append(all.targets, p.ID)
		}
	}
	return all
}

// unclear reports whether a verdict of the matrix is unknown by the snapshot.
func (s signalsPage) unclear(w *world, p *snapshot.Process) bool {
	return slices.ContainsFunc(s.signals, func(n int) bool {
		return n != 0 && predict(p, n, w.snap.Caller).Outcome == verdict.OutcomeUnknown
	})
}

func (s signalsPage) refresh(w *world) page { return s.remake(w) }

func (s signalsPage) remake(w *world) signalsPage {
	s.rows = s.makeRows(w)
	s = s.resize(w)
	row := s.list.find(func(row int) bool { return w.procs[s.rows[row]].ID == s.chosen })
	if row < 0 {
		row = s.cursor
	}
	return s.choose(w, row)
}

// makeRows lists the processes that match, in order, and last the zombies, for which no
// signal has an effect. Of each it asks for the verdict that
// sorts them only once.
func (s signalsPage) makeRows(w *world) []int {
	rows := make([]int, 0, w.living)
	for i := range w.living {
		if len(s.find) == 0 || w.procs[i].Match(s.find) {
			rows = append(rows, i)
		}
	}
	order := func(a, b int) int { return s.order(w, &w.procs[a], &w.procs[b]) }
	if n := s.signals[s.by]; n != 0 {
		ranks := make([]int, w.living)
		for _, i := range rows {
			ranks[i] = letterOf(w.predict(&w.procs[i], n))
		}
		order = func(a, b int) int {
			if s.reversed {
				a, b = b, a
			}
			return cmp.Compare(ranks[a], ranks[b])
		}
	}
	slices.SortFunc(rows, func(a, b int) int {
		return cmp.Or(deadLast(&w.procs[a], &w.procs[b]), order(a, b), cmp.Compare(w.procs[a].ID.PID, w.procs[b].ID.PID))
	})
	return rows
}

// deadLast orders zombies after other processes.
func deadLast(p, q *snapshot.Process) int {
	switch {
	case p.Dead() == q.Dead():
		return 0
	case p.Dead():
		return 1
	}
	return -1
}

// resize adapts the list and the columns to the room.
func (s signalsPage) resize(w *world) signalsPage {
	s.least = max(14, min(48, w.width*3/10))
	s.list = s.fit(len(s.rows), s.layout(w).rows)
	return s
}

// choose selects a row, or the nearest one that exists.
func (s signalsPage) choose(w *world, row int) signalsPage {
	s.list = s.to(row)
	if p, ok := s.selected(w); ok {
		s.chosen = p.ID
	}
	return s
}

func (s signalsPage) do(w *world, a action) page {
	s = s.resize(w)
	switch a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		return s.choose(w, s.cursor+s.step(a))
	case doOnly:
		s.only = !s.only
		return s
	}
	if s.table.arrange(a) {
		return s.reordered(w)
	}
	return s.choose(w, s.cursor)
}

// reordered makes the rows again in a new order. The selected row stays selected, unless it
// was the first one: the first row shows what the order is for.
func (s signalsPage) reordered(w *world) signalsPage {
	if s.cursor > 0 {
		return s.remake(w)
	}
	s.rows = s.makeRows(w)
	return s.resize(w).choose(w, 0)
}

// click sorts by a title, or selects a row.
func (s signalsPage) click(w *world, x, line int) (page, bool) {
	col, row := s.hit(w, x, line)
	switch {
	case row >= 0:
		return s.choose(w, row), true
	case s.sortBy(col):
		return s.reordered(w), false
	}
	return s, false
}

// selected returns the process that keys act on.
func (s signalsPage) selected(w *world) (snapshot.Process, bool) {
	if s.cursor >= len(s.rows) || s.rows[s.cursor] >= len(w.procs) {
		return snapshot.Process{}, false
	}
	return w.procs[s.rows[s.cursor]], true
}

func (s signalsPage) filter() string { return s.typed }

func (s signalsPage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return s, err
	}
	s.typed, s.find = text, find
	return s.remake(w), nil
}

func (s signalsPage) remark(*world) string {
	words := s.sorting()
	if s.only {
		if words != "" {
			words += ", "
		}
		words += "only its signals"
	}
	return words
}

func (s signalsPage) explain(w *world) string {
	p, ok := s.selected(w)
	if !ok {
		if w.read && len(s.find) > 0 {
			return "No match. Esc clears the filter."
		}
		return ""
	}
	words, _ := text.FirstFit([]string{sentence(w, &p), brief(w, &p)}, w.width-1)
	return words
}

// signalOf reports whether the record with this index is of a signal that p sent or got,
// or of any signal if p is nil. The init gets all of them.
func (w *world) signalOf(i int, p *snapshot.Process) bool {
	r := &w.events[i]
	switch {
	case r.Kind != history.KindSignal:
		return false
	case p == nil || p.ID.PID == 1:
		return true
	case r.Time.Before(w.snap.Time.Add(-p.Age)): // Its pid was that of another process.
		return false
	}
	return r.PID == p.ID.PID || slices.Contains(r.To, p.ID.PID)
}
