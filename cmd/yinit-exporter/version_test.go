package main

import (
	"os/exec"
	"testing"
)

// testCommit is the commit that the programs of the tests are built from, as they believe.
const testCommit = "0123456789abcdef0123456789abcdef01234567"

// TestVersion: both programs tell version, date and commit, in the same words.
func TestVersion(t *testing.T) {
	for name, path := range map[string]string{"yinit": yinit, "yinit-exporter": program} {
		out, err := exec.Command(path, "--version").CombinedOutput()
		if want := name + " 1.2.3 (2026-11-26) - git.0123456\n"; err != nil || string(out) != want {
			t.Errorf("%s --version prints %q, %v; want %q", name, out, err, want)
		}
	}
}
