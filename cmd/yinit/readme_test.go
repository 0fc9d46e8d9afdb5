package main

import (
	"os"
	"strings"
	"testing"
)

// optionTable is the table of README.md.
func optionTable() string {
	var b strings.Builder
	b.WriteString("| option | meaning | default | environment |\n|---|---|---|---|\n")
	for _, o := range options {
		name := "--" + o.long
		if o.short != "" {
			name = "-" + o.short + ", " + name
		}
		if o.arg != "" {
			name += " " + strings.ReplaceAll(o.arg, "|", `\|`)
		}
		text, env := o.text, ""
		if o.again {
			text += "; may be repeated"
		}
		if o.env() != "" {
			env = "`" + o.env() + "`"
		}
		b.WriteString("| `" + name + "` | " + text + " | " + o.def + " | " + env + " |\n")
	}
	return b.String()
}

// TestReadmeOptions: README.md says what the program does. YINIT_UPDATE=1 writes
// the table.
func TestReadmeOptions(t *testing.T) {
	const path, begin, end = "../../README.md", "<!-- options -->\n", "<!-- /options -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(b), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("README.md has no place for the options between %q and %q", begin, end)
	}
	want := optionTable()
	if table == want {
		return
	}
	if os.Getenv("YINIT_UPDATE") == "" {
		t.Fatalf("the table of options in README.md is not that of the program: make readme")
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeKeys: README.md says which options are no keys of the file.
func TestReadmeKeys(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(b)), " ")
	last := len(notInFile) - 1
	want := "All options of the init but `--" + strings.Join(notInFile[:last], "`, `--") + "` and `--" + notInFile[last] + "` are keys"
	if !strings.Contains(words, want) {
		t.Errorf("README.md does not say: %s", want)
	}
}

// TestHelpIsNarrow: the help fits a terminal of 80 columns.
func TestHelpIsNarrow(t *testing.T) {
	for line := range strings.Lines(helpText()) {
		if len(strings.TrimRight(line, "\n")) > 100 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}
