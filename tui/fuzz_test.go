package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/initcore/history"
	"yinit/procfs"
)

// FuzzUpdate sends a random session: each byte is a key, a size, or something
// that happens to the processes, and names come from the fuzzer too. The helper
// checks each frame.
func FuzzUpdate(f *testing.F) {
	f.Add([]byte("jjk\ryq?2/state:Z\r1tss<>n"), "\x1b[2J")
	f.Add([]byte{200, 201, 202, 203, 204, 205, 206, 'k', '\r', '\r', 'K', 'y', 207, 208}, "世界\u202e")
	f.Add([]byte("\r\x80\x81k\x1bh l/ignores:TERM\rn"), "e\u0301\u0301\u0301\u0301")
	f.Fuzz(func(t *testing.T, script []byte, name string) {
		if len(script) > 200 {
			return
		}
		u := newUser(t, 80, 24, Options{ASCII: len(name)%5 == 4, NoColor: len(name)%3 == 1})
		u.sig.outcomes = []Outcome{{State: procfs.StateSleeping, After: time.Second}, {Ended: true}}
		u.src.host.Name = name
		u.src.procs[5].Comm, u.src.procs[5].Cmdline = name, []string{name}
		u.src.procs[2].Comm, u.src.procs[1].User = name, name
		for i, b := range script {
			u.fuzzStep(int(b), i, name)
		}
		u.send(keyPress("ctrl+c"))
	})
}

func (u *user) fuzzStep(b, i int, name string) {
	switch {
	case b == '\r':
		u.pressFuzzed("enter")
	case b == 0x1b:
		u.pressFuzzed("esc")
	case b >= ' ' && b < 0x7f:
		u.pressFuzzed(string(rune(b)))
	case b < 16:
		u.pressFuzzed([]string{"up", "down", "left", "right", "pgup", "pgdown", "home", "end", "tab", "backspace", "f1", "f4", "f9", "enter", "esc", "down"}[b])
	case b >= 220:
		u.send(tea.WindowSizeMsg{Width: (b - 220) * 4, Height: i % 30})
	case b >= 210 && len(u.src.procs) > 3:
		u.src.end(u.src.procs[b%len(u.src.procs)].ID.PID, procfs.WaitStatus(b))
	case b >= 200:
		p := proc(300+i, u.src.procs[b%len(u.src.procs)].ID.PID, name+"x", string("SRZTDtX?"[b%8]), "x", caught(b%64))
		p.Comm, p.Cmdline = name, []string{name, name}
		u.src.procs = append(u.src.procs, p)
	case b >= 190:
		u.src.records = append(u.src.records, history.Record{Seq: uint64(len(u.src.records) + 1), Kind: history.Kind(b % 10), Action: history.Action(i % 7), Signal: i % 70, Comm: name, Text: name, To: []int{i}})
	case b >= 180:
		u.send(tea.MouseClickMsg{X: i, Y: b - 180, Button: tea.MouseLeft})
	case b >= 170:
		u.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	default:
		u.refresh()
	}
}

// pressFuzzed presses a key unless its command would wait for a tick, or quit.
func (u *user) pressFuzzed(key string) {
	cmd := u.send(keyPress(key))
	switch key {
	case "+", "-", "p", "q", "\x03":
		return
	}
	if u.m.menu.busy || u.m.menu.open() {
		u.run(cmd)
	}
}
