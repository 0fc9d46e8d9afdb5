package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// mostNamed is how many files of a kind the details name.
const mostNamed = 8

// unreadWords says why something is not shown.
func unreadWords(why snapshot.Unread) string {
	switch why {
	case snapshot.Denied:
		return "not readable with your rights"
	case snapshot.Blocked:
		return "not read: the process holds the lock of its memory, as one in state D may do for long"
	case snapshot.Unsupported:
		return "unknown: this kernel does not show it"
	default:
		return ""
	}
}

// files adds the open files of the process, and who else has its terminal and its pipes.
func (d detail) files(w *world, s *sheet, p *snapshot.Process) {
	if !d.has(p) {
		return
	}
	s.text(strong, "FILES")
	if d.more.FilesUnread != snapshot.ReadAll {
		s.field("open", unreadWords(d.more.FilesUnread))
		return
	}
	f := &d.more.Files
	l, words := d.openFiles(w)
	s.fieldIn(l, "open", words)
	var listening, deleted []string
	for i := range f.Open {
		file := &f.Open[i]
		if address := f.Listening[file.Inode]; file.Kind == procfs.FileSocket && address != "" {
			listening = append(listening, fmt.Sprintf("%s (fd %d)", w.text(address), file.FD))
		}
		if file.Deleted {
			deleted = append(deleted, fmt.Sprintf("%s (fd %d)", w.text(file.Name), file.FD))
		}
	}
	s.fieldIf("listens", named(listening, ", "))
	if len(deleted) > 0 {
		s.fieldIn(warn, "deleted", named(deleted, ", ")+": the space is free only when they are closed")
	}
	d.shared(w, s)
}

// fieldIf is field, unless the value is "".
func (s *sheet) fieldIf(name, value string) {
	if value != "" {
		s.field(name, value)
	}
}

// named joins the first names.
func named(names []string, separator string) string {
	if more := len(names) - mostNamed; more > 0 {
		return strings.Join(names[:mostNamed], separator) + " and " + text.Count(more) + " more"
	}
	return strings.Join(names, separator)
}

// openFiles counts the open files against their limit, and by kind.
func (d detail) openFiles(w *world) (style, string) {
	f := &d.more.Files
	words, l := text.Count(f.Total), normal
	for _, limit := range d.more.Limits {
		if limit.Name != "nofile" || limit.Soft == uint64(procfs.Unlimited) {
			continue
		}
		words += " of " + text.Count(int(min(limit.Soft, 1<<40))) + " that nofile allows"
		switch used := float64(f.Total) / float64(max(limit.Soft, 1)); {
		case used >= 0.98:
			l, words = bad, words+", which is nearly all"
		case used >= 0.8:
			l = warn
		}
	}
	kinds := map[string]int{}
	for i := range f.Open {
		name := f.Open[i].Kind.String()
		if f.Open[i].Kind == procfs.FileOther {
			name = w.text(f.Open[i].Name)
		}
		kinds[name]++
	}
	if len(kinds) == 0 {
		return l, words
	}
	if len(f.Open) < f.Total {
		words += ", of the first " + text.Count(len(f.Open))
	}
	return l, words + ": " + countKinds(kinds)
}

// countKinds lists numbers of things, the most first.
func countKinds(kinds map[string]int) string {
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if kinds[a] != kinds[b] {
			return kinds[b] - kinds[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = text.Plural(kinds[name], name, name)
		for k := procfs.FilePath; k <= procfs.FileNamespace; k++ {
			if k.String() == name {
				names[i] = text.Plural(kinds[name], name, name+"s")
			}
		}
	}
	return named(names, ", ")
}

// A sharedFile is a pipe or a terminal of the process.
type sharedFile struct {
	file   *procfs.OpenFile
	fds    []string
	access procfs.FileAccess
}

// shared adds the terminals and pipes of the process, and who else has them.
func (d detail) shared(w *world, s *sheet) {
	var all []sharedFile
	f := &d.more.Files
	for i := range f.Open {
		file := &f.Open[i]
		if file.Kind != procfs.FilePipe && file.Kind != procfs.FileTerminal {
			continue
		}
		at := slices.IndexFunc(all, func(s sharedFile) bool { return s.file.Link == file.Link })
		if at < 0 {
			at = len(all)
			all = append(all, sharedFile{file: file})
		}
		all[at].fds = append(all[at].fds, strconv.Itoa(file.FD))
		all[at].access |= f.Access[file.FD]
	}
	others := false
	for i := range all[:min(len(all), mostNamed)] {
		one := &all[i]
		holders := d.more.Holders.Of[one.file.Link]
		others = others || len(holders) > 0
		fd := "fd " + named(one.fds, ", ")
		if one.file.Kind == procfs.FileTerminal {
			s.field("terminal", w.text(one.file.Name)+" ("+fd+"); "+d.holders(w, holders, 0))
		} else {
			s.field("pipe", fd+pipeEnd(one.access)+"; "+d.holders(w, holders, one.access))
		}
	}
	if more := len(all) - mostNamed; more > 0 {
		s.field("", "and "+text.Plural(more, "more pipe or terminal", "more pipes and terminals"))
	}
	if others {
		s.field("", "A docker exec session, and a reader of the output, end only when all that have it open have closed it.")
	}
}

// pipeEnd says which end of a pipe the process has.
func pipeEnd(a procfs.FileAccess) string {
	switch a {
	case procfs.FileReads:
		return ", reads"
	case procfs.FileWrites:
		return ", writes"
	case procfs.FileReads | procfs.FileWrites:
		return ", both ends"
	default:
		return ""
	}
}

// holders says who else has a terminal, or a pipe of which the process has one end.
func (d detail) holders(w *world, all []snapshot.Holder, own procfs.FileAccess) string {
	var names []string
	both := own
	for _, h := range all {
		name := fmt.Sprintf("%d %s", h.PID, w.text(h.Comm))
		if h.PID == w.snap.Caller.PID {
			name += " (this program)"
		}
		if own != 0 {
			name += strings.Replace(pipeEnd(h.Access), ", ", " (", 1)
			if h.Access != 0 {
				name += ")"
			}
		}
		both |= h.Access
		names = append(names, name)
	}
	words := "also held by " + named(names, ", ")
	if len(names) == 0 {
		words = "nobody else here has it open"
	}
	if d.more.Holders.Partial {
		words += " (not all processes were looked at in time)"
	} else if n := d.more.Holders.Denied; n > 0 {
		words += " (" + text.Plural(n, "process", "processes") + " may not be looked into)"
	} else if own == procfs.FileReads && both == own || own == procfs.FileWrites && both == own {
		words += "; the other end is outside the container (docker logs, docker exec), or closed"
	}
	return words
}
