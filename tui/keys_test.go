package tui

import (
	"slices"
	"strings"
	"testing"
)

// parts are the key tables that are searched together, in this order.
func parts() map[string][]keyMap {
	all := map[string][]keyMap{
		"filter line": {lineKeys, listKeys}, "reasons": {reasonsKeys, listKeys, refreshKeys}, "details": {detailKeys, listKeys, refreshKeys}, "help": {listKeys},
		"menu, choose": {chooseKeys, listKeys}, "menu, offer": {offerKeys}, "menu, confirm": {confirmKeys}, "menu, confirm with y": {riskyKeys}, "menu, watch": {watchKeys}, "menu, report": {reportKeys},
	}
	for _, p := range newPages(Options{}) {
		all[p.name()] = append(p.keys(), listKeys, refreshKeys, modelKeys)
	}
	return all
}

// TestKeysMeanOneThing checks that no key has two meanings in one part, where the
// second could never be reached, and that no table uses Ctrl-C, which always quits.
func TestKeysMeanOneThing(t *testing.T) {
	for part, tables := range parts() {
		seen := map[string]action{}
		for _, b := range slices.Concat(tables...) {
			for _, key := range b.keys {
				if other, ok := seen[key]; ok {
					t.Errorf("%s: the key %q means %d and %d", part, key, other, b.do)
				}
				seen[key] = b.do
			}
			if len(b.keys) > 0 && b.do == doNothing {
				t.Errorf("%s: the keys %q do nothing", part, b.keys)
			}
		}
		if _, ok := seen["ctrl+c"]; ok {
			t.Errorf("%s has a meaning for ctrl+c", part)
		}
	}
}

// TestKeysInHelp checks that the help describes each key of a page.
func TestKeysInHelp(t *testing.T) {
	for _, p := range newPages(Options{}) {
		told := ""
		for _, b := range slices.Concat(append(p.keys(), listKeys, refreshKeys, modelKeys)...) {
			if (b.title == "") != (b.does == "") {
				t.Errorf("%s: %q has the title %q and the text %q, want both or none", p.name(), b.keys, b.title, b.does)
			}
			told += " " + strings.ToLower(b.title)
			for _, key := range b.keys {
				word := map[string]string{"pgdown": "pgdn", "kpenter": "enter", "shift+tab": "tab"}[key]
				if word == "" {
					word = strings.ToLower(key)
				}
				if !slices.Contains(strings.Fields(told), word) && b.title != "" {
					t.Errorf("%s: the key %q is not in the title %q", p.name(), key, b.title)
				}
			}
		}
	}
}

// TestNoLettersOfVi checks that vi's letters do not move the cursor, because k opens
// the signal menu.
func TestNoLettersOfVi(t *testing.T) {
	for _, p := range newPages(Options{}) {
		for _, key := range []string{"h", "j", "l", "g", "G", "ctrl+b", "ctrl+f", "ctrl+d", "ctrl+u"} {
			if a := actionOf(key, append(p.keys(), listKeys, refreshKeys, modelKeys)...); a != doNothing {
				t.Errorf("%s: %q does %d, want nothing", p.name(), key, a)
			}
		}
	}
	if a := actionOf("k", treeKeys, listKeys); a != doSignal {
		t.Errorf("k does %d, want the signal menu", a)
	}
}

func TestActionOfFirstTable(t *testing.T) {
	first, second := keyMap{{do: doBack, keys: []string{"q"}}}, keyMap{{do: doQuit, keys: []string{"q", "x"}}}
	for key, want := range map[string]action{"q": doBack, "x": doQuit, "y": doNothing, "": doNothing} {
		if got := actionOf(key, first, second); got != want {
			t.Errorf("actionOf(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestHints(t *testing.T) {
	table := keyMap{
		{title: "arrows", hint: "choose"},
		{do: doSignal, keys: []string{"k"}, title: "k F9", hint: "signal", writes: true},
		{do: doFold, keys: []string{"space"}, title: "Space", does: "fold"},
	}
	c := &canvas{plain: true}
	reads := func(b *binding) bool { return !b.writes }
	for _, test := range []struct {
		matters func(*binding) bool
		width   int
		want    string
	}{{nil, 80, "arrows choose  k signal"}, {reads, 80, "arrows choose"}, {nil, 15, "arrows choose"}} {
		got, zones := c.place(hints(table, test.matters, 0), test.width, 1, 23, 2)
		if got != test.want {
			t.Errorf("hints in %d cells = %q, want %q", test.width, got, test.want)
		}
		if strings.Contains(got, "k signal") && (len(zones) != 1 || zones[0] != zone{16, 23, 8, "k"}) {
			t.Errorf("a click on %q presses %v, want k at 16,23", got, zones)
		}
	}
}

// TestFooter checks that the keys on the screen are those that work there.
func TestFooter(t *testing.T) {
	for _, test := range []struct {
		name string
		keys []string
		want []string
		not  string
	}{
		{"tree", nil, []string{"Enter details  k signal  e explain  / filter  t flat  x tag  s", "z zombies  q quit"}, "n next"},
		{"tree with a filter", []string{"/", "a", "enter"}, []string{"n next"}, "untag"},
		{"tree with a tag", []string{"x"}, []string{"U untag"}, "n next"},
		{"paused", []string{"p"}, []string{"p resume"}, "n next"},
		{"history", []string{"4"}, []string{"/ filter  ! problems  f follow  ? help  z zombies  q quit"}, "signal"},
		{"filter", []string{"/"}, []string{"Enter keep  Esc clear"}, "q quit"},
		{"details", []string{"enter"}, []string{"arrows scroll  k signal  s all signals  v hidden values  Esc close"}, "q quit"},
		{"help", []string{"?"}, []string{"arrows scroll  any other key closes"}, "q quit"},
		{"menu", []string{"k"}, []string{"Enter confirm  Esc close  Tab scope"}, "TERM, 10s, KILL"},
		{"menu of another", []string{"down", "k"}, []string{"Enter confirm  Esc close  Tab scope  e TERM, 10s, KILL"}, "q quit"},
		{"confirm", []string{"k", "enter"}, []string{"Enter/y send  any other key: back"}, "q quit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			u.press(test.keys...)
			u.sees(test.want...)
			u.seesNot(test.not)
		})
	}
	u := newUser(t, 100, 30, Options{ReadOnly: true})
	u.sees("Enter details  e explain  / filter")
	u.press("enter")
	u.sees("arrows scroll  s all signals  v hidden values  Esc close")
}

// TestKeysOnLowScreens checks that the smallest screen names the most important keys.
func TestKeysOnLowScreens(t *testing.T) {
	u := newUser(t, 40, 10, Options{})
	u.sees("Enter details  k signal  ? help  q quit")
	for _, page := range []string{"2", "3", "4", "5"} {
		u.press(page)
		u.sees("? help  q quit")
	}
	u.press("1", "/")
	u.sees("filter:", "Enter keep  Esc clear")
	u.press("esc", "?")
	u.sees("any other key closes")
	u.press("esc", "enter")
	u.sees("Esc close")
	u.press("esc")
	u.sees("? help  q quit")
}

// TestHelpExplainsSigns checks that the help has the signs that no other part explains.
func TestHelpExplainsSigns(t *testing.T) {
	u := newUser(t, 250, 90, Options{})
	u.press("?")
	u.sees("•3  ", "FULL  ", "PROBLEM  ", "RISK  ", "NOTE  ", "FROZEN  ", "recorded when a process had been a", "host cpu")
}

// TestFooterWithoutRows checks that the footer names no key that acts on a row where there is
// none, and k only for a process.
func TestFooterWithoutRows(t *testing.T) {
	u := newUser(t, 120, 30, Options{})
	u.press("2")
	u.sees("k signal culprit  e explain  Enter details  Space fold")
	u.src.procs = living(u.src.procs)
	for range 4 {
		u.refresh()
	}
	u.seesNot("k signal", "e explain", "Enter details", "Space fold")
	u.sees("? help")
	u.press("4")
	u.seesNot("Enter record")
	u.press("5", "home")
	u.sees("Enter why  e explain")
	u.seesNot("k signal")
	u.press("end")
	u.sees("Enter why  k signal  e explain")
}
