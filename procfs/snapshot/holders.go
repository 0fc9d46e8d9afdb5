package snapshot

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

const (
	// mostLinks is how many pipes and terminals of a process are looked for.
	mostLinks = 32
	// mostTheirs is how many open files of each other process are looked at.
	mostTheirs = 512
	// lookFor is how long one look at all processes may take.
	lookFor = 150 * time.Millisecond
	// lookShare is by how much longer than it took a look is not repeated, at least
	// lookAgain.
	lookShare, lookAgain = 20, 2 * time.Second
)

// A Holder is another process that has a pipe or a terminal open.
type Holder struct {
	PID    int
	Comm   string
	Access procfs.FileAccess // of all its descriptors of the file; 0: unknown
}

// Holders says who else has the pipes and terminals of a process open. As long as one
// process has them open, the other end does not see the end of the file: a session of
// docker exec, for example, does not end.
type Holders struct {
	// Of has the other processes, by the link of the file, see [procfs.OpenFile]. A file
	// that nobody else has is in the map, too.
	Of map[string][]Holder
	// Denied is how many processes could not be looked into.
	Denied int
	// Partial says that the look took too long and was ended: there may be others.
	Partial bool
}

// holderLook looks for the holders, and keeps the answer for a while, because it has to
// look at the descriptors of all processes.
type holderLook struct {
	mu    sync.Mutex
	id    procfs.ID
	files string // links for which it has looked
	next  time.Time
	last  Holders
	limit time.Duration // 0: lookFor; for tests
}

// of returns the holders of the pipes and terminals among the files of the process id.
func (l *holderLook) of(r *Reader, id procfs.ID, files *Files) Holders {
	want, links := wanted(files), ""
	for i := range want {
		links += want[i].Link + "\n"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.id == id && l.files == links && now.Before(l.next) {
		return l.last
	}
	l.id, l.files = id, links
	l.last = Holders{}
	if len(want) > 0 {
		l.last = r.lookForHolders(id, want, now.Add(cmp.Or(l.limit, lookFor)))
	}
	l.next = now.Add(max(lookAgain, lookShare*time.Since(now)))
	return l.last
}

// wanted returns one descriptor of each pipe and terminal.
func wanted(files *Files) (want []procfs.OpenFile) {
	seen := map[string]bool{}
	for _, f := range files.Open {
		if (f.Kind == procfs.FilePipe || f.Kind == procfs.FileTerminal) && !seen[f.Link] && len(want) < mostLinks {
			seen[f.Link] = true
			want = append(want, f)
		}
	}
	return want
}

// lookForHolders looks at the descriptors of all other processes of the last snapshot.
func (r *Reader) lookForHolders(id procfs.ID, want []procfs.OpenFile, until time.Time) Holders {
	h := Holders{Of: map[string][]Holder{}}
	terminals := map[procfs.FileID]string{}
	for _, f := range want {
		h.Of[f.Link] = nil
		if f.Kind == procfs.FileTerminal {
			if id, err := r.fs.FileID(id.PID, f.FD); err == nil {
				terminals[id] = f.Link
			}
		}
	}
	r.mu.Lock()
	others := make([]procfs.Stat, len(r.stats))
	for i, s := range r.stats {
		others[i] = *s
	}
	r.mu.Unlock()
	for i := range others {
		p := &others[i]
		if p.ID() == id || p.Dead() || p.KernelThread() {
			continue
		}
		if time.Now().After(until) {
			h.Partial = true
			break
		}
		h.add(r.fs, p, terminals)
	}
	return h
}

// add looks at the descriptors of one process.
func (h *Holders) add(proc procfs.FS, p *procfs.Stat, terminals map[procfs.FileID]string) {
	look := func() (files []procfs.OpenFile, err error) {
		files, _, err = proc.OpenFiles(p.PID, mostTheirs)
		if err == nil {
			h.match(proc, p, files, terminals)
		}
		return files, err
	}
	_, err := look()
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() == 0 {
		_ = asuser.Owner(proc, p.PID, func() { _, err = look() })
	}
	if errors.Is(err, fs.ErrPermission) {
		h.Denied++
	}
}

// match adds the process to the holders of those of its files that are looked for.
func (h *Holders) match(proc procfs.FS, p *procfs.Stat, files []procfs.OpenFile, terminals map[procfs.FileID]string) {
	held := map[string]procfs.FileAccess{}
	for _, f := range files {
		link := f.Link
		switch f.Kind {
		case procfs.FilePipe:
			if _, ok := h.Of[link]; !ok {
				continue
			}
		case procfs.FileTerminal: // Another container may have one of the same name, or another name for this one.
			id, err := proc.FileID(p.PID, f.FD)
			if link = terminals[id]; err != nil || link == "" {
				continue
			}
		default:
			continue
		}
		access, _ := proc.FileAccess(p.PID, f.FD)
		held[link] |= access
	}
	for link, access := range held {
		h.Of[link] = append(h.Of[link], Holder{p.PID, p.Comm, access})
	}
}
