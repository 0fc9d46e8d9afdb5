package build

import "testing"

// TestBuild sets what the linker sets.
func TestBuild(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef01234567"
	defer func(v, r, d string) { release, revision, date = v, r, d }(release, revision, date)
	for _, c := range []struct{ release, revision, date, full, digits, day, line string }{
		{"0.1.0", hash, "2026-11-26", hash, "0123456", "2026-11-26", "yinit 0.1.0 (2026-11-26) - git.0123456"},
		{"0.1.0", hash + "-dirty", "2026-11-26", hash + "-dirty", "0123456-dirty", "2026-11-26", "yinit 0.1.0 (2026-11-26) - git.0123456-dirty"},
		{"1.2.3", "012", "", "012", "012", "", "yinit 1.2.3 - git.012"},
		{"", "", "", "unknown", "unknown", "", "yinit 0.1.0-dev - git.unknown"}, // a test has no stamp of git's
	} {
		release, revision, date = c.release, c.revision, c.date
		if Revision() != c.full || Commit() != c.digits || Day() != c.day {
			t.Errorf("built from %q of %q: %s, %s of %s; want %s, %s of %s", c.revision, c.date, Revision(), Commit(), Day(), c.full, c.digits, c.day)
		}
		if got := Line("yinit"); got != c.line {
			t.Errorf("built from %q of %q: Line is %q, want %q", c.revision, c.date, got, c.line)
		}
	}
}
