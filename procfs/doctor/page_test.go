package doctor

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPage checks that docs/doctor.md has a section for each finding, and no other.
func TestPage(t *testing.T) {
	var files []string
	for _, dir := range []string{".", "../../cmd/yinit/manifest"} {
		found, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", dir, found, err)
		}
		files = append(files, found...)
	}
	literal := regexp.MustCompile(`\bID: +"([a-z0-9-]+)"|\.ID(?:, \w+\.\w+)* = "([a-z0-9-]+)"`)
	var ids []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(source), -1) {
			ids = append(ids, m[1]+m[2])
		}
	}
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, m := range regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(string(page), -1) {
		sections = append(sections, m[1])
	}
	slices.Sort(ids)
	slices.Sort(sections)
	if diff := cmp.Diff(slices.Compact(ids), sections); diff != "" {
		t.Errorf("-findings +sections of docs/doctor.md:\n%s", diff)
	}
}
