package passwd

import (
	"fmt"
	"slices"
	"testing"
)

func TestEntries(t *testing.T) {
	file := []byte("root:x:0:0:root:/root:/bin/sh\n# a: comment:\n#off:x:9\n\n:x:7\nshort:x\napp:x:1000\r\n  indented:x:5\nlast:x:6")
	var names []string
	for fields := range Entries(file, 3) {
		names = append(names, fields[0]+" "+fields[2])
	}
	if want := []string{"root 0", "app 1000", "indented 5", "last 6"}; !slices.Equal(names, want) {
		t.Errorf("Entries = %q, want %q", names, want)
	}
	for range Entries(file, 0) {
		break
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/sh\n:::\n"), 3)
	f.Fuzz(func(t *testing.T, file []byte, least int) {
		for fields := range Entries(file, least) {
			if len(fields) < least || fields[0] == "" {
				t.Errorf("Entries(%q, %d) yields %q", file, least, fields)
			}
		}
	})
}

func ExampleEntries() {
	file := []byte("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
	for fields := range Entries(file, 6) {
		fmt.Println(fields[0], "is", fields[2])
	}
	// Output:
	// root is 0
	// app is 1000
}
