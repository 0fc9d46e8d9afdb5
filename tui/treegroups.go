package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// groupFrom is the number of like processes from which on they share a row.
const groupFrom = 5

// A groupKey is what the processes of a group have in common: zombies that the same
// process has not reaped, or what the same command started from outside.
type groupKey struct {
	culprit int
	command string
	outside bool
}

// A group is a number of like processes that share a row, that of the oldest one.
type group struct {
	key     groupKey
	members []int // indices in world.procs, in the order of the rows
	below   int   // how many descendants they have
	zombies int   // how many of these are zombies
}

// keyOf returns the group to which a process may belong.
func (w *world) keyOf(i int) (groupKey, bool) {
	p := &w.procs[i]
	switch {
	case w.ended(i):
	case p.Dead():
		return groupKey{culprit: p.Culprit, command: p.Comm}, true
	case p.Entered() && p.ID.PID != w.snap.Caller.PID:
		return groupKey{command: strings.Join(p.Cmdline, " "), outside: true}, true
	}
	return groupKey{}, false
}

// groups returns the groups of the processes in order that the user has not opened, by
// the index of their first member.
// With a filter, those from outside have a row each: one of their descendants may match.
func (t *treePage) groups(w *world, order []int, filtered bool) map[int]*group {
	if w.status.zombies < groupFrom && w.status.entered < groupFrom {
		return nil
	}
	byKey := map[groupKey]*group{}
	for _, i := range order {
		key, ok := w.keyOf(i)
		if !ok || t.opened[key] || key.outside && filtered {
			continue
		}
		g := byKey[key]
		if g == nil {
			g = &group{key: key}
			byKey[key] = g
		}
		g.members = append(g.members, i)
	}
	found := map[int]*group{}
	for _, g := range byKey {
		if len(g.members) >= groupFrom {
			found[g.members[0]] = g
		}
	}
	return found
}

// fold removes from order all members of groups but the first, and the descendants of
// all of them.
func (w *world) fold(order []int, groups map[int]*group) []int {
	if len(groups) == 0 {
		return order
	}
	in := make([]*group, len(w.procs)) // the group that hides a process
	member := make([]bool, len(w.procs))
	for _, g := range groups {
		for _, i := range g.members {
			in[i], member[i] = g, true
		}
	}
	hiding := func(i int) *group {
		var path []int
		for i >= 0 && in[i] == nil {
			path = append(path, i)
			i = w.parentIndex(i)
		}
		if i < 0 {
			return nil
		}
		for _, j := range path {
			in[j] = in[i]
		}
		return in[i]
	}
	return slices.DeleteFunc(order, func(i int) bool {
		g := hiding(i)
		if g == nil || groups[i] == g {
			return false
		}
		if !member[i] {
			g.below++
			if w.procs[i].Dead() {
				g.zombies++
			}
		}
		return true
	})
}

// groupSpans returns the command of the group with the number of its members.
func (w *world) groupSpans(g *group) []span {
	spans := w.commandSpans(&w.procs[g.members[0]])
	return append(spans, span{" " + w.glyphs().times + text.Count(len(g.members)), strong})
}

// groupNotes describes a group, longest first.
func (w *world) groupNotes(g *group) []string {
	first := &w.procs[g.members[0]]
	if g.key.outside {
		oldest := time.Duration(0)
		for _, i := range g.members {
			oldest = max(oldest, w.procs[i].Age)
		}
		from := explain.Entered(first)
		left := ""
		if g.below > 0 {
			left = ", " + text.Count(g.below) + " below"
		}
		if g.zombies > 0 {
			left += ", " + text.Plural(g.zombies, "zombie", "zombies")
		}
		return []string{from[0] + ", oldest " + text.Age(oldest) + left, from[0] + left, from[len(from)-1] + left}
	}
	oldest := time.Duration(0)
	ways := map[string]int{}
	for _, i := range g.members {
		oldest = max(oldest, w.deadFor(&w.procs[i]))
		ways[text.Ended(w.procs[i].Known, w.procs[i].Status)]++
	}
	all := text.Count(len(g.members)) + " zombies"
	how := mostFrequent(ways)
	since := ""
	if oldest > time.Second {
		since = ", oldest " + text.Age(oldest)
	}
	dot := w.glyphs().dot
	return []string{
		all + since + dot + how + dot + "not reaped by " + w.culprit(first),
		all + since + dot + "not reaped by " + w.culprit(first),
		all + since,
		all,
	}
}

// mostFrequent lists how processes ended, the most frequent way first, three at most.
func mostFrequent(ways map[string]int) string {
	names := make([]string, 0, len(ways))
	for name := range ways {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(ways[b], ways[a]), cmp.Compare(a, b)) })
	if len(names) == 1 {
		return "all " + names[0]
	}
	var parts []string
	for _, name := range names[:min(len(names), 3)] {
		parts = append(parts, text.Count(ways[name])+" "+name)
	}
	if len(names) > 3 {
		parts = append(parts, "...")
	}
	return strings.Join(parts, ", ")
}

// explainGroup says in a sentence what a group is.
func (w *world) explainGroup(g *group) string {
	first := &w.procs[g.members[0]]
	n := text.Count(len(g.members))
	if g.key.outside {
		return n + " times the same command from outside: if these are probes or docker exec sessions, they do not end. Right shows each."
	}
	return n + " zombies named " + w.text(first.Comm) + ": " + w.culprit(first) + " has not waited for them. Right shows each."
}

// deadFor returns how long a zombie has been dead, at least.
func (w *world) deadFor(p *snapshot.Process) time.Duration {
	since, ok := w.deadAt[p.ID]
	if !ok {
		return 0
	}
	return w.snap.Time.Sub(since)
}
