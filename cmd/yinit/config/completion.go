package config

import (
	"fmt"
	"strings"

	"yinit/procfs"
)

// Completion is the completion script for a shell. It completes the commands,
// the options of the init and of each command, and their values, and leaves a
// program's own words to the completion of that program.
func Completion(shell string) (string, error) {
	switch shell {
	case "bash":
		return bashCompletion(), nil
	case "zsh":
		return zshCompletion(), nil
	case "fish":
		return fishCompletion(), nil
	case "":
		return "", fmt.Errorf("name a shell: bash, zsh or fish")
	}
	return "", fmt.Errorf("there is no script for %q; the shells are bash, zsh and fish", shell)
}

func commandNames() string {
	var names []string
	for i := range commands {
		names = append(names, commands[i].Name)
	}
	return strings.Join(names, " ")
}

// signalNames are the signals that a user writes by name, as in --rewrite.
func signalNames() string {
	var names []string
	for n := 1; n <= 64; n++ {
		if name := procfs.SignalName(n); n < 32 || name == "SIGRTMIN" || name == "SIGRTMAX" {
			names = append(names, strings.TrimPrefix(name, "SIG"))
		}
	}
	return strings.Join(names, " ")
}

// script collects the lines of a script.
type script struct{ strings.Builder }

func (s *script) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// words are the ways to write an option on a command line: --max, -m.
func words(o *Option) []string {
	w := []string{"--" + o.Long}
	if o.Short != "" {
		w = append(w, "-"+o.Short)
	}
	return w
}

// allWords are the ways to write the options of a table that match.
func allWords(table []Option, match func(*Option) bool) (all []string) {
	for i := range table {
		if match(&table[i]) {
			all = append(all, words(&table[i])...)
		}
	}
	return all
}

func hasValue(o *Option) bool { return o.Arg != "" }
func anyOption(*Option) bool  { return true }

// quote makes one word of s for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
