package main

import (
	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/doctor"
)

// stopPolicy returns what yinit as PID 1 does at a stop, see [config.StopPolicy]. It is nil if
// PID 1 is not yinit.
func stopPolicy(fs procfs.FS) *doctor.Policy {
	if history.RelayOf(fs, 1) == nil {
		return nil
	}
	return config.StopPolicy(fs, 1, !fs.FromAbove())
}
