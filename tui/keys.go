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
	doFollow
	doDetails
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
	doKill
)

// A binding is an action and its keys. The help, the footer and the router all use
// it.
type binding struct {
	do     action
	keys   []string // as tea.KeyPressMsg.String names them
	title  string   // the names of the keys for the help; "": not in the help
	does   string   // what they do, for the help
	hint   string   // the same in a word or two, for the footer; "": not in the footer
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
	refreshKeys = keyMap{
		{do: doPause, keys: []string{"p"}, title: "p", does: "pause or resume"},
		{do: doSlower, keys: []string{"+"}, title: "+ -", does: "longer or shorter refresh interval"},
		{do: doFaster, keys: []string{"-"}},
		{do: doHelp, keys: []string{"?", "f1"}, title: "? F1", does: "this help", hint: "help"},
	}
	modelKeys = keyMap{
		{do: doNextPage, keys: []string{"tab"}, title: "Tab 1 2", does: "next page, or a page by its number"},
		{do: doPreviousPage, keys: []string{"shift+tab"}},
		{do: doBack, keys: []string{"esc"}, title: "Esc", does: "close, or clear the filter"},
		{do: doQuit, keys: []string{"q", "f10"}, title: "q F10", does: "quit; Ctrl-C too, from anywhere", hint: "quit"},
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

// hints returns the most important keys for the footer: "k signal". If there is no
// room for all, the last ones are omitted first, those of a lower rank before others.
func hints(table keyMap, readOnly bool, rank int) []piece {
	var all []piece
	for _, b := range table {
		if b.hint == "" || b.writes && readOnly {
			continue
		}
		key, _, _ := strings.Cut(b.title, " ")
		all = append(all, piece{text: key + " " + b.hint, rank: rank - len(all), style: faint})
	}
	return all
}
