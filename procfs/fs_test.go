package procfs_test

import (
	"errors"
	"testing"

	"yinit/procfs"
)

// TestWhatHelps: who looks at another directory than /proc need not mount anything.
func TestWhatHelps(t *testing.T) {
	cause := errors.New("uptime: no such file")
	for root, want := range map[string]string{
		"": "uptime: no such file; mount /proc", "/proc": "uptime: no such file; mount /proc",
		"/etc": "uptime: no such file; /etc is neither a proc filesystem nor a copy of one",
	} {
		if err := procfs.New(root).WhatHelps(cause); err.Error() != want || !errors.Is(err, cause) {
			t.Errorf("%q: %q, want %q", root, err, want)
		}
	}
}
