package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// A Notice is a message for the user, in the footer until the next key.
type Notice string

// read takes a snapshot and then reads the history. In this order the history has
// the deaths of all processes that are missing in the snapshot.
func read(src Source, fleet fleetOf, after uint64, more wants) tea.Cmd {
	return func() tea.Msg {
		msg := readMsg{src: src}
		msg.snap, msg.err = src.Snapshot()
		msg.hist, msg.histErr = src.History(after)
		if more.zombies {
			msg.blame, msg.blameErr = src.Zombies()
		}
		if more.node && fleet.Fleet != nil {
			var s *snapshot.Snapshot
			if fleet.whole && msg.err == nil {
				s = &msg.snap
			}
			msg.node, msg.nodeErr = fleet.Containers(s)
		}
		msg.closer = make(map[procfs.ID]*verdict.Target, len(more.targets))
		for _, id := range more.targets {
			if d, err := src.Details(id); err == nil && d.Target != nil {
				msg.closer[id] = d.Target
			}
		}
		return msg
	}
}

func tick(d time.Duration, gen int) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return tickMsg{gen} })
}

func inspect(src Source, id procfs.ID) tea.Cmd {
	return func() tea.Msg {
		d, err := src.Details(id)
		if err != nil {
			return detailsMsg{id: id, err: err}
		}
		more, err := src.Resources(id)
		return detailsMsg{id: id, d: d, more: more, moreErr: err}
	}
}

func hold(sig Signaller, ids []procfs.ID, menu int) tea.Cmd {
	return func() tea.Msg {
		target, errs := sig.Hold(ids)
		return heldMsg{menu, target, errs}
	}
}

// lookAll reads what decides the verdicts on the processes. Of many, it reads only some.
func lookAll(src Source, ids []procfs.ID, menu int) tea.Cmd {
	return func() tea.Msg {
		targets := make([]*verdict.Target, len(ids))
		for i := range min(len(ids), mostLookups) {
			if d, err := src.Details(ids[i]); err == nil {
				targets[i] = d.Target
			}
		}
		return lookedMsg{menu, targets}
	}
}

// send sends the signal, and tells when that was.
func send(t Target, signal, menu int, now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		at := now()
		return sentMsg{menu, at, t, t.Send(signal)}
	}
}

func watch(t Target, d time.Duration, menu int) tea.Cmd {
	return func() tea.Msg { return watchedMsg{menu, t, t.Watch(d)} }
}

func arm(d time.Duration, menu, asked int) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return armedMsg{menu, asked} })
}

// rest waits for the second click of a double click.
func rest(d time.Duration, clicks int) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return restMsg{clicks} })
}

// release closes t, which may be nil. The error of Close is ignored: the target is
// not used again.
func release(t Target) tea.Cmd {
	if t == nil {
		return nil
	}
	return func() tea.Msg {
		_ = t.Close()
		return nil
	}
}
