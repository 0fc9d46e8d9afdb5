package history

import "strings"

// Sources says how the writer of a ring learns of the ends of processes, beside those
// of its own children. The bits are part of the format.
type Sources uint32

const (
	// SourceWatch: it watches all processes of its PID namespace that it finds.
	SourceWatch Sources = 1 << iota
	// SourceStatus: the kernel reports how these have ended, since Linux 6.15.
	SourceStatus
	// SourceStat: it reads how these have ended from /proc, which succeeds only if their
	// parents do not reap them at once.
	SourceStat
	// SourceAccounting: the kernel reports the ends of all processes of the PID
	// namespace, see acct(2).
	SourceAccounting
)

// String names the sources: "children of the init; other processes, with exit
// statuses; process accounting".
func (s Sources) String() string {
	all := []string{"children of the init"}
	switch {
	case s&SourceWatch == 0:
	case s&(SourceStatus|SourceAccounting) != 0:
		all = append(all, "other processes, with exit statuses")
	case s&SourceStat != 0:
		all = append(all, "other processes, with exit statuses where /proc shows them in time (the kernel is older than 6.15)")
	default:
		all = append(all, "other processes, without exit statuses (the kernel is older than 6.15)")
	}
	if s&SourceAccounting != 0 {
		all = append(all, "process accounting")
	}
	return strings.Join(all, "; ")
}

// SetSources writes into the header how the init learns of the ends of processes.
func (w *Writer) SetSources(s Sources) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		le.PutUint32(w.mem[offSources:], uint32(s))
	}
}
