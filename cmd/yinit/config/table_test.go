package config

import (
	"slices"
	"strings"
	"testing"

	"yinit/initcore/history"
	"yinit/procfs/hint"
)

// TestTables checks that the rows of the option tables are complete and do not clash.
func TestTables(t *testing.T) {
	check(t, "the init", initOptions)
	for i := range commands {
		c := &commands[i]
		check(t, c.Name, c.Options)
		if find(c.Options, func(o *Option) bool { return o.Long == "help" }) == nil {
			t.Errorf("%s has no --help", c.Name)
		}
		if find(c.Options, func(o *Option) bool { return o.target != nil }) != nil {
			t.Errorf("%s has an option of the init", c.Name)
		}
		if len(c.Examples) == 0 {
			t.Errorf("%s has no example", c.Name)
		}
		for _, e := range c.Examples {
			if !strings.Contains(e.Name, "yinit "+c.Name) || e.Text == "" {
				t.Errorf("%s: incomplete example %+v", c.Name, e)
			}
		}
	}
	if got := Lookup("help").Choices; got != commandNames() {
		t.Errorf("help explains %s, the commands are %s", got, commandNames())
	}
	kinds := find(Lookup("history").Options, func(o *Option) bool { return o.Long == "kind" }).Choices
	for k := range history.Kind(255) {
		if name := k.String(); !strings.HasPrefix(name, "kind") && !strings.Contains(kinds, name) {
			t.Errorf("--kind does not know %s", name)
		}
	}
	for _, name := range strings.Fields(kinds) {
		if _, ok := history.ParseKind(name); !ok {
			t.Errorf("--kind knows %s, the history does not", name)
		}
	}
}

func check(t *testing.T, of string, table []Option) {
	t.Helper()
	seen := map[string]bool{}
	for i := range table {
		o := &table[i]
		if o.Long == "" || o.Text == "" || len(o.Short) > 1 {
			t.Errorf("%s: incomplete: %+v", of, *o)
		}
		if (o.Arg == "") != (o.Value == None) {
			t.Errorf("%s: --%s: an argument needs a name and a kind", of, o.Long)
		}
		if (o.Choices != "") != (o.Value == Choice || o.Value == List) {
			t.Errorf("%s: --%s: choices for no choice", of, o.Long)
		}
		for _, name := range words(o) {
			if seen[name] {
				t.Errorf("%s: %s is there twice", of, name)
			}
			seen[name] = true
		}
	}
}

// TestHelpIsNarrow checks that every help text fits 80 columns.
func TestHelpIsNarrow(t *testing.T) {
	texts := []string{Help()}
	for i := range commands {
		texts = append(texts, commands[i].Help())
	}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if n := len(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
}

// TestHelpNamesAll checks that the help of the program has all commands and options.
func TestHelpNamesAll(t *testing.T) {
	for i := range initOptions {
		if o := &initOptions[i]; !strings.Contains(Help(), o.Names()) {
			t.Errorf("the help does not name %s", o.Names())
		}
	}
	for i := range commands {
		c := &commands[i]
		if !strings.Contains(Help(), "\n  "+c.Name+" ") {
			t.Errorf("the help does not name %s", c.Name)
		}
		for j := range c.Options {
			if o := &c.Options[j]; !strings.Contains(c.Help(), o.Names()) {
				t.Errorf("the help of %s does not name %s", c.Name, o.Names())
			}
		}
	}
}

// The watcher recognises the processes of all commands.
func TestInspectorCommands(t *testing.T) {
	var names []string
	for i := range commands {
		names = append(names, commands[i].Name)
	}
	if !slices.Equal(names, history.InspectorCommands) {
		t.Errorf("history.InspectorCommands is %q, want %q", history.InspectorCommands, names)
	}
}

// TestHintCommands: package hint knows the commands that have --target and --root.
func TestHintCommands(t *testing.T) {
	for i := range commands {
		c := &commands[i]
		for _, name := range []string{"target", "root"} {
			has := slices.ContainsFunc(c.Options, func(o Option) bool { return o.Long == name })
			if known := slices.Contains(hint.Commands[:], c.Name); known != has && (name == "target" || known) {
				t.Errorf("%s: --%s is there: %v, in package hint: %v", c.Name, name, has, known)
			}
		}
	}
}
