package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"yinit/initcore"
)

// runDir makes a program of every executable DIR/*.run, sorted by name, as
// yasinit does.
func runDir(dir string, s *settings) (warnings []string, err error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, fmt.Errorf("%s: %w; give a directory that can be read", s.from["run-dir"], err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".run") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
			warnings = append(warnings, err.Error()+"; it is left out")
		case info.IsDir():
			warnings = append(warnings, path+" is a directory and is left out")
		case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
			warnings = append(warnings, path+" is not executable and is left out; chmod +x it")
		default:
			s.Programs = append(s.Programs, initcore.Program{
				Name: strings.TrimSuffix(e.Name(), ".run"), Args: []string{path},
			})
		}
	}
	return warnings, nil
}
