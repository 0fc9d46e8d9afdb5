package history

import (
	"slices"
	"strings"
)

// InspectorCommands are the names of yinit's commands, as on its command line.
var InspectorCommands = []string{
	"top", "status", "ps", "kill", "explain", "zombies", "signals", "history", "doctor", "containers", "metrics", "health", "rehearse", "demo", "version", "help", "completion",
}

// Inspects reports whether a command line, joined by spaces, runs one of yinit's
// commands and not a program under the init.
func Inspects(cmdline string) bool {
	words := strings.Fields(cmdline)
	if len(words) < 2 {
		return false // as the init of a container, or top on a terminal
	}
	switch words[1] {
	case "--version", "-V", "--help", "-h", "--license", "-l":
		return true
	}
	return slices.Contains(InspectorCommands, words[1])
}

// NotInspector holds for all records but those about processes that ran one of yinit's
// commands, see [Record.Inspector].
func NotInspector(r *Record) bool { return !r.Inspector }
