package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"yinit/initcore"
)

// readRunDir adds a program for every executable DIR/*.run, sorted by name, as yasinit
// does.
func (s *Settings) readRunDir() error {
	entries, err := os.ReadDir(s.runDir) // sorted
	if err != nil {
		return fmt.Errorf("%s: %w; give a readable directory", s.from["run-dir"], err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".run") {
			continue
		}
		path := filepath.Join(s.runDir, e.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
			s.warnings = append(s.warnings, err.Error()+"; skipped")
		case info.IsDir():
			s.warnings = append(s.warnings, path+" is a directory; skipped")
		case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
			s.warnings = append(s.warnings, path+" is not executable; skipped (use chmod +x)")
		default:
			s.Programs = append(s.Programs, initcore.Program{
				Name: strings.TrimSuffix(e.Name(), ".run"), Args: []string{path},
			})
		}
	}
	return nil
}
