package tui

import (
	"errors"
	"strings"
	"testing"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// fakeSaver keeps what it is told to save.
type fakeSaver struct {
	saved []Saved
	fail  error
}

func (s *fakeSaver) Save(saved Saved) (string, error) {
	s.saved = append(s.saved, saved)
	return "/tmp/yinit-\x1b.json", s.fail
}

// TestSave writes a snapshot, and says where it is or why there is none.
func TestSave(t *testing.T) {
	s := &fakeSaver{}
	u := newUser(t, 100, 30, Options{Saver: s})
	u.src.records = events()
	u.refresh()
	u.press("w")
	u.sees(`wrote it; get it out: docker cp CONTAINER:/tmp/yinit-\x1b.json .`)
	s.fail = errors.New("no snapshot: /: read-only file system")
	u.press("w")
	u.sees("no snapshot: /: read-only file system")
	if len(s.saved) != 2 || len(s.saved[0].Snapshot.Procs) != len(u.src.procs) || len(s.saved[0].History.Records) != len(u.src.records) || len(s.saved[0].Dead) == 0 {
		t.Errorf("it saved %+v", s.saved)
	}
	without := newUser(t, 80, 24, Options{})
	without.press("w")
	without.sees("there is nothing to write")
}

// TestCopyOut checks that the message about a snapshot says how to get it out of a container.
func TestCopyOut(t *testing.T) {
	for _, test := range []struct {
		host, path string
		width      int
		want       string
	}{
		{"0123456789ab", "/tmp/yinit-20261123-120000.json", 80, "wrote it; get it out: docker cp 0123456789ab:/tmp/yinit-20261123-120000.json ."},
		{"web", "/tmp/a.json", 80, "wrote it; get it out: docker cp CONTAINER:/tmp/a.json ."},
		{"web", "/tmp/a.json", 160, "wrote /tmp/a.json; yinit top --replay shows it; to get it out of the container: docker cp CONTAINER:/tmp/a.json ."},
		{"web", "/dev/shm/a.json", 80, "wrote it; get it out: docker exec CONTAINER cat /dev/shm/a.json > FILE"},
		{"web", "/tmp/yinit-20261123-120000.json", 40, "wrote /tmp/yinit-20261123-120000.json"},
	} {
		u := newUser(t, test.width, 24, Options{})
		u.src.host.Name = test.host
		u.refresh()
		u.send(savedMsg{path: test.path})
		u.sees(test.want)
	}
	// The host itself.
	u := newUser(t, 120, 24, Options{})
	u.src.procs = append(u.src.procs, proc(2, 0, "root", "S", "kthreadd", procfs.Signals{Known: true, Ignored: ^procfs.SignalSet(0)}))
	u.refresh()
	u.send(savedMsg{path: "/tmp/a.json"})
	u.sees("wrote /tmp/a.json; yinit top --replay shows it")
	u.seesNot("docker cp")
}

// TestReplay shows a snapshot: all keys that look work, and nothing is signalled or read.
func TestReplay(t *testing.T) {
	s := &fakeSaver{}
	live := newUser(t, 120, 40, Options{Saver: s})
	live.src.records = events()
	live.refresh()
	live.press("w")
	saved := s.saved[0]
	saved.Blame, _ = live.src.Zombies()

	u := &user{t: t, src: live.src, sig: &fakeSignaller{}}
	u.m = New(u.src, nil, Options{Replay: &saved})
	u.src.fail = errors.New("a replay reads nothing")
	u.send(live.size(120, 40))
	u.sees("REPLAY of 2026-11-23 12:00:0", "gunicorn", "IGNORE")
	live.press("home")
	for i, line := range strings.Split(u.screen(), "\n") {
		if want := strings.Split(live.screen(), "\n")[i]; i > 2 && i < 38 && strings.TrimRight(line, " ") != strings.TrimRight(want, " ") && !strings.Contains(want, "▌") {
			t.Errorf("line %d is %q, live it was %q", i, line, want)
		}
	}
	u.press("/").write("state:Z").press("enter")
	u.sees("filter: state:Z")
	u.press("esc", "end", "k")
	u.sees("no signals: this is a replay of 2026-11-23")
	u.press("p")
	u.sees("nothing is refreshed")
	u.press("+", "w")
	u.sees("the snapshot is the file itself")
	u.press("home", "enter")
	u.sees("parents")
	u.press("esc", "P", "tab")
	if cmd := u.m.Init(); cmd != nil {
		t.Error("a replay reads at the start")
	}
	if _, cmd := u.m.read(); cmd != nil {
		t.Error("a replay reads")
	}
	if len(u.sig.sent) > 0 {
		t.Errorf("it sent %v", u.sig.sent)
	}
}

// TestReplayOfNothing shows a file without processes, and one in which each is the other's
// parent.
func TestReplayOfNothing(t *testing.T) {
	loop := Saved{Snapshot: snapshot.Snapshot{Time: noon}}
	for _, pid := range []int{2, 3} {
		loop.Snapshot.Procs = append(loop.Snapshot.Procs, snapshot.Process{ID: procfs.ID{PID: pid}, PPID: 5 - pid, Culprit: 9, State: procfs.StateZombie, Comm: "\x1b[2J"})
	}
	for _, saved := range []*Saved{{}, {Snapshot: snapshot.Snapshot{Time: noon}}, &loop} {
		u := &user{t: t, src: newFakeSource(), sig: &fakeSignaller{}}
		u.src.procs = nil
		u.m = New(u.src, nil, Options{Replay: saved})
		for _, size := range sizes {
			u.send(u.size(size[0], size[1]))
			u.press("tab", "e", "esc", "enter", "esc", "?", "esc", "z", "tab", "k", "down")
		}
	}
}
