package doctor

import (
	"time"

	"yinit/procfs"
)

// Checks are what the doctor asks beside the processes. Package checkup reads them. What is
// not known is the zero value.
type Checks struct {
	OOMKills uint64 // processes that the kernel has killed because of the memory limit, since the group exists
	OOMGroup bool   // memory.oom.group is 1: it kills all processes of the group at once

	ShmSize, ShmFree procfs.Bytes // of /dev/shm; 0, 0: unknown, or there is none

	PidFiles []PidFile            // those in /run
	OpenMax  map[procfs.ID]uint64 // soft limit of PID 1 and of its children for open files
	Unread   []string             // what could not be checked, and why
	Late     bool                 // a file system did not respond in time
}

// A PidFile is a file in which a program has noted its process number.
type PidFile struct {
	Path    string
	PID     int
	Written time.Time
}

// Memory is what the history tells about itself.
type Memory struct {
	None    string   // why there is no history to read; "": there is one
	Hidden  bool     // PID 1 keeps one, and this user may not read it
	Blind   bool     // how processes end that others reap is not known: the kernel is older than 6.15
	Missing []string // what is missing in it, in words
}
