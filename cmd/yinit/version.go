package main

import (
	"fmt"
	"path/filepath"
	"runtime"

	"yinit/cmd/yinit/build"
	"yinit/cmd/yinit/config"
	"yinit/initcore/early"
)

// printVersion prints the version for --version. Docker runs `INIT --version` for docker
// info, and accepts "tini version VERSION" and a line that ends in " - git.COMMIT". Under
// the name of another init the line begins with tini's words.
func printVersion(name string) (int, error) {
	switch filepath.Base(name) {
	case "tini", "tini-static", "docker-init", "catatonit":
		return printed("tini version 0.19.0_yinit-" + build.Release() + " - git." + build.Commit() + "\n")
	}
	return printed(build.Line("yinit") + "\n")
}

func runVersion(args []string) (int, error) {
	if _, err := config.Lookup("version").Parse(args, nil); err != nil {
		return failure, err
	}
	from := build.Commit()
	if day := build.Day(); day != "" {
		from += " of " + day
	}
	return printed(fmt.Sprintf("yinit %s %s/%s %s, commit %s, signals: %s\n", build.Release(), runtime.GOOS, runtime.GOARCH, runtime.Version(), from, early.How()))
}
