// Package build tells which build of yinit or of yinit-exporter this is: its release, the commit
// that it was built from, and the line that --version prints.
package build

import (
	"runtime/debug"
	"strings"
)

// The linker sets these: -X yinit/cmd/yinit/build.release=1.2.3. make takes revision and date
// from git; where they are missing, as after go install, the build information has them.
var (
	release  = ""
	revision = "" // the commit, with "-dirty" if files were changed since
	date     = "" // the day of the commit, 2006-01-02 in UTC
)

// Release returns the version, such as 0.1.0.
func Release() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "0.1.0-dev"
}

// Revision returns the commit in full, with "-dirty" if files were changed since, or "unknown".
func Revision() string {
	hash := revision
	if hash == "" {
		hash, _ = stamped()
	}
	if hash == "" {
		return "unknown"
	}
	return hash
}

// Commit returns the first digits of the commit, or "unknown".
func Commit() string {
	const digits = 7
	hash, dirty, changed := strings.Cut(Revision(), "-")
	hash = hash[:min(digits, len(hash))]
	if changed {
		return hash + "-" + dirty
	}
	return hash
}

// Day returns the day of the commit, or "".
func Day() string {
	if revision != "" {
		return date
	}
	_, day := stamped()
	return day
}

// Line returns the line of --version. The date comes before " - ", since Docker takes all that
// follows "git." for the commit.
func Line(program string) string {
	line := program + " " + Release()
	if day := Day(); day != "" {
		line += " (" + day + ")"
	}
	return line + " - git." + Commit()
}

// stamped returns the commit that the go command has written into the program, and its day.
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
