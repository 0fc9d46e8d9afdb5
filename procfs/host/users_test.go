package host

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestParseNames(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want map[uint32]string
	}{
		"empty":            {"", map[uint32]string{}},
		"usual":            {"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n", map[uint32]string{0: "root", 1000: "app"}},
		"no newline":       {"root:x:0:0::/:", map[uint32]string{0: "root"}},
		"first one counts": {"root:x:0:0::/:\ntoor:x:0:0::/:\n", map[uint32]string{0: "root"}},
		"malformed lines":  {"# text\n\nshort:x\nbad:x:abc:0\nneg:x:-1:0\nwide:x:4294967296:0\nok:x:5\n", map[uint32]string{5: "ok"}},
		"CR":               {"root:x:0:0::/:/bin/sh\r\n", map[uint32]string{0: "root"}},
		"largest":          {"max:x:4294967295:0::/:\n", map[uint32]string{4294967295: "max"}},
		"a bad line does not take the name of root": {"bad:x:abc:0\nroot:x:0:0\n", map[uint32]string{0: "root"}},
		"no name": {":x:7:7::/:\n", map[uint32]string{}},
	} {
		if got := parseNames([]byte(tt.text)); !maps.Equal(got, tt.want) {
			t.Errorf("%s: parseNames(%q) = %v, want %v", name, tt.text, got, tt.want)
		}
	}
}

func TestUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	u := NewUsers(path)
	if got := u.Name(1000); got != "1000" {
		t.Errorf("without a file Name(1000) = %q, want the number", got)
	}
	write := func(text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Unix(1_000_000, 0)
	write("app:x:1000:1000::/:\n", begin)
	u.Refresh()
	if got := u.Name(1000); got != "app" {
		t.Errorf("Name(1000) = %q, want app", got)
	}
	write("web:x:1000:1000::/:\n", begin.Add(time.Second))
	u.Refresh()
	if got := u.Name(1000); got != "web" {
		t.Errorf("after a change Name(1000) = %q, want web", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	u.Refresh()
	if got := u.Name(1000); got != "web" {
		t.Errorf("after the file is gone Name(1000) = %q, want web still", got)
	}
	if got := u.Name(7); got != "7" {
		t.Errorf("Name(7) = %q, want the number", got)
	}
}

// TestInside: the user of a user namespace that the kernel shows with another number outside.
func TestInside(t *testing.T) {
	ids := ParseIDs([]byte("         0     100000      65536\n     70000       1000          1\n"))
	u := UsersOf(func() ([]byte, error) { return []byte("root:x:0:0::/:\napp:x:1000:1000::/:\n"), nil }, ids)
	for outside, want := range map[uint32]uint32{100000: 0, 101000: 1000, 1000: 70000, 165536: overflow, 0: overflow} {
		if got := u.Inside(outside); got != want {
			t.Errorf("Inside(%d) = %d, want %d", outside, got, want)
		}
	}
	if got := u.Name(u.Inside(101000)); got != "app" {
		t.Errorf("101000 is %q, want app", got)
	}
	for _, text := range []string{"", "x y z\n", "1 2\n", "1 2 4294967296\n"} {
		if ids := ParseIDs([]byte(text)); len(ids) > 0 {
			t.Errorf("ParseIDs(%q) = %v", text, ids)
		}
	}
	if got := UsersOf(func() ([]byte, error) { return nil, os.ErrNotExist }, nil).Inside(7); got != 7 {
		t.Errorf("without a user namespace Inside(7) = %d", got)
	}
}
