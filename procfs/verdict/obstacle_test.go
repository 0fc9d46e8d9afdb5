package verdict_test

import (
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

func TestReadSent(t *testing.T) {
	set := procfs.NewSignalSet
	const quit = int(syscall.SIGQUIT)
	tree := func(p proctest.Process, wchan string, children ...proctest.Process) procfs.FS {
		tree := proctest.New(t)
		p.PID, p.Start = 7, 100
		tree.Process(p)
		tree.File("7/task/7/wchan", wchan)
		list := ""
		for i, c := range children {
			c.PID, c.PPID = 8+i, 7
			if c.PGRP == 0 {
				c.PGRP = 7
			}
			tree.Process(c)
			list += string(rune('8'+i)) + " "
		}
		tree.File("7/task/7/children", list)
		return tree.FS()
	}
	shell := func(comm string) proctest.Process {
		return proctest.Process{Comm: comm, Exe: "/bin/" + comm, Sigs: procfs.Signals{Caught: set(15), Ignored: set(quit)}}
	}
	child := func(comm string, start procfs.Ticks, s procfs.Signals) proctest.Process {
		return proctest.Process{Comm: comm, Start: start, Sigs: s}
	}
	plain, background := procfs.Signals{}, procfs.Signals{Ignored: set(2, quit)}
	catches := procfs.Signals{Caught: set(2, quit)}
	const waits = "waits for its child 8 (sleep), and runs its trap for SIGTERM only when that has ended"
	for _, tt := range []struct {
		name        string
		fs          procfs.FS
		does, which string
	}{
		{"it has no handler", tree(proctest.Process{}, "do_nanosleep"), "", ""},
		{"in state D", tree(proctest.Process{State: procfs.StateDisk}, "io_schedule"), "", "which does not end it while it is in uninterruptible sleep"},
		{"ignored", tree(proctest.Process{Sigs: procfs.Signals{Ignored: set(15)}}, "do_nanosleep"), "ignores SIGTERM", "which it ignores"},
		{"blocked, descriptors unreadable", tree(proctest.Process{Sigs: procfs.Signals{Blocked: set(15)}}, "do_nanosleep"), "", ""},
		{"handled", tree(proctest.Process{Sigs: procfs.Signals{Caught: set(15)}}, "do_nanosleep"), "", "which it handles"},
		{"stopped", tree(proctest.Process{State: procfs.StateStopped}, ""), "is stopped, so that SIGTERM waits", "which waits because it is stopped"},
		{"held", tree(proctest.Process{State: procfs.StateTraced}, ""), "is held by a debugger, so that SIGTERM waits", "which waits because a debugger holds it"},
		{"PID 1 below", tree(proctest.Process{NSpid: []int{7, 1}}, "do_nanosleep"), "has no handler for SIGTERM, and is PID 1 of its PID namespace: the kernel drops it", "which the kernel drops: it is PID 1 of its PID namespace, and has no handler"},
		{"a shell, in the foreground", tree(shell("bash"), "do_wait", child("sleep", 50, plain)), waits, "for which its trap waits until its child 8 (sleep) has ended"},
		{"a shell, in the background", tree(shell("bash"), "do_wait", child("sleep", 50, background)), "", "which it handles"},
		{"both", tree(shell("bash"), "do_wait", child("sleep", 50, plain), child("nginx", 60, background)), waits, "for which its trap waits until its child 8 (sleep) has ended"},
		{"a child with handlers", tree(shell("bash"), "do_wait", child("sleep", 50, catches)), "", "which it handles"},
		{"a child with handlers of dash", tree(shell("dash"), "do_wait", child("sleep", 50, catches)), waits, "for which its trap waits until its child 8 (sleep) has ended"},
		{"dash in wait", tree(shell("dash"), "sigsuspend", child("sleep", 50, catches)), "", "which it handles"},
		{"Node restores the defaults", tree(shell("bash"), "do_wait", child("node", 50, plain)), "", "which it handles"},
		{"a child of the trap", tree(shell("bash"), "do_wait", child("sleep", 200, plain)), "", "which it handles"},
		{"a child in another group", tree(shell("bash"), "do_wait", proctest.Process{Comm: "sleep", PGRP: 8}), "", "which it handles"},
		{"a zombie", tree(shell("bash"), "do_wait", proctest.Process{Comm: "sleep", State: procfs.StateZombie}), "", "which it handles"},
		{"it is no shell", tree(proctest.Process{Comm: "make", Sigs: procfs.Signals{Caught: set(15)}}, "do_wait", child("sleep", 50, plain)), "", "which it handles"},
	} {
		s, err := verdict.ReadSent(tt.fs, 7, 15, 2*time.Second)
		if err != nil || s.Obstacle.Does != tt.does || s.Obstacle.Which != tt.which {
			t.Errorf("%s: %v: %q, %q, %v, want %q, %q", tt.name, s.Outcome, s.Obstacle.Does, s.Obstacle.Which, err, tt.does, tt.which)
		}
	}
	dead := proctest.New(t)
	dead.Process(proctest.Process{PID: 7, State: procfs.StateZombie})
	if _, err := verdict.ReadSent(dead.FS(), 7, 15, 0); err == nil {
		t.Errorf("ReadSent of a zombie: no error")
	}
}

func TestAnswers(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 7, Sigs: procfs.Signals{Ignored: procfs.NewSignalSet(15), Caught: procfs.NewSignalSet(3)}})
	tree.File("7/task/7/wchan", "do_nanosleep")
	s, err := verdict.ReadSent(tree.FS(), 7, 15, 0)
	if got := s.Answers(15, 2, 3); err != nil || got != 3 {
		t.Errorf("Answers = %d, %v, want 3, for which there is a handler", got, err)
	}
	if got := s.Answers(15, 2, 1); got != 2 {
		t.Errorf("Answers = %d, want 2, which ends it", got)
	}
	if got := s.Answers(15); got != 0 {
		t.Errorf("Answers = %d, want 0", got)
	}
}
