package procfs_test

import (
	"strings"
	"testing"

	"yinit/procfs"
)

func FuzzContainsFold(f *testing.F) {
	f.Add("Gunicorn: worker", "WORKER")
	f.Add("für", "FÜR")
	f.Add("", "")
	f.Add("a", "ab")
	f.Fuzz(func(t *testing.T, s, part string) {
		part = strings.ToLower(part)
		got, want := procfs.ContainsFold(s, part), strings.Contains(strings.ToLower(s), part)
		if got != want {
			t.Errorf("ContainsFold(%q, %q) = %t, want %t", s, part, got, want)
		}
	})
}
