package tui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// crowd returns n processes: one in ten has children, and one in fifty is a zombie.
func crowd(n int) snapshot.Snapshot {
	src := newFakeSource()
	s, _ := src.Snapshot()
	s.Procs = make([]snapshot.Process, 0, n)
	for pid := 1; pid <= n; pid++ {
		state := "S"
		if pid%50 == 0 {
			state = "Z"
		}
		p := proc(pid, pid/10, "app", state, fmt.Sprintf("/usr/bin/python3 -m worker --number %d", pid), caught(15, 17))
		p.CPU, p.RSS = float64(pid%97)/100, procfs.Bytes(pid)*procfs.KiB
		s.Procs = append(s.Procs, p)
	}
	return s
}

func crowded(n int) Model {
	m, _ := New(nil, &fakeSignaller{}, Options{}).Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m, _ = m.Update(readMsg{snap: crowd(n)})
	return m.(Model)
}

func BenchmarkKeyPress10000(b *testing.B) {
	var m tea.Model = crowded(10000)
	keys := []tea.KeyPressMsg{keyPress("down"), keyPress("pgdown"), keyPress("up"), keyPress("end"), keyPress("pgup"), keyPress("home")}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m, _ = m.Update(keys[i%len(keys)])
		_ = m.View()
		i++
	}
}

func BenchmarkSnapshot10000(b *testing.B) {
	var m tea.Model = crowded(10000)
	s := crowd(10000)
	b.ReportAllocs()
	for b.Loop() {
		m, _ = m.Update(readMsg{snap: s})
		_ = m.View()
	}
}

func BenchmarkFilter10000(b *testing.B) {
	var m tea.Model = crowded(10000)
	m, _ = m.Update(keyPress("/"))
	b.ReportAllocs()
	for b.Loop() {
		m, _ = m.Update(keyPress("7"))
		_ = m.View()
		m, _ = m.Update(keyPress("backspace"))
		_ = m.View()
	}
}

// BenchmarkHistory8192 is a refresh of the page with as many records as top keeps.
func BenchmarkHistory8192(b *testing.B) {
	u := &user{src: newFakeSource()}
	for i := range keepEvents / 64 {
		u.burst(32, 10*time.Second, i%5, fmt.Sprintf("/usr/bin/python3 -m worker --number %d", i))
		u.burst(32, 7*time.Second, 0, "git gc --auto")
	}
	snap, _ := u.src.Snapshot()
	var m tea.Model = crowded(10)
	m, _ = m.Update(readMsg{snap: snap, hist: History{Records: u.src.records}})
	m, _ = m.Update(keyPress("2"))
	b.ReportAllocs()
	for b.Loop() {
		m, _ = m.Update(readMsg{snap: snap})
		_ = m.View()
	}
}
