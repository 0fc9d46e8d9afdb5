package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/initcore/history"
	"yinit/initcore/history/historytest"
)

func TestHistoryFollows(t *testing.T) {
	u := newUser(t, 100, 20, Options{})
	u.press("2")
	add := func(n int) {
		for range n {
			seq := uint64(len(u.src.records) + 1)
			u.src.records = append(u.src.records, history.Record{Seq: seq, Time: noon.Add(time.Duration(seq) * time.Second), Kind: history.KindExit, PID: int(1000 + seq), Comm: "job", Known: true})
		}
		u.refresh()
	}
	add(100)
	u.sees("1100 [job]", "exited 0")
	add(1)
	u.sees("1101 [job]")
	u.press("up")
	u.seesNot("1101 [job]")
	top := u.m.pages[1].(historyPage).first
	add(keepEvents)
	if c := u.m.pages[1].(historyPage); c.top != 0 || c.first <= top {
		t.Errorf("when the records on the screen are forgotten, the first is %d at %d, want the oldest there is", c.first, c.top)
	}
	u.press("end")
	u.sees("9293 [job]")
	u.press("pgup")
	top = u.m.pages[1].(historyPage).first
	add(50)
	if c := u.m.pages[1].(historyPage); c.first != top {
		t.Errorf("while scrolled up the first record went from %d to %d", top, c.first)
	}
	u.sees("not following", "below")
	u.press("f")
	u.sees("9343 [job]")
	u.press("home", "down", "home", "end")
	u.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	u.sees("not following")
}

func TestHistoryFilter(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.src.records = events()
	u.refresh()
	u.sees("2 History•3")
	u.press("2")
	for filter, want := range map[string]int{
		"": 14, "exit!=0 kind:exit": 3, "kind:exit": 6, "kind:exit,signal": 8, "pid:55": 1, "GIT": 8, "oom exit!=0": 1, "nothing": 0,
	} {
		u.press("/", "ctrl+u").write(filter).press("enter")
		if got := len(u.m.pages[1].(historyPage).found); got != want {
			t.Errorf("the filter %q finds %d records, want %d", filter, got, want)
		}
	}
	u.press("1")
	u.sees("2 History ")
	u.seesNot("History•")
}

func TestHistoryLost(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.send(readMsg{hist: History{Lost: 12, Since: "kept by yinit"}})
	u.press("2")
	u.sees("kept by yinit · 12 records were overwritten before they were read")
}

// TestHistoryWords checks that the page uses the same words for records as the other
// outputs.
func TestHistoryWords(t *testing.T) {
	u := newUser(t, 200, 60, Options{})
	cases := slices.Concat(historytest.Deaths(), historytest.Signals(), historytest.Others())
	for i := range cases {
		cases[i].Record.Seq = uint64(i + 1)
		u.src.records = append(u.src.records, cases[i].Record)
	}
	u.refresh()
	u.press("2")
	for _, c := range cases {
		u.sees(c.Words...)
		line := u.m.world.recordLine(&c.Record)
		for _, words := range c.Words {
			if !strings.Contains(line, words) {
				t.Errorf("%s: the line is %q, want it to have %q", c.Name, line, words)
			}
		}
	}
}
