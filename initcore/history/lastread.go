package history

import (
	"time"

	"golang.org/x/sys/unix"
)

// LastRead returns when another process last opened the ring or read it; zero: unknown.
// Each read of a memfd sets its access time, and the Writer reads its mapping only.
func (w *Writer) LastRead() time.Time {
	var st unix.Stat_t
	if w == nil || !w.mapped || unix.Fstat(w.fd, &st) != nil {
		return time.Time{}
	}
	return time.Unix(st.Atim.Unix())
}
