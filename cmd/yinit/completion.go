package main

import (
	"fmt"
	"strings"
)

// runCompletion prints a script for a shell, made from the tables of commands
// and options.
func runCompletion(args []string) (int, error) {
	shell := ""
	if len(args) == 1 {
		shell = args[0]
	}
	switch shell {
	case "bash":
		fmt.Print(bashCompletion())
	case "zsh":
		fmt.Print("autoload -Uz bashcompinit && bashcompinit\n" + bashCompletion())
	case "fish":
		fmt.Print(fishCompletion())
	default:
		return failure, fmt.Errorf("completion: write yinit completion bash, zsh or fish")
	}
	return 0, nil
}

func commandNames() string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return strings.Join(names, " ")
}

// bashCompletion completes options and commands up to the first word, and a
// program's name and its files after it.
func bashCompletion() string {
	var flags, withValue []string
	for _, o := range options {
		flags = append(flags, "--"+o.long)
		if o.arg != "" {
			withValue = append(withValue, "--"+o.long)
			if o.short != "" {
				withValue = append(withValue, "-"+o.short)
			}
		}
	}
	return fmt.Sprintf(`_yinit() {
	local word=${COMP_WORDS[COMP_CWORD]} i=1
	while [ $i -lt $COMP_CWORD ]; do
		case ${COMP_WORDS[i]} in
		%s) i=$((i + 2)) ;;
		--) i=$((i + 1)); break ;;
		-*) i=$((i + 1)) ;;
		*) break ;;
		esac
	done
	if [ $i -lt $COMP_CWORD ]; then
		COMPREPLY=($(compgen -f -- "$word"))
	elif [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "%s" -- "$word"))
	else
		COMPREPLY=($(compgen -W "%s" -c -- "$word"))
	fi
}
complete -o default -F _yinit yinit
`, strings.Join(withValue, " | "), strings.Join(flags, " "), commandNames())
}

func fishCompletion() string {
	var b strings.Builder
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	for _, c := range commands() {
		fmt.Fprintf(&b, "complete -c yinit -n __fish_use_subcommand -a %s -d %s\n", c.name, quote(c.text))
	}
	for _, o := range options {
		fmt.Fprintf(&b, "complete -c yinit -n __fish_use_subcommand -l %s", o.long)
		if o.short != "" {
			b.WriteString(" -s " + o.short)
		}
		if o.arg != "" {
			b.WriteString(" -r")
		}
		fmt.Fprintf(&b, " -d %s\n", quote(o.text))
	}
	return b.String()
}
