package tui

import (
	"slices"
	"strings"
)

// An action is what a key does.
type action uint8

const (
	doNothing action = iota
	doUp
	doDown
	doPageUp
	doPageDown
	doHome
	doEnd
	doLeft
	doRight
	doFold
	doNextMatch
	doFlat
	doSortNext
	doSortPrevious
	doSortCPU
	doSortMem
	doSortTime
	doSortPID
	doReverse
	doFollow
	doProblems
	doTag
	doTagTree
	doUntag
	doDetails
	doSecrets
	doExplain
	doShow
	doVerdicts
	doOnly
	doSnapshot
	doZombies
	doFilter
	doBack
	doSignal
	doPause
	doSlower
	doFaster
	doNextPage
	doPreviousPage
	doHelp
	doQuit
	doConfirm
	doErase
	doEraseWord
	doEraseAll
	doZoom
	doKill
	doEscalate
)

// A binding is an action and its keys. The help, the footer and the router all use
// it.
type binding struct {
	do     action
	keys   []string // as tea.KeyPressMsg.String names them
	title  string   // the names of the keys for the help; "": not in the help
	does   string   // what they do, for the help
	hint   string   // the same in a word or two, for the footer; "": not in the footer
	late   int      // by how many places earlier the footer omits it than its neighbours
	writes bool     // it changes something outside top; disabled by Options.ReadOnly
}

// A keyMap is the key table of a page or a pane.
type keyMap []binding

// The tables that several parts share. Those of a page are in its file. No letter
// moves the cursor: k opens the signal menu, and a user who expects vi's "up" there
// must not come close to SIGKILL by habit.
var (
	listKeys = keyMap{
		{do: doUp, keys: []string{"up"}, title: "Up Down", does: "previous or next row"},
		{do: doDown, keys: []string{"down"}},
		{do: doPageUp, keys: []string{"pgup"}, title: "PgUp PgDn", does: "one page up or down"},
		{do: doPageDown, keys: []string{"pgdown"}},
		{do: doHome, keys: []string{"home"}, title: "Home End", does: "first or last row"},
		{do: doEnd, keys: []string{"end"}},
	}
	// sortKeys are those of a page with a table.
	sortKeys = keyMap{
		{do: doSortNext, keys: []string{"s", ">", "f6"}, title: "s < > F6", does: "sort by another column", hint: "sort"},
		{do: doSortPrevious, keys: []string{"<"}},
		{do: doSortCPU, keys: []string{"P"}, title: "P M T I", does: "sort by CPU, memory, CPU time, pid"},
		{do: doSortMem, keys: []string{"M"}},
		{do: doSortTime, keys: []string{"T"}},
		{do: doSortPID, keys: []string{"I"}},
		{do: doReverse, keys: []string{"r"}, title: "r", does: "reverse the order"},
	}
	// orderKeys are those of a table that has few of the usual columns.
	orderKeys = keyMap{
		{do: doSortNext, keys: []string{"s", ">", "f6"}, title: "s < > F6", does: "sort by another column", hint: "sort"},
		{do: doSortPrevious, keys: []string{"<"}},
		{do: doSortPID, keys: []string{"I"}, title: "I", does: "sort by pid"},
		{do: doReverse, keys: []string{"r"}, title: "r", does: "reverse the order"},
	}
	// showKeys are those of a page other than the Tree whose rows are processes.
	showKeys = keyMap{
		{do: doShow, keys: []string{"t", "f5"}, title: "t F5", does: "show the process in the tree", hint: "in the tree"},
	}
	refreshKeys = keyMap{
		{do: doPause, keys: []string{"p"}, title: "p", does: "pause or resume", hint: "resume"},
		{do: doSlower, keys: []string{"+", "f8"}, title: "+ - F8 F7", does: "longer or shorter refresh interval"},
		{do: doFaster, keys: []string{"-", "f7"}},
		{do: doHelp, keys: []string{"?", "f1"}, title: "? F1", does: "this help", hint: "help"},
	}
	modelKeys = keyMap{
		{do: doNextPage, keys: []string{"tab"}, title: "Tab 1 2", does: "next page, or a page by its number"},
		{do: doPreviousPage, keys: []string{"shift+tab"}},
		{do: doSnapshot, keys: []string{"w"}, title: "w", does: "write all that is shown to a file, for --replay"},
		{do: doZombies, keys: []string{"z"}, title: "z", does: "show the zombies", hint: "zombies", late: 9},
		{do: doBack, keys: []string{"esc"}, title: "Esc", does: "close, or clear the filter", hint: "to the machine"},
		{do: doQuit, keys: []string{"q", "f10"}, title: "q F10", does: "quit; Ctrl-C too, from anywhere", hint: "quit"},
		{title: "Ctrl-Z", does: "suspend, where a shell can continue it"},
	}
	lineKeys = keyMap{
		{do: doConfirm, keys: []string{"enter", "kpenter"}, title: "Enter", hint: "keep"},
		{do: doBack, keys: []string{"esc"}, title: "Esc", hint: "clear"},
		{do: doErase, keys: []string{"backspace"}},
		{do: doEraseWord, keys: []string{"ctrl+w"}},
		{do: doEraseAll, keys: []string{"ctrl+u"}},
	}
)

// actionOf returns the action of a key in the first table that has the key, or
// doNothing.
func actionOf(key string, tables ...keyMap) action {
	for _, table := range tables {
		for i := range table {
			if slices.Contains(table[i].keys, key) {
				return table[i].do
			}
		}
	}
	return doNothing
}

// hints returns those keys of a table that matter, for the footer: "k signal". If there
// is no room for all, the last ones are omitted first, those of a lower rank before
// others. A click on a hint presses the first of its keys.
func hints(table keyMap, matters func(*binding) bool, rank int) []piece {
	var all []piece
	for i := range table {
		b := &table[i]
		if b.hint == "" || matters != nil && !matters(b) {
			continue
		}
		key, _, _ := strings.Cut(b.title, " ")
		p := piece{key: key, text: b.hint, rank: rank - len(all) - b.late}
		if len(b.keys) > 0 {
			p.press = b.keys[0]
		}
		all = append(all, p)
	}
	return all
}
