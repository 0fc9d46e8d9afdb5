package main

import (
	"os"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
)

// mayReport reports whether this init may write the report of its container. The
// report goes only into an empty file, so a failed docker exec must not write it:
// the container's own failure could not be reported any more.
func mayReport(s *config.Settings, line *config.Line) bool {
	switch {
	case os.Getpid() == 1, s.OwnReport():
		return true
	case line.Empty():
		return false // the init of a container has a program to run
	}
	if _, err := os.Stat(s.Report); err != nil {
		return false // there is no file, so the answer does not matter
	}
	return !procfs.FS{}.JoinsContainer()
}
