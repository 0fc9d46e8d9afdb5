package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"yinit/procfs/snapshot/filter"
)

// The pages with what the option table says.
const (
	optionsPage = "../../../docs/options.md"
	initPage    = "../../../docs/init.md"
)

// initTable returns the table of the init's options.
func initTable() string {
	var b strings.Builder
	b.WriteString("| option | meaning | default | environment |\n|---|---|---|---|\n")
	for i := range initOptions {
		o, env := &initOptions[i], ""
		if o.Env() != "" {
			env = "`" + o.Env() + "`"
		}
		b.WriteString("| " + cell(o) + " | " + o.Meaning() + " | " + o.Default + " | " + env + " |\n")
	}
	return b.String()
}

// commandTable returns the table of the commands' options.
func commandTable() string {
	var b strings.Builder
	b.WriteString("| command | option | meaning | default |\n|---|---|---|---|\n")
	for i := range commands {
		c := &commands[i]
		name := "`" + strings.TrimRight(c.Name+" "+strings.ReplaceAll(c.Operands, "|", `\|`), " ") + "`"
		if len(c.Options) == 1 { // --help alone
			b.WriteString("| " + name + " | | " + c.Text + " | |\n")
		}
		for j := range c.Options {
			if o := &c.Options[j]; o.Long != "help" {
				b.WriteString("| " + name + " | " + cell(o) + " | " + o.Meaning() + " | " + o.Default + " |\n")
				name = ""
			}
		}
	}
	return b.String()
}

// filterTable returns the table of the terms of filters.
func filterTable() string {
	var b strings.Builder
	b.WriteString("| term | selects |\n|---|---|\n")
	for _, t := range filter.Terms() {
		b.WriteString("| `" + t.Example + "` | " + t.Meaning + " |\n")
	}
	return b.String()
}

func cell(o *Option) string { return "`" + strings.ReplaceAll(o.Names(), "|", `\|`) + "`" }

// TestReadmeOptions checks the option tables in docs/options.md. YINIT_UPDATE=1 writes them.
func TestReadmeOptions(t *testing.T) {
	text := read(t, optionsPage)
	updated := text
	for name, want := range map[string]string{"options": initTable(), "command-options": commandTable(), "filter": filterTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		before, rest, ok1 := strings.Cut(updated, begin)
		table, after, ok2 := strings.Cut(rest, end)
		switch {
		case !ok1 || !ok2:
			t.Fatalf("docs/options.md has no place for a table between %q and %q", begin, end)
		case table != want:
			updated = before + begin + want + end + after
		}
	}
	hold(t, optionsPage, text, updated, "make readme")
}

// hold fails the test if a file is not up to date, or writes it with YINIT_UPDATE=1.
func hold(t *testing.T, path, got, want, command string) {
	t.Helper()
	if got == want {
		return
	}
	if os.Getenv("YINIT_UPDATE") == "" {
		t.Fatalf("%s is not what the option table says: %s", path, command)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReadmeKeys checks that docs/init.md lists the options that are not keys of the file.
func TestReadmeKeys(t *testing.T) {
	var names []string
	for i := range initOptions {
		if initOptions[i].key() == "" {
			names = append(names, "`--"+initOptions[i].Long+"`")
		}
	}
	last := len(names) - 1
	want := "All options of the init but " + strings.Join(names[:last], ", ") + " and " + names[last] + " are keys"
	if words := strings.Join(strings.Fields(read(t, initPage)), " "); !strings.Contains(words, want) {
		t.Errorf("docs/init.md does not say: %s", want)
	}
}

// TestReadmeFiles checks that each file of programs in the documentation is valid.
func TestReadmeFiles(t *testing.T) {
	files := 0
	for _, page := range []string{"../../../README.md", initPage} {
		for _, block := range regexp.MustCompile("(?m)^```toml\n((?s:.*?))^```$").FindAllStringSubmatch(read(t, page), -1) {
			if err := parseConfig(page, []byte(block[1]), defaults()); err != nil {
				t.Errorf("%s: %v", page, err)
			}
			files++
		}
	}
	if files < 2 {
		t.Errorf("there are %d files of programs", files)
	}
}
