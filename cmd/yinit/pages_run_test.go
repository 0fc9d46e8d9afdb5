package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docBlock is a block of a page that says "sh run" after its fence, and what the block after it
// says that it prints.
var docBlock = regexp.MustCompile("(?m)^```sh run\n((?s:.*?))^```\n(?:\n?^```text\n((?s:.*?))^```\n)?")

// TestPages runs the blocks of each page in docs/ that are marked with "sh run", one after the
// other in a directory of their own, as a reader would. A block must succeed. If a block of
// text follows, that is what it prints: "…" stands for any text, or for any lines if it is
// alone on one.
func TestPages(t *testing.T) {
	requireNamespaces(t)
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	ran := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := docBlock.FindAllStringSubmatch(string(text), -1)
		if marked := strings.Count(string(text), "```sh run\n"); marked != len(blocks) {
			t.Errorf("%s: %d blocks are marked, %d could be parsed", page, marked, len(blocks))
		}
		if ran += len(blocks); len(blocks) == 0 {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, b := range blocks {
				runBlock(t, dir, b[1], b[2])
			}
		})
	}
	if ran == 0 {
		t.Error("no page has a block that is marked with sh run")
	}
}

// runBlock runs one block, and compares what it prints.
func runBlock(t *testing.T, dir, script, want string) {
	t.Helper()
	cmd := exec.Command("sh", "-e")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "COLUMNS=120")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\n%s", err, script, out)
		return
	}
	if got := trimLines(string(out)); want != "" && !pattern(want).MatchString(got) {
		t.Errorf("%s\nprints\n%s\nand the page says\n%s", script, got, want)
	}
}

// trimLines removes the spaces at the ends of lines, and empty lines at the end.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// pattern returns what matches the output that a page shows.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	for line := range strings.Lines(trimLines(text)) {
		if line == "…\n" {
			b.WriteString(`(?s:.*)`)
			continue
		}
		for i, part := range strings.Split(line, "…") {
			if i > 0 {
				b.WriteString(`.*`)
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
	}
	return regexp.MustCompile(b.String() + `$`)
}

// TestPattern tests the rule of [TestPages] for what a block prints.
func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		page, got string
		want      bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "a\nb\n", false},
		{"a\n", "b\na\n", false},
		{"pid …: x\n", "pid 17: x\n", true},
		{"pid …: x\n", "pid 17\n: x\n", false},
		{"a\n…\n", "a\nb\nc\n", true},
		{"…\nc\n", "a\nb\nc\n", true},
		{"…\nc\n", "c\n", true},
		{"a.c\n", "abc\n", false},
	} {
		if got := pattern(tt.page).MatchString(trimLines(tt.got)); got != tt.want {
			t.Errorf("%q for %q: %v", tt.got, tt.page, got)
		}
	}
}
