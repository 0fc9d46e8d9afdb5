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

// printVersion prints the version for --version. Under the name of another init it
// prints tini's words, which container engines look for.
func printVersion(name string) (int, error) {
	switch filepath.Base(name) {
	case "tini", "tini-static", "docker-init", "catatonit":
		fmt.Printf("tini version 0.19.0_yinit-%s\n", version())
	default:
		fmt.Printf("yinit %s\n", version())
	}
	return 0, nil
}

func runVersion(args []string) (int, error) {
	if _, err := config.Lookup("version").Parse(args, nil); err != nil {
		return failure, err
	}
	fmt.Printf("yinit %s %s/%s %s, signals: %s\n", version(), runtime.GOOS, runtime.GOARCH, runtime.Version(), early.How())
	return 0, nil
}
