package tui

import (
	"strings"

	"yinit/initcore/history"
	"yinit/procfs/snapshot"
)

// stopSignal returns the signal that asks p to end: the stop signal of a program of the
// init, SIGTERM for any other process.
func (w *world) stopSignal(p *snapshot.Process) int {
	parent, ok := w.parent(p)
	for i := len(w.events) - 1; ok && i >= 0; i-- {
		r := &w.events[i]
		if r.PID != p.ID.PID {
			continue
		}
		if r.Kind == history.KindStart && r.PPID == parent.ID.PID && r.StopSignal != 0 {
			return r.StopSignal
		}
		if r.Kind == history.KindStart || r.Kind == history.KindExit {
			break // The record is about an earlier process with this pid.
		}
	}
	return sigTERM
}

// fromOutside says what ends a PID 1 that nothing inside its PID namespace can kill, at
// length and in brief.
func (w *world) fromOutside() (long, brief string) {
	if i, ok := w.byPID[2]; ok && w.procs[i].KernelThread() {
		return "SIGKILL and SIGSTOP have no effect on PID 1, and this is the one of the machine: it ends with a shutdown.",
			"SIGKILL has no effect on PID 1."
	}
	name := w.containerName()
	return "SIGKILL and SIGSTOP from inside have no effect on PID 1. From outside: docker stop " + name + ", docker kill " + name + ", kubectl delete pod, or kill on the host.",
		"SIGKILL only from outside: docker kill"
}

// containerName returns the name of the container for a command, if its host name tells it.
func (w *world) containerName() string {
	if isContainerID(w.snap.Host.Name) {
		return w.snap.Host.Name
	}
	return "CONTAINER"
}

// isContainerID reports whether a host name is what Docker chooses: the beginning of the
// ID of the container.
func isContainerID(name string) bool {
	return len(name) == 12 && strings.Trim(name, "0123456789abcdef") == ""
}

// remedy says what a signal to the process that has not reaped its zombies is good for.
func (w *world) remedy(culprit int) string {
	if culprit == 1 {
		return "SIGCHLD may remind it of its children."
	}
	if w.program(culprit) {
		return "It is the container's program: if it ends, the container ends."
	}
	init := "PID 1"
	if i, ok := w.byPID[1]; ok {
		if n, _ := w.procs[i].Target.Relayed(sigTERM, w.procs[i].Term); n != 0 {
			return "If it ends, yinit gets its zombies and reaps them."
		}
	}
	return "If it ends, " + init + " gets its zombies, and an init reaps them."
}
