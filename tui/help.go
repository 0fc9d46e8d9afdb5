package tui

import (
	"slices"
	"strings"

	"yinit/procfs/snapshot/filter"
	"yinit/tui/text"
)

// help is the pane that explains the keys and the words on the screen.
type help struct {
	list
	open bool
}

var helpKeys = keyMap{
	{title: "arrows", hint: "scroll", late: 9},
	{title: "any", hint: "other key closes"},
}

// resize adapts the list to the number of lines and to the room.
func (h help) resize(m *Model) help {
	h.list = h.fit(len(h.lines(m)), m.world.room)
	return h
}

func (h help) view(m *Model, height int) []string {
	lines := h.lines(m)
	from, to := h.fit(len(lines), height).visible()
	return lines[from:to]
}

// A helpSection is a title and, below it, names and what they mean.
type helpSection struct {
	title string
	rows  [][2]string
}

// helpColumn is the smallest width of a column of the help.
const helpColumn = 50

// lines returns the help, in columns where there is room.
func (h help) lines(m *Model) []string {
	w := &m.world
	n := max(1, w.width/helpColumn)
	c := w.canvas // as wide as a column
	c.width = w.width / n
	var blocks [][]string
	total := 0
	for _, section := range m.helpSections() {
		s := sheet{c: &c}
		s.text(strong, section.title)
		indent := 11
		for _, row := range section.rows {
			indent = max(indent, text.Width(row[0])+3)
		}
		for _, row := range section.rows {
			s.entry(indent, row[0], row[1])
		}
		s.text(normal, "")
		blocks = append(blocks, s.lines)
		total += len(s.lines)
	}
	return w.columns(balance(blocks, n, total), c.width)
}

// balance distributes blocks to n columns of about the same height, in order.
func balance(blocks [][]string, n, total int) [][]string {
	columns := make([][]string, n)
	at, used := 0, 0
	for _, block := range blocks {
		if at < n-1 && used+len(block)/2 > total*(at+1)/n {
			at++
		}
		columns[at] = append(columns[at], block...)
		used += len(block)
	}
	return columns
}

// columns puts columns of lines beside each other.
func (c *canvas) columns(columns [][]string, width int) []string {
	var lines []string
	for i := 0; ; i++ {
		line, more := "", false
		for _, column := range columns {
			part := ""
			if i < len(column) {
				part, more = column[i], true
			}
			line += c.pad(part, width)
		}
		if !more {
			return lines
		}
		lines = append(lines, line)
	}
}

// helpSections returns the help: the key tables, and the words on the screen.
func (m *Model) helpSections() []helpSection {
	section := func(title string, tables ...keyMap) helpSection {
		s := helpSection{title: title}
		for _, b := range slices.Concat(tables...) {
			if b.title != "" && !(b.writes && m.opts.ReadOnly) {
				s.rows = append(s.rows, [2]string{b.title, b.does})
			}
		}
		return s
	}
	all := []helpSection{section("MOVE", listKeys)}
	for _, p := range m.pages {
		all = append(all, section(strings.ToUpper(p.name()), p.keys()...))
	}
	if !m.opts.ReadOnly {
		all = append(all, section("SIGNAL MENU", chooseKeys, riskyKeys, reportKeys[:1]))
	}
	all = append(all, section("EVERYWHERE", refreshKeys, modelKeys))
	return append(all, words(m.world.glyphs())...)
}

// words explains the words and signs on the screen, and the filter.
func words(g *glyphs) []helpSection {
	return []helpSection{
		{"TERM: WHAT SIGTERM WOULD DO", [][2]string{
			{"terminate", "ends it: no handler; core: also writes a core dump"},
			{"handler", "runs the program's handler"},
			{"forward", "yinit forwards it to its program"},
			{"read", "the program reads it with signalfd or sigwait"},
			{"IGNORE", "no effect: the program ignores it"},
			{"PENDING", "no effect yet: it is blocked, or the process is stopped"},
			{"SHIELDED", "no effect: PID 1 has no handler, the kernel drops it"},
			{"DROP", "no effect: yinit drops it (--rewrite)"},
			{"denied", "no effect: you may not signal this process"},
			{"?", "unknown: the kernel does not show it"},
		}},
		{"LETTERS OF THE SIGNALS PAGE", letterRows()},
		{"FILTER: EVERY WORD MUST MATCH", filterTerms()},
		{"FIRST COLUMN", [][2]string{
			{g.fresh, "new in the last two refreshes"},
			{g.dead, "has just ended"},
			{g.tag, "tagged"},
		}},
		{"TABS", [][2]string{
			{g.bullet + "3", "how many zombies there are, failures in the History since you last saw it, problems of the Doctor"},
			{"FROZEN", "nothing changes while the signal menu is open"},
		}},
		{"FINDINGS OF THE DOCTOR", [][2]string{
			{"PROBLEM", "it is wrong now"},
			{"RISK", "it will be wrong, at the next stop for example"},
			{"NOTE", "worth knowing"},
		}},
		{"RECORDS OF THE HISTORY", [][2]string{
			{problemSign, "what went wrong"},
			{"zombie", zombieRule},
			{g.folded + g.times + " 7", "seven like records share the row of the last one; since: when the first one came"},
			{"in turn", "records of two rows alternate, as when each makes the other fail"},
		}},
		{"HEADER", [][2]string{
			{"FULL", "the limit is reached; near it there is a percentage"},
			{"host cpu", "a value of the whole host, not of the container"},
			{"/host 4", "the container has no limit, the host has as much"},
			{g.up + " " + g.down, "more or fewer zombies than a minute ago"},
			{"stop:", "what SIGTERM to PID 1, as docker stop sends it, would leave to SIGKILL"},
			{"STOPPING", "the init has been asked to stop: by whom, and who has not ended"},
			{"missed", "processes and threads a second that started and ended between two refreshes"},
		}},
		{"MOUSE", [][2]string{
			{"click", "selects a row; sorts by a column; presses a tab or a key in the footer"},
			{"double", "details; the wheel scrolls"},
		}},
	}
}

// letterRows explains the letters of the matrix.
func letterRows() (rows [][2]string) {
	for _, l := range letters {
		rows = append(rows, [2]string{l.sign, l.word})
	}
	return rows
}

// filterTerms explains the terms of a filter.
func filterTerms() (rows [][2]string) {
	for _, t := range filter.Terms() {
		rows = append(rows, [2]string{t.Example, t.Meaning})
	}
	return rows
}
