package verdict_test

import (
	"math/rand/v2"
	"testing"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

func TestOrphaned(t *testing.T) {
	stat := func(pid, ppid, pgrp, session int) procfs.Stat {
		return procfs.Stat{PID: pid, PPID: ppid, PGRP: pgrp, Session: session, State: 'S', Threads: 1}
	}
	init, shell := stat(1, 0, 1, 1), stat(5, 1, 5, 5)
	dead := stat(8, 5, 7, 5)
	dead.State = 'Z'
	const kthread = 0x00200000
	kthreadd := procfs.Stat{PID: 2, Flags: kthread, State: 'S', Threads: 1}
	for name, test := range map[string]struct {
		pgrp  int
		stats []procfs.Stat
		want  verdict.Answer
	}{
		"a job of a shell":                   {7, []procfs.Stat{init, shell, stat(7, 5, 7, 5)}, verdict.No},
		"its shell is gone":                  {7, []procfs.Stat{init, stat(7, 1, 7, 5)}, verdict.Yes},
		"one of two has a parent outside":    {7, []procfs.Stat{init, shell, stat(7, 1, 7, 5), stat(8, 5, 7, 5)}, verdict.No},
		"only a zombie has":                  {7, []procfs.Stat{init, shell, stat(7, 1, 7, 5), dead}, verdict.Yes},
		"a session of its own":               {5, []procfs.Stat{init, shell}, verdict.Yes},
		"the parent is of another session":   {7, []procfs.Stat{init, shell, stat(7, 5, 7, 7)}, verdict.Yes},
		"child of init, same session":        {7, []procfs.Stat{init, stat(7, 1, 7, 1)}, verdict.No},
		"the same on the host":               {7, []procfs.Stat{init, kthreadd, stat(7, 1, 7, 1)}, verdict.Yes},
		"from outside, session inside":       {7, []procfs.Stat{init, stat(7, 0, 7, 7)}, verdict.Yes},
		"from outside, session outside":      {7, []procfs.Stat{init, stat(7, 0, 7, 0)}, verdict.Unknown},
		"both sessions outside":              {7, []procfs.Stat{stat(1, 0, 0, 0), stat(7, 1, 7, 0)}, verdict.Unknown},
		"session 0 of the host":              {7, []procfs.Stat{stat(1, 0, 0, 0), kthreadd, stat(5, 1, 5, 0), stat(7, 5, 7, 0)}, verdict.No},
		"group 0 of the host":                {0, []procfs.Stat{stat(1, 0, 0, 0), kthreadd, stat(5, 1, 5, 0), stat(7, 5, 0, 0)}, verdict.No},
		"the parent is hidden":               {7, []procfs.Stat{init, stat(7, 6, 7, 5)}, verdict.Unknown},
		"hidden, but another one is not":     {7, []procfs.Stat{init, shell, stat(7, 6, 7, 5), stat(8, 5, 7, 5)}, verdict.No},
		"init is hidden":                     {5, []procfs.Stat{stat(4, 1, 4, 4), stat(5, 4, 5, 5)}, verdict.Unknown},
		"the leader of the group is outside": {0, []procfs.Stat{init, stat(7, 1, 0, 0)}, verdict.Unknown},
		"a group without members":            {9, []procfs.Stat{init}, verdict.Yes},
		"main thread ended, others keep it":  {7, []procfs.Stat{init, shell, {PID: 7, PPID: 5, PGRP: 7, Session: 5, State: 'Z', Threads: 2}}, verdict.No},
		"no process at all":                  {7, nil, verdict.Unknown},
	} {
		if got := verdict.NewGroups(pointers(test.stats)).Orphaned(test.pgrp); got != test.want {
			t.Errorf("%s: Orphaned = %v, want %v", name, got, test.want)
		}
	}
}

// crowd returns a container with n processes: sessions, their groups, orphans,
// zombies, and processes that were started from outside.
func crowd(n int) []procfs.Stat {
	r := rand.New(rand.NewPCG(1, 2))
	stats := []procfs.Stat{{PID: 1, PGRP: 1, Session: 1, State: 'S', Threads: 1}}
	for pid := 2; len(stats) < n; pid++ {
		parent := stats[r.IntN(len(stats))]
		s := procfs.Stat{PID: pid, PPID: parent.PID, PGRP: parent.PGRP, Session: parent.Session, State: 'S', Threads: 1}
		switch r.IntN(8) {
		case 0:
			s.Session, s.PGRP = pid, pid
		case 1, 2:
			s.PGRP = pid
		case 3:
			s.State = 'Z'
		case 4:
			s.PPID = 1
		case 5:
			s.PPID = []int{0, n + pid}[r.IntN(2)] // from outside, or hidden
		}
		stats = append(stats, s)
	}
	return stats
}

// TestGroupsOfACrowd compares Groups with a direct examination of the members of each
// group.
func TestGroupsOfACrowd(t *testing.T) {
	stats := crowd(10_000)
	byPID, members := map[int]procfs.Stat{}, map[int][]procfs.Stat{}
	for _, s := range stats {
		byPID[s.PID] = s
		members[s.PGRP] = append(members[s.PGRP], s)
	}
	groups := verdict.NewGroups(pointers(stats))
	seen := map[verdict.Answer]int{}
	for pgrp, all := range members {
		want := verdict.Yes
		for _, s := range all {
			parent, known := byPID[s.PPID]
			switch {
			case s.State == 'Z' || want == verdict.No:
			case known && parent.Session == s.Session && parent.PGRP != pgrp:
				want = verdict.No
			case !known && s.PPID != 0:
				want = verdict.Unknown
			}
		}
		seen[want]++
		if got := groups.Orphaned(pgrp); got != want {
			t.Errorf("group %d of %d processes: Orphaned = %v, want %v", pgrp, len(all), got, want)
		}
	}
	if len(seen) != 3 {
		t.Errorf("the crowd has only groups like %v", seen)
	}
}

func pointers(stats []procfs.Stat) []*procfs.Stat {
	all := make([]*procfs.Stat, len(stats))
	for i := range stats {
		all[i] = &stats[i]
	}
	return all
}

// BenchmarkGroups looks up the group of each of 10,000 processes.
func BenchmarkGroups(b *testing.B) {
	stats := crowd(10_000)
	b.ReportAllocs()
	for b.Loop() {
		groups := verdict.NewGroups(pointers(stats))
		for i := range stats {
			groups.Orphaned(stats[i].PGRP)
		}
	}
}
