package config

import (
	"fmt"
	"strings"

	"yinit/procfs/snapshot/filter"
	"yinit/tui/text"
)

const synopsis = `Usage:
  yinit [OPTION...] [--] PROGRAM [ARG...]   run PROGRAM under the init
  yinit [OPTION...] --config FILE           run the programs that FILE lists
  yinit [OPTION...] --run-dir DIR           run every executable DIR/*.run
  yinit COMMAND [OPTION...] [ARG...]        inspect running processes
`

// Help returns the help of the program, at most 80 columns wide.
func Help() string {
	var b strings.Builder
	b.WriteString("yinit: an init for containers, and an inspector for what runs in them\n\n")
	b.WriteString(synopsis)
	b.WriteString("\nCommands (\"yinit -- top\" runs a program called top):\n")
	for i := range commands {
		writeEntry(&b, 13, commands[i].Name, commands[i].Text)
	}
	b.WriteString("yinit COMMAND --help shows the options of a command.\n")
	b.WriteString("\nOptions of the init:\n")
	writeOptions(&b, initOptions)
	b.WriteByte('\n')
	writeParagraph(&b, "Each option can also be set in the environment: --kill-after 5s as YINIT_KILL_AFTER=5s. The option takes precedence. "+durations)
	b.WriteByte('\n')
	writeParagraph(&b, "Exit status: the program's own; 128+n if signal n ended it; 127 if it was not found; 126 if it was found but cannot be run; 125 for an error of yinit itself.")
	return b.String()
}

const durations = "DUR is a duration such as 500ms, 5s or 1m30s; a number without a unit is in seconds."

// Help returns the help of the command, at most 80 columns wide.
func (c *Command) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n", c.usage())
	writeParagraph(&b, strings.ToUpper(c.Text[:1])+c.Text[1:]+".")
	b.WriteString("\nOptions:\n")
	writeOptions(&b, c.Options)
	writeEntries(&b, "Keys", c.Keys)
	writeEntries(&b, "Examples", c.Examples)
	if c.takes(Duration) {
		b.WriteByte('\n')
		writeParagraph(&b, durations)
	}
	if c.takes(Filter) {
		b.WriteString("\nFILTER is one or more of these terms, which must all match:\n")
		for _, t := range filter.Terms() {
			writeEntry(&b, 17, t.Example, t.Meaning)
		}
	}
	return b.String()
}

// writeEntries writes a list under a title, if there is one. The texts are aligned behind
// all names but the longest ones, which get a line of their own.
func writeEntries(b *strings.Builder, title string, entries []Entry) {
	const widest = 40
	indent := 0
	for _, e := range entries {
		if n := text.Width(e.Name) + 4; n <= widest {
			indent = max(indent, n)
		}
	}
	if len(entries) > 0 {
		b.WriteString("\n" + title + ":\n")
	}
	for _, e := range entries {
		writeEntry(b, max(indent, 6), e.Name, e.Text)
	}
}

// takes reports whether an option of the command takes such a value.
func (c *Command) takes(v Value) bool {
	return find(c.Options, func(o *Option) bool { return o.Value == v }) != nil
}

// writeOptions writes a table of options with the long names aligned.
func writeOptions(b *strings.Builder, table []Option) {
	for i := range table {
		o := &table[i]
		left, meaning := o.Names(), o.Meaning()
		if o.Short == "" {
			left = "    " + left
		}
		if o.Default != "" {
			meaning += " (default: " + o.Default + ")"
		}
		writeEntry(b, 27, left, meaning)
	}
}

// helpWidth leaves the last column of a terminal empty: some terminals wrap after it.
const helpWidth = 79

// writeEntry writes a name, and a description that starts at column indent.
func writeEntry(b *strings.Builder, indent int, name, description string) {
	b.WriteString(text.Paragraph("  "+name, indent, helpWidth, description))
}

func writeParagraph(b *strings.Builder, body string) {
	b.WriteString(text.Paragraph("", 0, helpWidth, body))
}
