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

// String names the sources of an init: "children of the init; other processes, with exit
// statuses; process accounting".
func (s Sources) String() string {
	all := []string{"children of the init"}
	if s&SourceWatch != 0 {
		all = append(all, s.watched("other processes"))
	}
	if s&SourceAccounting != 0 {
		all = append(all, "process accounting")
	}
	return strings.Join(all, "; ")
}

// watched says what is known of the processes that the writer watches.
func (s Sources) watched(what string) string {
	switch {
	case s&(SourceStatus|SourceAccounting) != 0:
		return what + ", with exit statuses"
	case s&SourceStat != 0:
		return what + ", with exit statuses where /proc shows them in time (the kernel is older than 6.15)"
	default:
		return what + ", without exit statuses (the kernel is older than 6.15)"
	}
}

// Sources names the sources of the history, see [Sources.String].
func (s *Source) Sources() (string, error) {
	h, err := s.Header()
	if err != nil {
		return "", err
	}
	if s.Own { // it has no children to reap
		return h.Sources.watched("processes that this command has found"), nil
	}
	return h.Sources.String(), nil
}

// SetSources writes into the header how the init learns of the ends of processes.
func (w *Writer) SetSources(s Sources) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		le.PutUint32(w.mem[offSources:], uint32(s))
		w.file.changed()
	}
}
