package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"yinit/cmd/yinit/config"
	"yinit/initcore/early"
)

// release is set by the linker: -X main.release=1.2.3.
var release = ""

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
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) > digits {
				return s.Value[:digits]
			}
		}
	}
	return "unknown"
}

// printVersion prints the version for --version. Docker runs `INIT --version` for docker
// info, and accepts "tini version VERSION" and a line that ends in " - git.COMMIT". Under
// the name of another init the line begins with tini's words.
func printVersion(name string) (int, error) {
	return printed(versionLine(filepath.Base(name), version(), commit()) + "\n")
}

func versionLine(name, version, commit string) string {
	switch name {
	case "tini", "tini-static", "docker-init", "catatonit":
		return "tini version 0.19.0_yinit-" + version
	default:
		return "yinit " + version + " - git." + commit
	}
}

func runVersion(args []string) (int, error) {
	if _, err := config.Lookup("version").Parse(args, nil); err != nil {
		return failure, err
	}
	return printed(fmt.Sprintf("yinit %s %s/%s %s, signals: %s\n", version(), runtime.GOOS, runtime.GOARCH, runtime.Version(), early.How()))
}
