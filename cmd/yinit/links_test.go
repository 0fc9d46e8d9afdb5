package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// markdownLink is a link that is not within code.
var markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestDocsIndex checks that docs/README.md has each page of docs/, and that no page has a
// link to a file or a heading that is not there.
func TestDocsIndex(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	top, err := filepath.Glob("../../*.md")
	if err != nil || len(top) < 4 {
		t.Fatalf("%d pages: %v", len(top), err)
	}
	var listed []string
	for _, page := range append(pages, top...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range markdownLink.FindAllStringSubmatch(withoutCode(string(text)), -1) {
			link, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if link.Scheme != "" {
				continue
			}
			target := page
			if link.Path != "" {
				target = filepath.Join(filepath.Dir(page), link.Path)
			}
			if page == "../../docs/README.md" {
				listed = append(listed, target)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s has a link to %s, which is not there", page, m[1])
			} else if link.Fragment != "" && !slices.Contains(anchors(t, target), link.Fragment) {
				t.Errorf("%s has a link to %s: %s has no such heading", page, m[1], target)
			}
		}
	}
	for _, page := range append(pages, "../../docs/yinit.1") {
		if page != "../../docs/README.md" && !slices.Contains(listed, page) {
			t.Errorf("docs/README.md does not list %s", page)
		}
	}
}

// withoutCode removes what is set as code.
func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "code")
}

// anchors returns the names of the headings of a page, as GitHub makes them.
func anchors(t *testing.T, page string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(text), -1) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}
