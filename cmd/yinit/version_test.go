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

// TestVersionForDocker checks that dockerd understands the version under each name: it
// reports an error in its log at each docker info if it finds neither version nor commit.
func TestVersionForDocker(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"yinit", "init", "my-init", "docker-init", "tini", "tini-static", "catatonit", "dumb-init"} {
		path := filepath.Join(dir, name)
		if err := os.Symlink(binary, path); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, "--version").Output()
		if version, commit := parseAsDocker(string(out)); err != nil || version == "" && commit == "" {
			t.Errorf("%s --version: %v, %q: dockerd finds neither a version nor a commit", name, err, out)
		}
	}
}

func TestVersionLine(t *testing.T) {
	for _, c := range []struct{ name, commit, day, want string }{
		{"yinit", "1234567", "2026-11-26", "yinit 0.1.0 (2026-11-26) - git.1234567"},
		{"yinit", "1234567-dirty", "2026-11-26", "yinit 0.1.0 (2026-11-26) - git.1234567-dirty"},
		{"init", "unknown", "", "yinit 0.1.0 - git.unknown"},
		{"docker-init", "1234567", "2026-11-26", "tini version 0.19.0_yinit-0.1.0 - git.1234567"},
	} {
		got := versionLine(c.name, "0.1.0", c.commit, c.day)
		if got != c.want {
			t.Errorf("versionLine(%q) = %q, want %q", c.name, got, c.want)
		}
		if _, commit := parseAsDocker(got); commit != c.commit {
			t.Errorf("%s: dockerd reads the commit %q, want %q", got, commit, c.commit)
		}
	}
}

func TestCommit(t *testing.T) {
	defer func(r, d string) { revision, date = r, d }(revision, date)
	for _, c := range []struct{ revision, date, digits, day string }{
		{"0123456789abcdef0123456789abcdef01234567", "2026-11-26", "0123456", "2026-11-26"},
		{"0123456789abcdef0123456789abcdef01234567-dirty", "2026-11-26", "0123456-dirty", "2026-11-26"},
		{"012", "", "012", ""},
	} {
		revision, date = c.revision, c.date
		if digits, day := commit(), commitDay(); digits != c.digits || day != c.day {
			t.Errorf("built from %s of %s: %s, %s; want %s, %s", c.revision, c.date, digits, day, c.digits, c.day)
		}
	}
}
