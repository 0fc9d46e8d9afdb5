package tui

import (
	"slices"
	"testing"

	"yinit/cmd/yinit/config"
)

// TestHelpOfTheCommand: the keys in yinit top --help do what the help says.
func TestHelpOfTheCommand(t *testing.T) {
	keys := config.Lookup("top").Keys
	if len(keys) == 0 {
		t.Error("yinit top --help names no key")
	}
	for _, e := range keys {
		known := func(b binding) bool { return b.title == e.Name && b.does != "" }
		if !slices.ContainsFunc(slices.Concat(treeKeys, sortKeys, refreshKeys, modelKeys), known) {
			t.Errorf("yinit top --help has %q (%s), which is not in the key tables", e.Name, e.Text)
		}
	}
}
