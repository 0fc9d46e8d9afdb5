package tui

import (
	"cmp"
	"slices"
	"time"

	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
)

// containersName is the title of the page with the containers.
const containersName = "Containers"

// A Fleet sees the containers of the machine.
type Fleet interface {
	// Containers looks at all containers, the worst first. s is the last snapshot of the
	// machine; nil: top shows a container, and the machine has to be read. It is not called
	// again before it has returned.
	Containers(s *snapshot.Snapshot) (*node.Node, error)
	// Enter opens the container of a process of the machine.
	Enter(pid int) (Inside, error)
}

// Inside is what shows one container, see [Fleet.Enter].
type Inside struct {
	Source    Source
	Signaller Signaller // nil: no signals
	Saver     Saver     // nil: no snapshots
	Close     func()
}

// containersPage is the page with the containers of the machine, the worst first.
type containersPage struct {
	basic
	table[*node.Container]
	rows   []*node.Container
	chosen containerID
	full   bool // the selected one is shown in full
	pane   list // its lines
	typed  string
	find   filter.Filter
}

// A containerID is what stays the same of a container from one look to the next.
type containerID struct {
	pid    int
	ns, id string
}

func idOf(c *node.Container) containerID { return containerID{c.PID, c.NS, c.ID} }

func newContainersPage() containersPage {
	return containersPage{table: table[*node.Container]{columns: containerColumns[:], standard: byWorst, by: byWorst}}
}

var containersKeys = keyMap{
	{do: doZoom, keys: []string{"enter", "kpenter"}, title: "Enter", does: "zoom into the container: all other pages show it; Esc leads back", hint: "zoom"},
	{do: doFold, keys: []string{"space"}, title: "Space", does: "all about the container", hint: "details"},
	{do: doExplain, keys: []string{"e"}, title: "e", does: "explain its first process"},
	{do: doSignal, keys: []string{"k", "f9"}, title: "k F9", does: "send a signal to its first process", writes: true},
	{do: doFilter, keys: []string{"/", "f4"}, title: "/ F4", does: "filter: text in their names, other terms for their first process", hint: "filter"},
}

func (p containersPage) keys() []keyMap { return []keyMap{containersKeys, showKeys, orderKeys} }

func (p containersPage) name() string { return containersName }

// news returns how many containers have a problem.
func (p containersPage) news(w *world) (n int) {
	if w.node == nil {
		return 0
	}
	for i := range w.node.Containers {
		if problems(&w.node.Containers[i]) > 0 {
			n++
		}
	}
	return n
}

func (p containersPage) wants(*world) wants { return wants{node: true} }

func (p containersPage) refresh(w *world) page { return p.remake(w) }

// remake makes the rows again, and finds the selected one.
func (p containersPage) remake(w *world) containersPage {
	p.rows = nil
	if w.node != nil {
		for i := range w.node.Containers {
			if c := &w.node.Containers[i]; len(p.find) == 0 || c.Match(p.find) {
				p.rows = append(p.rows, c)
			}
		}
	}
	// They come in the order of the node: the worst first.
	slices.SortStableFunc(p.rows, func(a, b *node.Container) int { return p.order(w, a, b) })
	p = p.resize(w)
	if row := p.list.find(func(row int) bool { return idOf(p.rows[row]) == p.chosen }); row >= 0 {
		return p.choose(row)
	}
	p.full = false // It is gone.
	return p.choose(p.cursor)
}

// resize adapts the list and the columns to the room.
func (p containersPage) resize(w *world) containersPage {
	p.least = max(16, w.width/4)
	if w.width < 60 {
		p.least = 12
	}
	p.list = p.fit(len(p.rows), p.layout(w).rows)
	return p
}

// choose selects a row, or the nearest one that exists.
func (p containersPage) choose(row int) containersPage {
	p.list = p.to(row)
	if c := p.current(); c != nil {
		p.chosen = idOf(c)
	}
	return p
}

// current returns the selected container; nil: there is none.
func (p containersPage) current() *node.Container {
	if p.cursor >= len(p.rows) {
		return nil
	}
	return p.rows[p.cursor]
}

func (p containersPage) do(w *world, a action) page {
	p = p.resize(w)
	if p.full {
		return p.doFull(w, a)
	}
	switch a {
	case doUp, doDown, doPageUp, doPageDown, doHome, doEnd:
		return p.choose(p.cursor + p.step(a))
	case doFold:
		if p.current() != nil {
			p.full, p.pane = true, list{}
			return p.doFull(w, doNothing)
		}
		return p
	}
	if p.table.arrange(a) {
		return p.reordered(w)
	}
	return p.choose(p.cursor)
}

// doFull handles an action while a container is shown in full.
func (p containersPage) doFull(w *world, a action) page {
	switch a {
	case doFold, doBack, doLeft:
		p.full = false
		return p
	}
	p.pane = p.pane.fit(len(p.fullLines(w)), w.room-1).scroll(a)
	return p
}

// reordered makes the rows again in a new order, and shows the first one if that was selected.
func (p containersPage) reordered(w *world) containersPage {
	if p.cursor == 0 {
		p.chosen = containerID{}
	}
	return p.remake(w)
}

// click sorts by a title, or selects a row.
func (p containersPage) click(w *world, x, line int) (page, bool) {
	if p.full {
		return p, false
	}
	col, row := p.hit(w, x, line-1)
	switch {
	case line < 1:
		return p, false
	case row >= 0:
		return p.choose(row), true
	case p.sortBy(col):
		return p.reordered(w), false
	}
	return p, false
}

// selected returns the first process of the container, while the pages show the machine.
func (p containersPage) selected(w *world) (snapshot.Process, bool) {
	c := p.current()
	if c == nil || c.PID == 0 || w.where != "" {
		return snapshot.Process{}, false
	}
	i, ok := w.byPID[c.PID]
	if first := c.First(); !ok || first == nil || w.procs[i].ID.Start != first.ID.Start {
		return snapshot.Process{}, false
	}
	return w.procs[i], true
}

// reveal selects nothing: the Tree shows processes.
func (p containersPage) reveal(*world, procfs.ID) (page, bool) { return nil, false }

func (p containersPage) filter() string { return p.typed }

func (p containersPage) setFilter(w *world, text string) (page, error) {
	find, err := filter.Parse(text)
	if err != nil {
		return p, err
	}
	p.typed, p.find = text, find
	return p.remake(w), nil
}

func (p containersPage) remark(*world) string { return p.sorting() }

// addNode returns the world after a look at the containers.
func (w world) addNode(n *node.Node, err error) world {
	w.nodeFailed = ""
	switch {
	case err != nil:
		w.nodeFailed = w.text(err.Error())
	case n != nil:
		w.node = n
	}
	return w
}

// nodeAge returns how much older the rows are than the rest of the screen.
func (w *world) nodeAge() time.Duration {
	if w.node == nil {
		return 0
	}
	return max(0, w.snap.Time.Sub(w.node.Time))
}

// byName orders containers by what they are called.
func byName(w *world, a, b *node.Container) int {
	return cmp.Compare(w.text(a.Label()), w.text(b.Label()))
}
