package tui

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
)

// A binding is a line of the key table, from which the help is made too.
type binding struct {
	do     action
	keys   []string // as tea.KeyPressMsg.String has them
	title  string   // as people call them; "" keeps the line out of the help
	does   string
	writes bool // not with --readonly
}

var keyTable = [...]binding{
	{doUp, []string{"up"}, "Up", "previous row", false},
	{doDown, []string{"down", "j"}, "Down j", "next row", false},
	{doPageUp, []string{"pgup", "ctrl+b"}, "PgUp PgDn", "a page up or down", false},
	{doPageDown, []string{"pgdown", "ctrl+f"}, "", "", false},
	{doHome, []string{"home", "g"}, "Home g", "first row", false},
	{doEnd, []string{"end", "G"}, "End G", "last row", false},
	{doLeft, []string{"left", "h"}, "Left h", "hide what is below, or go to the parent", false},
	{doRight, []string{"right", "l"}, "Right l", "show what is below, or go to the child", false},
	{doFold, []string{"space"}, "Space", "hide or show what is below", false},
	{doDetails, []string{"enter", "kpenter"}, "Enter", "all about the process, signals by name", false},
	{doSignal, []string{"k", "f9"}, "k F9", "send a signal", true},
	{doFilter, []string{"/", "f4"}, "/ F4", "filter, see below", false},
	{doNextMatch, []string{"n", "f3"}, "n F3", "next match of the filter", false},
	{doBack, []string{"esc"}, "Esc", "close, or clear the filter", false},
	{doFlat, []string{"t", "f5"}, "t F5", "tree or flat list", false},
	{doSortNext, []string{">", "s", "f6"}, "< > s F6", "sort by another column", false},
	{doSortPrevious, []string{"<"}, "", "", false},
	{doFollow, []string{"f"}, "f", "follow: the process, or the newest record", false},
	{doNextPage, []string{"tab"}, "Tab 1 2", "the next page, or one by its number", false},
	{doPreviousPage, []string{"shift+tab"}, "", "", false},
	{doPause, []string{"p"}, "p", "pause, and go on", false},
	{doSlower, []string{"+"}, "+ -", "more or less time between refreshes", false},
	{doFaster, []string{"-"}, "", "", false},
	{doHelp, []string{"?", "f1"}, "? F1", "this help", false},
	{doQuit, []string{"q", "f10"}, "q F10", "quit; Ctrl-C too, from anywhere", false},
}

// actionOf is what a key does.
func actionOf(key string, readOnly bool) action {
	for i := range keyTable {
		b := &keyTable[i]
		for _, k := range b.keys {
			if k == key && !(b.writes && readOnly) {
				return b.do
			}
		}
	}
	if key == "k" { // Where it sends no signal it is what it is in vi.
		return doUp
	}
	return doNothing
}
