package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"yinit/cmd/yinit/config"
	"yinit/initcore/early"
)

// The linker sets these: -X main.release=1.2.3. make takes revision and date from git; where
// they are missing, as after go install, the build information has them.
var (
	release  = ""
	revision = "" // the commit, with "-dirty" if files were changed since
	date     = "" // the day of the commit, 2006-01-02 in UTC
)

func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "0.1.0-dev"
}

// commit returns the first digits of the commit that the program was built from, or
// "unknown".
func commit() string {
	const digits = 7
	hash, dirty, _ := strings.Cut(revision, "-")
	if hash == "" {
		stamp, _ := stamped()
		hash, dirty, _ = strings.Cut(stamp, "-")
	}
	switch {
	case hash == "":
		return "unknown"
	case dirty != "":
		return hash[:min(digits, len(hash))] + "-" + dirty
	}
	return hash[:min(digits, len(hash))]
}

// commitDay returns the day of that commit, or "".
func commitDay() string {
	if revision != "" {
		return date
	}
	_, day := stamped()
	return day
}

// stamped returns the commit that the go command has written into the program.
func stamped() (hash, day string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", ""
	}
	dirty := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			hash = s.Value
		case "vcs.time":
			day, _, _ = strings.Cut(s.Value, "T")
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "-dirty"
			}
		}
	}
	if hash == "" {
		return "", ""
	}
	return hash + dirty, day
}

// printVersion prints the version for --version. Docker runs `INIT --version` for docker
// info, and accepts "tini version VERSION" and a line that ends in " - git.COMMIT". Under
// the name of another init the line begins with tini's words.
func printVersion(name string) (int, error) {
	return printed(versionLine(filepath.Base(name), version(), commit(), commitDay()) + "\n")
}

// versionLine returns the line of --version. The date comes before " - ", since Docker takes
// all that follows "git." for the commit.
func versionLine(name, version, commit, day string) string {
	switch name {
	case "tini", "tini-static", "docker-init", "catatonit":
		return "tini version 0.19.0_yinit-" + version + " - git." + commit
	}
	if day != "" {
		version += " (" + day + ")"
	}
	return "yinit " + version + " - git." + commit
}

func runVersion(args []string) (int, error) {
	if _, err := config.Lookup("version").Parse(args, nil); err != nil {
		return failure, err
	}
	from := commit()
	if day := commitDay(); day != "" {
		from += " of " + day
	}
	return printed(fmt.Sprintf("yinit %s %s/%s %s, commit %s, signals: %s\n", version(), runtime.GOOS, runtime.GOARCH, runtime.Version(), from, early.How()))
}
