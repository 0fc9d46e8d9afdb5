package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJSONIsDocumented: docs/json.md describes each field that a command prints, and no
// other. The fields with the bytes of names are described once, at the top.
func TestJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	for command, objects := range map[string][]any{
		"ps":         {jsonRow{}},
		"signals":    {jsonTarget{}},
		"zombies":    {jsonCulprit{}},
		"health":     {jsonHealth{}},
		"explain":    {jsonExplanation{}},
		"kill":       {jsonKilled{}},
		"status":     {jsonStatus{}},
		"doctor":     {jsonFinding{}, jsonStop{}},
		"containers": {jsonContainer{}, jsonPlace{}},
	} {
		_, section, found := strings.Cut(string(page), "## `yinit "+command+" --json`\n")
		if !found {
			t.Errorf("docs/json.md has no section about yinit %s --json", command)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		documented := map[string]bool{}
		for line := range strings.Lines(section) {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			cell, _, _ := strings.Cut(line[2:], " |")
			for _, name := range regexp.MustCompile("`([a-z_0-9]+)`").FindAllStringSubmatch(cell, -1) {
				if !strings.HasSuffix(name[1], "_hex") {
					documented[name[1]] = true
				}
			}
		}
		printed := map[string]bool{}
		for _, o := range objects {
			addFields(printed, reflect.TypeOf(o))
		}
		if diff := cmp.Diff(documented, printed); diff != "" {
			t.Errorf("yinit %s --json: the fields in docs/json.md, -documented +printed:\n%s", command, diff)
		}
	}
}

// elsewhere are objects in the JSON of other commands that are described with that of doctor.
var elsewhere = []reflect.Type{reflect.TypeFor[jsonFinding](), reflect.TypeFor[jsonStop]()}

// addFields adds the names of the JSON fields of a type, and of the structs in it.
func addFields(names map[string]bool, of reflect.Type) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		addFields(names, of.Elem())
	case reflect.Struct:
		for i := range of.NumField() {
			field := of.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !strings.HasSuffix(name, "_hex") {
				names[name] = true
			}
			if kind := field.Type; !slices.Contains(elsewhere, kind) && (kind.Kind() != reflect.Slice || !slices.Contains(elsewhere, kind.Elem())) {
				addFields(names, kind)
			}
		}
	}
}
