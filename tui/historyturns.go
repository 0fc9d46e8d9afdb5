package tui

import (
	"fmt"
	"slices"

	"yinit/initcore/history"
	"yinit/tui/text"
)

// mostBetween is how many records may be between two of a group that comes in turn with
// others.
const mostBetween = 4

// findTurns notes which groups come in turn with others, such as two programs that make
// each other fail: their rows alone do not tell. groups has the group of each record.
func findTurns(groups []*like) {
	seq := slices.DeleteFunc(slices.Clone(groups), func(g *like) bool { return g == nil })
	between := map[*like]map[*like]int{} // how often a group had a record between two of another
	for i, g := range seq {
		last := i - 1
		for last >= 0 && i-last <= mostBetween+1 && seq[last] != g {
			last--
		}
		if last < 0 || i-last > mostBetween+1 {
			continue
		}
		if between[g] == nil {
			between[g] = map[*like]int{}
		}
		for k := last + 1; k < i; k++ {
			if !slices.Contains(seq[last+1:k], seq[k]) {
				between[g][seq[k]]++
			}
		}
	}
	for g, others := range between {
		for h, n := range others {
			if n*4 >= 3*(g.members-1) && h.key.kind == g.key.kind {
				g.turns = append(g.turns, h)
			}
		}
	}
}

// inTurn says with what a group comes in turn: "in turn with exited 2", "in turn with git
// fetch"; "": with nothing.
func (g *like) inTurn(w *world) string {
	switch {
	case len(g.turns) == 0:
		return ""
	case len(g.turns) > 1:
		return fmt.Sprintf("in turn with %d other rows", len(g.turns))
	}
	h := g.turns[0]
	if h.key.title == g.key.title {
		return "in turn with " + h.how(w)
	}
	return "in turn with " + h.key.title
}

// count says what happened to each of the group, and how many they are: "exited 1 × 37".
func (g *like) count(w *world) string {
	return g.how(w) + " " + w.glyphs().times + " " + text.Count(g.members)
}

// how says what happened to each of the group.
func (g *like) how(w *world) string {
	r := &w.events[g.newest]
	switch all := r.Parts(); {
	case r.Kind == history.KindAdopt:
		return "orphans"
	case len(all) > 0:
		return all[0].Text
	}
	return "started"
}

// times says when the first and the last of them came: "11:50:01 to 11:59:37".
func (g *like) times(w *world) string {
	const clock = "15:04:05"
	return w.timeOf(&w.events[g.first]).Format(clock) + " to " + w.timeOf(&w.events[g.newest]).Format(clock)
}
