package node

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/container"
	"yinit/procfs/doctor"
	"yinit/procfs/snapshot"
	"yinit/procfs/snapshot/filter"
	"yinit/procfs/verdict"
)

// made returns a container with processes that have these pids inside, the first one with
// this outcome of SIGTERM.
func made(name string, term verdict.Outcome, procs ...snapshot.Process) Container {
	first := snapshot.Process{ID: procfs.ID{PID: 1}, Comm: "app", State: procfs.StateSleeping, Threads: 1, Term: term}
	c := Container{Names: container.Names{Name: name}, PID: 100, hosts: []int{100}}
	c.View.Procs = append([]snapshot.Process{first}, procs...)
	c.Examine(doctor.Facts{Procs: c.View.Procs})
	return c
}

func dead(pid, culprit int) snapshot.Process {
	return snapshot.Process{ID: procfs.ID{PID: pid}, PPID: culprit, Culprit: culprit, Comm: "git", State: procfs.StateZombie, Threads: 1}
}

// TestSort puts what is wrong before what is well.
func TestSort(t *testing.T) {
	doubtful := made("doubtful", verdict.OutcomeTerminate)
	doubtful.Stop.Doubt = 1
	n := Node{Containers: []Container{
		made("good", verdict.OutcomeTerminate), made("slow", verdict.OutcomeIgnore),
		made("zombies", verdict.OutcomeTerminate, dead(7, 1)), made("also good", verdict.OutcomeTerminate), doubtful,
	}}
	n.Sort()
	var got []string
	for i := range n.Containers {
		got = append(got, n.Containers[i].Name)
	}
	if diff := cmp.Diff([]string{"slow", "zombies", "doubtful", "also good", "good"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	filter, err := filter.Parse("pid:100 good")
	if err != nil {
		t.Fatal(err)
	}
	if n.Choose(filter); len(n.Containers) != 2 {
		t.Errorf("%d containers match", len(n.Containers))
	}
	if c, inside := n.Where(100); c == nil || inside != 1 {
		t.Errorf("Where: %v, %d", c, inside)
	}
	if c, _ := n.Where(7); c != nil {
		t.Errorf("Where of a process on the host: %v", c.Name)
	}
}

func TestWords(t *testing.T) {
	unknown := made("x", verdict.OutcomeUnknown)
	stopped := made("x", verdict.OutcomeTerminate)
	stopped.Found = []doctor.Finding{{Level: doctor.Risk, What: "1 process is stopped"}, {}}
	kube := made("x", verdict.OutcomeIgnore)
	kube.PodUID = "2942c55e-c9cb-428a-93f4-eaf89c1f3ce0"
	kube.Examine(kube.Facts)
	set := made("x", verdict.OutcomeIgnore)
	set.HasTimeout, set.StopTimeout = true, 3*time.Second
	set.Examine(set.Facts)
	for name, tt := range map[string]struct {
		c                 Container
		stop, hard, worst string
		init              verdict.Answer
	}{
		"ends":       {made("x", verdict.OutcomeTerminate), "0s", "0", "", verdict.Unknown},
		"ignores":    {made("x", verdict.OutcomeIgnore), "10s", "1", "problem: PID 1 (app) does not react to SIGTERM", verdict.No},
		"handler":    {made("x", verdict.OutcomeHandler), "handler", "0", "", verdict.Unknown},
		"unknown":    {unknown, "?", "?1", "note: what PID 1 (app) does with SIGTERM could not be determined, so a stop cannot be foreseen", verdict.Unknown},
		"stopped":    {stopped, "0s", "0", "risk: 1 process is stopped (and 1 more)", verdict.Unknown},
		"kubernetes": {kube, "30s", "1", "problem: PID 1 (app) does not react to SIGTERM", verdict.No},
		"its own":    {set, "3s", "1", "problem: PID 1 (app) does not react to SIGTERM", verdict.No},
		"not there":  {Container{}, "?", "?", "its first process is not there", verdict.Unknown},
	} {
		c := &tt.c
		if c.StopText() != tt.stop || c.HardText() != tt.hard || c.WorstText() != tt.worst || c.Init() != tt.init {
			t.Errorf("%s: %q, %q, %q, %v", name, c.StopText(), c.HardText(), c.WorstText(), c.Init())
		}
	}
}

// TestZombies: the culprit is the one with most.
func TestZombies(t *testing.T) {
	c := made("x", verdict.OutcomeTerminate, dead(7, 0), dead(8, 1), dead(9, 1))
	c.Dead = map[procfs.ID]time.Duration{{PID: 8}: time.Minute}
	if diff := cmp.Diff(Tally{All: 3, Culprit: 1, Name: "app", Oldest: time.Minute}, c.Zombies()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestSignal: LXC and systemd-nspawn stop an init otherwise than Docker.
func TestSignal(t *testing.T) {
	for name, tt := range map[string]struct {
		engine  string
		blocked procfs.SignalSet
		want    int
		timeout time.Duration
	}{
		"docker":  {"docker", procfs.NewSignalSet(37), 0, doctor.DockerTimeout},
		"lxc":     {"lxc", 0, 30, time.Minute},
		"systemd": {"lxc", procfs.NewSignalSet(37), 37, time.Minute},
		"nspawn":  {"nspawn", 0, 9, 90 * time.Second},
		"boot":    {"nspawn", procfs.NewSignalSet(37), 37, 90 * time.Second},
	} {
		c := made("x", verdict.OutcomeHandler)
		c.Engine = tt.engine
		c.View.Procs[0].Sigs = procfs.Signals{Known: true, Blocked: tt.blocked}
		if n := c.Signal(); n != tt.want || c.Timeout() != tt.timeout {
			t.Errorf("%s: signal %d after %v, want %d after %v", name, n, c.Timeout(), tt.want, tt.timeout)
		}
	}
}
