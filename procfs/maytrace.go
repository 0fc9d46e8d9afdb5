package procfs

import (
	"errors"
	"io/fs"
)

// MayTrace reports whether the caller may look into pid by the rule for
// PTRACE_MODE_READ_FSCREDS of ptrace(2). It is the rule by which the kernel
// shows [Stat.ExitCode] or 0, and the one by which it lets the link exe be read:
// of a zombie that link leads nowhere, if one may look.
func (f FS) MayTrace(pid int) bool {
	_, err := f.Exe(pid)
	return err == nil || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, ErrGone)
}
