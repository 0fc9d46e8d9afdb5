package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/container"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
)

// hostileNames are names of processes that are hard to draw.
var hostileNames = []string{
	"sh", "gunicorn: worker", "\x1b[2J\x1b]0;owned\x07", "a\nb\tc\r", "\u202egnp.exe", "\xff\xfe\x9b31m", "世界世界世界世界", "e\u0301\u0301\u0301",
	"👨‍👩‍👧👨‍👩‍👧", "\u200b\u200d\ufeff", "", "a) S 2 (", "/usr/bin/世/x -y", "ﷺﷺﷺ", "\u1160\u11a8", "🏳️‍🌈",
}

// A chance is a user who presses keys, clicks and resizes at random, in a container
// where processes come and go.
type chance struct {
	*user
	r   *rand.Rand
	pid int
}

// TestRandom checks that no order of messages and sizes panics or draws beyond the
// screen, and that a refresh never moves the selection to another process.
func TestRandom(t *testing.T) {
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			o := Options{ASCII: seed%4 == 1, NoColor: seed%3 == 1}
			u := newUser(t, 80, 24, o)
			if seed%2 == 1 {
				u, _ = newNodeUser(t, 80, 24, o)
			}
			c := chance{u, rand.New(rand.NewPCG(seed, 7)), 30000}
			c.src.records = events()
			for range 250 {
				c.step()
			}
		})
	}
}

func (c *chance) step() {
	switch c.r.IntN(10) {
	case 0:
		c.send(tea.WindowSizeMsg{Width: c.r.IntN(180), Height: c.r.IntN(60)})
	case 1, 2, 3:
		c.live()
		c.refreshAndKeep()
	case 4:
		c.run(c.send(tea.MouseClickMsg{X: c.r.IntN(180), Y: c.r.IntN(60), Button: tea.MouseLeft}))
	case 5:
		c.send(tea.MouseWheelMsg{Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[c.r.IntN(2)]})
	default:
		c.press(c.key())
	}
	if c.r.IntN(40) == 0 {
		c.send(tea.WindowSizeMsg{Width: 60 + c.r.IntN(100), Height: 20 + c.r.IntN(30)})
	}
}

// key returns one of all keys, but none that quits.
func (c *chance) key() string {
	all := []string{"0", "1", "2", "3", "4", "5", "Z", "世", "a", ":", "9"}
	tables := []keyMap{listKeys, refreshKeys, modelKeys, lineKeys, detailKeys, verdictKeys, reasonsKeys, chooseKeys, confirmKeys, reportKeys}
	for _, p := range c.m.pages {
		tables = append(tables, p.keys()...)
	}
	for _, b := range slices.Concat(tables...) {
		for _, key := range b.keys {
			if b.do != doQuit {
				all = append(all, key)
			}
		}
	}
	return all[c.r.IntN(len(all))]
}

// live starts, ends and changes processes.
func (c *chance) live() {
	for range c.r.IntN(12) {
		p := proc(c.pid, c.src.procs[c.r.IntN(len(c.src.procs))].ID.PID, "u世", string("SRTDZ"[c.r.IntN(5)]), "x", caught(15))
		c.pid++
		p.Comm = hostileNames[c.r.IntN(len(hostileNames))]
		p.Cmdline = []string{p.Comm, p.Comm}
		p.Culprit, p.CPU, p.RSS = p.PPID, c.r.Float64()*20, procfs.Bytes(c.r.Uint64()>>uint(20+c.r.IntN(44)))
		if c.r.IntN(4) == 0 {
			p.PPID, p.Outside = 0, true
		}
		if c.r.IntN(8) == 0 { // a pid is used again
			p.ID.PID = c.src.procs[c.r.IntN(len(c.src.procs))].ID.PID
			c.src.procs = slices.DeleteFunc(c.src.procs, func(q snapshot.Process) bool { return q.ID.PID == p.ID.PID })
		}
		c.src.procs = append(c.src.procs, p)
	}
	for range c.r.IntN(8) {
		if len(c.src.procs) > 3 {
			c.src.end(c.src.procs[c.r.IntN(len(c.src.procs))].ID.PID, procfs.WaitStatus(c.r.IntN(20)))
		}
	}
	if c.r.IntN(6) == 0 {
		c.src.procs[0].State = procfs.State("SZ"[c.r.IntN(2)])
	}
	if fleet, ok := c.m.opts.Fleet.(*fakeFleet); ok {
		c.change(fleet)
	}
	c.sig.outcomes = []Outcome{{After: time.Second, Ended: c.r.IntN(2) == 0}}
}

// change makes containers better, worse, come and go.
func (c *chance) change(fleet *fakeFleet) {
	x := &fleet.all[c.r.IntN(len(fleet.all))]
	x.zombies, x.gained, x.exec, x.pids[0] = c.r.IntN(30), c.r.IntN(9)-4, c.r.IntN(20), c.r.IntN(100)
	x.comm = hostileNames[c.r.IntN(len(hostileNames))]
	switch c.r.IntN(6) {
	case 0:
		fleet.all = append(fleet.all, fakeContainer{names: container.Names{Name: x.comm, Engine: x.comm}, pid: c.r.IntN(3) * c.pid})
	case 1:
		if len(fleet.all) > 1 {
			fleet.all = fleet.all[1:]
		}
	}
}

// refreshAndKeep refreshes, and checks that a selected process that still has a row is
// still selected.
func (c *chance) refreshAndKeep() {
	c.t.Helper()
	before, ok := c.m.selected()
	c.refresh()
	if !ok || c.m.covered() || c.m.paused {
		return
	}
	if after, _ := c.m.selected(); c.shows(before.ID) && after.ID != before.ID {
		c.t.Fatalf("a refresh moved the selection from %v to %v:\n%s", before.ID, after.ID, c.screen())
	}
}

// shows reports whether the page has a row for the process.
func (c *chance) shows(id procfs.ID) bool {
	w := &c.m.world
	switch p := c.m.page().(type) {
	case containersPage:
		_, there := w.find(id)
		return there && slices.ContainsFunc(p.rows, func(x *node.Container) bool { return x.PID == id.PID && x.First().ID.Start == id.Start })
	case treePage:
		return p.rowOf(w, id) >= 0
	case zombiesPage:
		return slices.ContainsFunc(p.rows, func(r zombieRow) bool { return r.id(w).process() == id })
	case signalsPage:
		return slices.ContainsFunc(p.rows, func(i int) bool { return w.procs[i].ID == id })
	}
	return false
}
