package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"yinit/procfs"
	"yinit/procfs/container"
	"yinit/procfs/doctor"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// A fakeFleet is the containers of a machine whose processes the fake source has.
type fakeFleet struct {
	src    *fakeSource // of the machine
	all    []fakeContainer
	later  []fakeContainer // that have not started
	failed error           // of the next looks
	inside *fakeSource
	opened int // how many containers are open
	looks  int
	whole  int // looks that used the snapshot of the machine
}

// A fakeContainer is a container in a few words.
type fakeContainer struct {
	names   container.Names
	pid     int
	comm    string
	sigs    procfs.Signals
	zombies int
	gained  int
	pids    [2]int // used, limit
	oom     uint64
	exec    int
	denied  bool
}

func (f *fakeFleet) Containers(s *snapshot.Snapshot) (*node.Node, error) {
	f.looks++
	if s != nil {
		f.whole++
	}
	if f.failed != nil {
		return nil, f.failed
	}
	n := &node.Node{Time: noon.Add(f.src.now), Processes: 120, Hidden: min(1, len(f.all))}
	for i := range f.all {
		n.Containers = append(n.Containers, f.all[i].look(n.Time))
	}
	n.Sort()
	return n, nil
}

// look makes what a look finds, with the true doctor.
func (x *fakeContainer) look(now time.Time) node.Container {
	sigs := x.sigs
	sigs.Known = true
	first := proc(1, 0, "root", "S", "x", sigs)
	first.Comm, first.Cmdline = x.comm, []string{x.comm}
	first.ID.Start, first.Age = procfs.Ticks(100+x.pid), 3*time.Hour
	view := snapshot.Snapshot{Time: now, Caller: verdict.Anyone(), Procs: []snapshot.Process{first, proc(7, 1, app, "S", "job", procfs.Signals{Known: true})}}
	dead := map[procfs.ID]time.Duration{}
	for i := range x.zombies {
		z := proc(20+i, 7, app, "Z", "git", procfs.Signals{})
		z.Cmdline, z.Culprit = nil, 7
		view.Procs, dead[z.ID] = append(view.Procs, z), time.Minute
	}
	for i := range x.exec {
		p := proc(5000+i, 0, "root", "S", "sh -c /health", procfs.Signals{Known: true})
		p.Outside, p.Age = true, time.Hour
		view.Procs = append(view.Procs, p)
	}
	for i := range view.Procs {
		p := &view.Procs[i]
		t := verdict.NewTarget(&procfs.Stat{PID: p.ID.PID, Start: p.ID.Start, Comm: p.Comm, State: p.State, Threads: 1, PPID: p.PPID},
			&procfs.Status{Sigs: p.Sigs, NSpid: []int{30000 + p.ID.PID, p.ID.PID}})
		for j := range t.Tasks {
			t.Tasks[j].Sigwait = verdict.No
		}
		t.FDsRead = true
		p.Target = t
		p.Term, _ = verdict.Of(t, 15, verdict.Anyone())
	}
	view.Host.Init, view.Host.Pids, view.Host.PidsMax = x.comm, x.pids[0], x.pids[1]
	c := node.Container{Names: x.names, PID: x.pid, NS: fmt.Sprintf("pid:[%d]", 4026530000+x.pid), View: view, Dead: dead, Gained: x.gained, GainedIn: time.Minute}
	c.Checks.OOMKills = x.oom
	c.Examine(doctor.Facts{Procs: view.Procs, Host: view.Host, Now: now, Checks: c.Checks})
	return c
}

func (f *fakeFleet) Enter(pid int) (Inside, error) {
	at := slices.IndexFunc(f.all, func(c fakeContainer) bool { return c.pid == pid })
	if at < 0 || f.all[at].denied {
		return Inside{}, errors.New("no permission to look into the container of process " + fmt.Sprint(pid))
	}
	f.opened++
	f.inside = newFakeSource()
	f.inside.now = f.src.now
	return Inside{Source: f.inside, Signaller: &fakeSignaller{}, Close: func() { f.opened-- }}, nil
}

// fleetOfFive has five containers, each with another trouble.
func fleetOfFive(src *fakeSource) *fakeFleet {
	docker := func(name, digit string) container.Names {
		return container.Names{Name: name, Engine: "docker", ID: strings.Repeat(digit, 64), Image: name + ":1"}
	}
	pod := container.Names{Name: "app", Engine: "containerd", ID: strings.Repeat("3", 64), Pod: "web-5d4f", PodNS: "shop", PodUID: "11111111-2222-3333-4444-555555555555", QoS: "burstable"}
	hostile := docker("世界\x1b[31m\u202eevil", "5")
	return &fakeFleet{src: src, all: []fakeContainer{
		{names: docker("worker", "1"), pid: 9012, comm: "sh", zombies: 4, gained: 3, pids: [2]int{95, 100}},
		{names: docker("cache", "2"), pid: 1012, comm: "redis-server", sigs: caught(15), pids: [2]int{8, 0}},
		{names: pod, pid: 20033, comm: "node", sigs: caught(15), zombies: 1, oom: 2, exec: 2, pids: [2]int{41, 64}},
		{names: docker("locked", "4"), pid: 700, comm: "sleep", denied: true},
		{names: hostile, pid: 800, comm: "a\nb", sigs: caught(15)},
	}}
}

// newNodeUser is a user on a machine with containers.
func newNodeUser(t *testing.T, width, height int, o Options) (*user, *fakeFleet) {
	t.Helper()
	src := newFakeSource()
	fleet := fleetOfFive(src)
	if o.NoneYet {
		fleet.all, fleet.later = nil, fleet.all
	}
	o.Fleet = fleet
	u := newUserOf(t, src, width, height, o)
	src.procs = append(src.procs, proc(9012, 1, "root", "S", "sh", caught()))
	src.procs[len(src.procs)-1].ID.Start = 100 + 9012
	src.records = events()
	u.refresh()
	return u, fleet
}

// TestContainersPage looks at the rows, and at what is selected from one look to the next.
func TestContainersPage(t *testing.T) {
	u, fleet := newNodeUser(t, 160, 40, Options{})
	u.sees("0 Containers•2", "5 containers", "1 hidden from this user", "worker", "shop/web-5d4f/app", "NO", "95/100", "世界\\x1b[31m")
	if got := u.selected(); got != 9012 {
		t.Errorf("selected %d, want the first process of the worst container", got)
	}
	if fleet.looks == 0 || fleet.whole != fleet.looks {
		t.Errorf("%d looks, %d with the snapshot", fleet.looks, fleet.whole)
	}
	u.press("k").sees("signal to 9012 sh, PID 1 of worker (this process only)")
	u.press("esc")
	u.press("down", "down")
	p := u.m.page().(containersPage)
	chosen := p.chosen
	fleet.all[1].zombies = 9 // It becomes worse, and moves up.
	u.refresh()
	if p := u.m.page().(containersPage); p.chosen != chosen || idOf(p.current()) != chosen {
		t.Errorf("the selection moved from %v to %v", chosen, p.chosen)
	}
	u.press("/").write("cache").press("enter")
	u.sees("filter: cache", "redis-server")
	u.seesNot("worker ")
	u.press("esc", "1").sees("1 Tree")
	before := fleet.looks
	u.refresh()
	if fleet.looks != before {
		t.Error("it looks at the containers although no page shows them")
	}
}

// TestContainersStale: rows that are not of now say of when they are.
func TestContainersStale(t *testing.T) {
	u, fleet := newNodeUser(t, 120, 30, Options{})
	u.seesNot("as of")
	fleet.failed = errors.New("no more open files")
	u.refresh()
	u.sees("as of 12:00:0", "no more open files", "worker")
	fleet.failed = nil
	u.refresh()
	u.seesNot("as of", "no more")
	u.press("1")
	for range 9 {
		u.refresh()
	}
	u.send(keyPress("0")) // The read that it starts has not ended.
	u.sees("as of 12:00:0")
	u.refresh()
	u.seesNot("as of")
}

// TestZoom looks into a container: all other pages show it, and Esc leads back.
func TestZoom(t *testing.T) {
	u, fleet := newNodeUser(t, 120, 30, Options{})
	u.press("home", "enter")
	if fleet.opened != 1 || u.m.src != Source(fleet.inside) || u.m.at != 1 {
		t.Fatalf("%d open, page %d:\n%s", fleet.opened, u.m.at, u.screen())
	}
	u.sees("in worker", "gunicorn", "to the machine")
	if at := u.m.world.facts.Place; at.Target != "worker" {
		t.Errorf("an advice leads to %+v, want worker", at)
	}
	fleet.inside.procs[0].Comm, fleet.inside.host.Init = "inner", "inner"
	u.refresh()
	u.sees("inner up")
	u.press("0").sees("in worker", "0 Containers")
	if fleet.whole == fleet.looks {
		t.Error("the snapshot of a container was taken for that of the machine")
	}
	u.press("end", "enter") // another container, without a way back between
	if fleet.opened != 1 {
		t.Errorf("%d containers are open", fleet.opened)
	}
	u.press("/").write("git").press("enter", "esc").sees("in ")
	u.press("esc")
	if fleet.opened != 0 || u.m.src != Source(u.src) || u.m.at != 0 {
		t.Fatalf("%d open, page %d:\n%s", fleet.opened, u.m.at, u.screen())
	}
	u.seesNot("in worker")
	u.press("5").press("esc").sees("Doctor")
}

// TestZoomEnded: the container ends while it is shown.
func TestZoomEnded(t *testing.T) {
	u, fleet := newNodeUser(t, 100, 30, Options{})
	u.press("home", "enter")
	fleet.inside.procs = nil
	u.refresh()
	u.sees("worker has ended", "to the machine")
	u.seesNot("mem ", "up 3d")
	for range 9 { // The rows of the processes that have just ended stay for a moment.
		u.refresh()
	}
	for _, page := range []string{"1", "3", "5"} {
		u.press(page).sees("worker has ended. Esc leads back to the machine.")
		u.seesNot("No process matches", "can be foreseen")
	}
	u.press("esc").sees("CONTAINER")
}

// TestZoomDenied says why a container cannot be looked into.
func TestZoomDenied(t *testing.T) {
	u, fleet := newNodeUser(t, 100, 30, Options{})
	u.press("/").write("locked").press("enter", "enter")
	u.sees("no permission to look into the container of process 700")
	if fleet.opened != 0 || u.m.outer != nil {
		t.Error("it is open")
	}
}

// TestZoomLate: what was asked for before the user looked elsewhere changes nothing.
func TestZoomLate(t *testing.T) {
	u, fleet := newNodeUser(t, 100, 30, Options{})
	late := read(u.m.src, u.m.fleet(), u.m.world.next, u.m.wants())()
	u.m.reading = true
	u.press("home", "enter")
	inner := u.m.world.snap.Time
	u.send(late)
	if u.m.world.snap.Time != inner || u.m.world.where == "" {
		t.Error("a read of the machine was taken for one of the container")
	}
	if u.m.outer.reading {
		t.Error("the machine would never be read again")
	}
	late = read(u.m.src, u.m.fleet(), u.m.world.next, u.m.wants())()
	u.press("esc")
	u.send(late)
	if u.m.world.where != "" || u.m.src != Source(u.src) || fleet.opened != 0 {
		t.Error("a read of the container came back")
	}
}

// TestZoomBack: until the machine is read again, the screen says of when the rows are.
func TestZoomBack(t *testing.T) {
	u, _ := newNodeUser(t, 120, 30, Options{})
	u.press("home", "enter")
	for range 5 {
		u.refresh()
	}
	u.send(keyPress("esc")) // The read that it starts has not ended.
	u.sees("as of " + u.m.world.snap.Time.Format("15:04:05"))
	u.refresh()
	u.seesNot("as of")
}

// TestContainersInFull shows all about a container.
func TestContainersInFull(t *testing.T) {
	u, _ := newNodeUser(t, 100, 40, Options{})
	u.press("home", "space")
	u.sees("worker (docker 111111111111)", "takes the full 10s", "problem", "do ", "worker:1")
	u.press("esc").sees("CONTAINER")
}

func (u *user) names() (all []string) {
	for _, c := range u.m.page().(containersPage).rows {
		all = append(all, c.Label())
	}
	return all
}

// TestContainersOrder sorts by each column, and back.
func TestContainersOrder(t *testing.T) {
	u, _ := newNodeUser(t, 250, 40, Options{})
	worst := u.names()
	for range len(containerColumns) {
		u.press("s")
		if p := u.m.page().(containersPage); p.by != byWorst && p.sorting() == "" {
			t.Error("the order is not told")
		}
	}
	if got := u.names(); !slices.Equal(got, worst) {
		t.Errorf("%v, want %v again", got, worst)
	}
	u.press("I")
	if got := u.names(); got[0] != "locked" {
		t.Errorf("by pid: %v", got)
	}
}

// TestZoomClicks: a click on a container long after another one, with a look into it in between, is
// no double click, and neither are clicks on two containers.
func TestZoomClicks(t *testing.T) {
	u, fleet := newNodeUser(t, 140, 30, Options{})
	click := func(words string) { // The time for a double click does not pass.
		for y, line := range strings.Split(u.screen(), "\n") {
			if i := strings.Index(line, words); i >= 0 {
				cmd := u.send(tea.MouseClickMsg{X: ansi.StringWidth(line[:i]), Y: y, Button: tea.MouseLeft})
				if !u.m.clicks.open { // It was a double click.
					u.run(cmd)
				}
				return
			}
		}
		t.Fatalf("there is no %q:\n%s", words, u.screen())
	}
	click("cache")
	u.press("enter")
	u.send(restMsg{clicks: u.m.clicks.n})
	u.press("esc")
	click("cache")
	if u.m.outer != nil {
		t.Errorf("a click zooms:\n%s", u.screen())
	}
	u.send(restMsg{clicks: u.m.clicks.n})
	u.press("enter", "0")
	click("worker")
	opened := fleet.inside
	click("cache")
	if fleet.inside != opened {
		t.Errorf("clicks on two containers zoom:\n%s", u.screen())
	}
}
