package procfs

import "errors"

// ErrGone says that the process ended before or during the read: ENOENT when
// opening, ESRCH when reading a file of /proc/[pid] that was open already.
var ErrGone = errors.New("process is gone")

// ErrFormat says that a file does not have the form that proc(5) gives it.
var ErrFormat = errors.New("unexpected format")
