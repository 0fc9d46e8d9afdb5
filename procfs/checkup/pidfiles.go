package checkup

import (
	"os"
	"path/filepath"
	"strings"

	"yinit/procfs/doctor"
)

const (
	mostEntries = 512 // entries of a directory that are looked at
	mostFiles   = 64  // pid files that are read
	mostBytes   = 32  // in a file with one number
)

// readPidFiles reads the files *.pid in /run and in the directories there.
func (f *files) readPidFiles(open root) {
	run := "/run"
	entries, err := list(open, run)
	f.note(err)
	for _, entry := range entries {
		at := filepath.Join(run, entry.Name())
		if !entry.IsDir() {
			f.add(open, at)
			continue
		}
		all, _ := list(open, at) // A directory of another user may be closed.
		for _, below := range all {
			if !below.IsDir() {
				f.add(open, filepath.Join(at, below.Name()))
			}
		}
	}
}

// list returns some of the entries of a directory.
func list(open root, dir string) ([]os.DirEntry, error) {
	d, err := open(dir, true)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, _ := d.ReadDir(mostEntries) // What could be read counts.
	return entries, nil
}

// add reads a file if it is a pid file.
func (f *files) add(open root, path string) {
	if !strings.HasSuffix(path, ".pid") || len(f.pids) == mostFiles {
		return
	}
	file, err := open(path, false)
	if err != nil {
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostBytes {
		return
	}
	var b [mostBytes]byte
	n, _ := file.Read(b[:])
	if pid, ok := parsePID(b[:n]); ok {
		f.pids = append(f.pids, doctor.PidFile{Path: path, PID: pid, Written: info.ModTime()})
	}
}
