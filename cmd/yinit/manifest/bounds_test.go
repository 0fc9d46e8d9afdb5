package manifest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// lines joins what f returns for 0 to n-1.
func lines(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

// TestBounds checks that files which cost the parser seconds and gigabytes are refused before,
// with little memory.
func TestBounds(t *testing.T) {
	key := func(i int) string { return fmt.Sprintf("k%d: 1\n", i) }
	for text, want := range map[string]string{
		strings.Repeat("[", 50000):                                         "[1:101] is nested too deep",
		strings.Repeat("[", 50000) + strings.Repeat("]", 50000):            "[1:101] is nested too deep",
		strings.Repeat("{a: ", 50000):                                      "[1:401] is nested too deep",
		strings.Repeat("- ", 50000):                                        "[1:201] has too much on one line",
		strings.Repeat("- a: ", 50000):                                     "has too much on one line",
		strings.Repeat("? ", 50000):                                        "[1:201] has too much on one line",
		strings.Repeat("a: ", 50000):                                       "has too much on one line",
		strings.Repeat("&a ", 50000):                                       "[1:301] has too much on one line",
		strings.Repeat("!!str ", 50000):                                    "has too much on one line",
		lines(20000, key):                                                  "[4001:6] is a mapping with too many keys",
		"a:\n  - " + strings.ReplaceAll(lines(20000, key), "\n", "\n    "): "is a mapping with too many keys",
		"{" + strings.Repeat("a: b,", 20000) + "}":                         "is a mapping with too many keys",
		"x: &x {" + strings.ReplaceAll(lines(3000, key), "\n", ",") + "}\ny: {<<: [" + strings.Repeat("*x,", 20000) + "]}\n":        "has too many merge keys (<<)",
		"x0: &x0 {a: 1}\n" + lines(3000, func(i int) string { return fmt.Sprintf("x%d: &x%[1]d {<<: *x%d, k%[1]d: 1}\n", i+1, i) }): "has too many merge keys (<<)",
		strings.Repeat("#", mostBytes+1): "is larger than 16 MB; split it",
	} {
		name := text[:min(20, len(text))]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parse([]byte(text))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 150 {
			t.Errorf("%q: %d MB allocated", name, mb)
		}
	}
}

// TestBoundsNotMet checks that large files of the usual kind are read.
func TestBoundsNotMet(t *testing.T) {
	pod := func(i int) string {
		return fmt.Sprintf("- metadata: {name: p%d, labels: {a: b}}\n  spec:\n    containers:\n    - name: c\n      args: [%s]\n", i, strings.Repeat("a, ", 150))
	}
	for name, text := range map[string]string{
		"a list of pods":  "kind: List\nitems:\n" + lines(500, pod),
		"many documents":  lines(3000, func(i int) string { return fmt.Sprintf("---\na: %d\nb: &x {c: 1}\nd: {<<: *x}\n", i) }),
		"a mapping":       lines(3900, func(i int) string { return fmt.Sprintf("k%d: [1]\n", i) }),
		"a block of text": "a: |\n" + strings.Repeat("  {[(- a: &b\n", 5000),
		"text in quotes":  "a: \"" + strings.Repeat("[{- a: &b ", 5000) + "\"",
	} {
		if docs, err := parse([]byte(text)); err != nil || len(docs) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
