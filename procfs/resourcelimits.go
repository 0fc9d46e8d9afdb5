package procfs

import (
	"bytes"
	"fmt"
)

// A ResourceLimit is one line of /proc/[pid]/limits, see getrlimit(2).
type ResourceLimit struct {
	Name       string // as ulimit and prlimit(1) call it: "nofile", "nproc"
	Soft, Hard uint64 // [Unlimited] is no limit
}

// resourceNames are the names of the lines of limits, and the usual short ones.
var resourceNames = [...][2]string{
	{"Max cpu time", "cpu"},
	{"Max file size", "fsize"},
	{"Max data size", "data"},
	{"Max stack size", "stack"},
	{"Max core file size", "core"},
	{"Max resident set", "rss"},
	{"Max processes", "nproc"},
	{"Max open files", "nofile"},
	{"Max locked memory", "memlock"},
	{"Max address space", "as"},
	{"Max file locks", "locks"},
	{"Max pending signals", "sigpending"},
	{"Max msgqueue size", "msgqueue"},
	{"Max nice priority", "nice"},
	{"Max realtime priority", "rtprio"},
	{"Max realtime timeout", "rttime"},
}

// ResourceLimits reads /proc/[pid]/limits, which every user may read, also that of a
// zombie. The errors are those of [FS.Stat].
func (f FS) ResourceLimits(pid int) ([]ResourceLimit, error) {
	at := place{pid: pid, name: "limits"}
	b, err := f.read(at, make([]byte, 0, smallFile), smallFile)
	if err != nil {
		return nil, err
	}
	limits, err := ParseResourceLimits(b)
	if err != nil {
		return nil, f.wrap(at, err)
	}
	return limits, nil
}

// ParseResourceLimits parses the content of /proc/[pid]/limits. It leaves out the lines
// that it does not know. The error matches [ErrFormat] if it knows none.
func ParseResourceLimits(b []byte) ([]ResourceLimit, error) {
	var all []ResourceLimit
	for _, names := range resourceNames {
		if soft, hard, ok := limit(b, names[0]+" "); ok {
			all = append(all, ResourceLimit{names[1], soft, hard})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("limits: no known line: %w", ErrFormat)
	}
	return all, nil
}

// QueuedSignals returns how many signals are queued for the real user of pid, and how many
// may be for pid, from the line SigQ of proc_pid_status(5). The errors are those of
// [FS.Status].
func (f FS) QueuedSignals(pid int) (queued, most uint64, err error) {
	at := place{pid: pid, name: "status"}
	b, err := f.read(at, make([]byte, 0, smallFile), maxFile)
	if err != nil {
		return 0, 0, err
	}
	if queued, most, err = ParseQueuedSignals(b); err != nil {
		err = f.wrap(at, err)
	}
	return queued, most, err
}

// ParseQueuedSignals parses the line "SigQ:" of /proc/[pid]/status, such as 3/127415. The
// error matches [ErrFormat].
func ParseQueuedSignals(b []byte) (queued, most uint64, err error) {
	for line := range bytes.Lines(b) {
		value, ok := bytes.CutPrefix(line, []byte("SigQ:"))
		if !ok {
			continue
		}
		first, second, _ := bytes.Cut(bytes.TrimSpace(value), []byte{'/'})
		queued, ok = parseUint(first)
		most, whole := parseUint(second)
		if ok && whole {
			return queued, most, nil
		}
		break
	}
	return 0, 0, fmt.Errorf("status: no SigQ: %w", ErrFormat)
}
