package main

import (
	"fmt"
	"strings"

	"yinit/tui/text"
)

const usage = `Usage:
  yinit [OPTION...] [--] PROGRAM [ARG...]   run PROGRAM under the init
  yinit COMMAND [ARG...]                    look at what runs

`

func runHelp(args []string) (int, error) {
	for _, c := range commands() {
		if len(args) == 1 && c.name == args[0] && c.name != "help" {
			return c.run([]string{"--help"})
		}
	}
	if len(args) > 0 {
		return failure, fmt.Errorf("help: there is no command %q; see yinit help", args[0])
	}
	fmt.Print(helpText())
	return 0, nil
}

// helpText is made from the tables of commands and options.
func helpText() string {
	var b strings.Builder
	b.WriteString("yinit: an init for containers that remembers, and an inspector for what runs in them\n\n")
	b.WriteString(usage)
	b.WriteString("Commands (\"yinit -- top\" runs a program called top):\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.text)
	}
	b.WriteString("\nOptions of the init:\n")
	for _, o := range options {
		left := "    --" + o.long
		if o.short != "" {
			left = "-" + o.short + ", --" + o.long
		}
		if o.arg != "" {
			left += " " + o.arg
		}
		b.WriteString(text.Paragraph("  "+left, 27, 79, o.describe()))
	}
	b.WriteString("\nEach option can be set in the environment, too: --kill-after 5s as YINIT_KILL_AFTER=5s.\n")
	b.WriteString("The option wins. DUR is a duration such as 500ms, 5s or 1m30s; a bare number is seconds.\n")
	b.WriteString("\nExit status: the program's own; 128+n if signal n ended it; 127 not found; 126 found but\ncannot be run; 125 an error of yinit's.\n")
	return b.String()
}

func (o option) describe() string {
	s := o.text
	if o.again {
		s += "; may be repeated"
	}
	if o.def != "" {
		s += " (default: " + o.def + ")"
	}
	return s
}
