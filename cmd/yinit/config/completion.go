package config

import (
	"fmt"
	"strings"

	"yinit/procfs"
)

// Completion returns the completion script for bash, zsh or fish. The script completes
// the commands, the options of the init and of each command, and their values. The
// arguments of a program are completed by that program's own completion.
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
	return "", fmt.Errorf("unknown shell %q; the shells are bash, zsh and fish", shell)
}

func commandNames() string {
	var names []string
	for i := range commands {
		names = append(names, commands[i].Name)
	}
	return strings.Join(names, " ")
}

// runNames returns the names of the commands that run a program.
func runNames() (names []string) {
	for i := range commands {
		if commands[i].Runs {
			names = append(names, commands[i].Name)
		}
	}
	return names
}

// signalNames returns the names of signals to offer for values such as --rewrite.
func signalNames() string {
	var names []string
	for n := 1; n <= 64; n++ {
		if name := procfs.SignalName(n); n < 32 || name == "SIGRTMIN" || name == "SIGRTMAX" {
			names = append(names, strings.TrimPrefix(name, "SIG"))
		}
	}
	return strings.Join(names, " ")
}

// script builds a shell script.
type script struct{ strings.Builder }

func (s *script) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// words returns the names of an option as written on a command line: --max, -m.
func words(o *Option) []string {
	w := []string{"--" + o.Long}
	if o.Short != "" {
		w = append(w, "-"+o.Short)
	}
	return w
}

// allWords returns the words of all options of a table that match.
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

// quote quotes s as one word for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
