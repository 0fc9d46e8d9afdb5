package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// parseAsDocker reads the output of `INIT --version` as dockerd does for docker info
// (parseInitVersion in daemon/info_unix.go of Moby 20.10 to 28).
func parseAsDocker(output string) (version, commit string) {
	parts := strings.Split(strings.TrimSpace(output), " - ")
	if len(parts) >= 2 {
		if git := strings.Split(strings.TrimSpace(parts[1]), "."); len(git) == 2 && git[0] == "git" {
			commit = git[1]
		}
	}
	version, _ = strings.CutPrefix(strings.TrimSpace(parts[0]), "tini version ")
	if !strings.HasPrefix(parts[0], "tini version ") {
		version = ""
	}
	return version, commit
}

// TestVersionForDocker runs --version under each name, and reads the commit as dockerd does: it
// reports an error in its log at each docker info if it finds neither version nor commit.
func TestVersionForDocker(t *testing.T) {
	const own, tini = "yinit 0.0.0-test (2026-11-26) - git.0123456\n", "tini version 0.19.0_yinit-0.0.0-test - git.0123456\n"
	dir := t.TempDir()
	for name, want := range map[string]string{
		"yinit": own, "init": own, "my-init": own, "dumb-init": own, // of dumb-init Docker wants no other words
		"docker-init": tini, "tini": tini, "tini-static": tini, "catatonit": tini,
	} {
		path := filepath.Join(dir, name)
		if err := os.Symlink(binary, path); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, "--version").Output()
		if err != nil || string(out) != want {
			t.Errorf("%s --version prints %q, %v; want %q", name, out, err, want)
		}
		version, commit := parseAsDocker(string(out))
		if commit != "0123456" || want == tini && version != "0.19.0_yinit-0.0.0-test" {
			t.Errorf("%s --version: dockerd finds the version %q and the commit %q", name, version, commit)
		}
	}
}
