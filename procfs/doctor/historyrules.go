package doctor

import (
	"fmt"
	"slices"
	"strings"

	"yinit/procfs"
)

// A Stranger is an orphan that PID 1, or another process that is not an init, has reaped.
type Stranger struct {
	Failure
	Known bool   // Status is known
	Text  string // who reaped it, in words
}

// jumpy are programs that take the death of any child for a crash of one of theirs.
var jumpy = [...]string{
	"postgres", // docker-library/postgres#1349: an unknown child with a code above 1 begins a recovery
	"foreman",  // frankfurter#558: any child that ends ends them all
}

// stranger: PID 1 has reaped a process that it did not start.
func stranger(f *Facts, s *Stop) *Finding {
	x := &Finding{
		ID: "stranger", Level: Note,
		Why: "a server that waits for any child may take the exit of a stranger for a crash of its own worker, and restart everything",
		Do:  "run it under an init, which then gets the orphans: docker run --init, or ENTRYPOINT [\"/yinit\", \"--\"]",
	}
	first := f.find(1)
	if n := len(f.Strangers); n > 0 {
		last := &f.Strangers[n-1]
		x.What = last.Text
		x.Evidence = fmt.Sprintf("%d %s: %s", last.PID, last.Comm, procfs.Ended(last.Known, last.Status))
		if n > 1 {
			x.Evidence += fmt.Sprintf("; %d such processes in the last %s", n, procfs.Span(Lately))
		}
		if last.Known && last.Status != 0 {
			x.Level = Risk
		}
		if p := f.find(last.PPID); p != nil {
			x.Procs = []procfs.ID{p.ID}
		}
		return x
	}
	if first == nil || !s.Possible || !slices.Contains(jumpy[:], first.Comm) {
		return nil
	}
	x.What = "PID 1 is " + first.Comm + ", which takes the death of an orphan for that of its own child"
	x.Evidence = name(first) + " adopts every orphan of the container, such as the children of a health check that was ended"
	x.Procs = []procfs.ID{first.ID}
	return x
}

// noHistory: there is no history, or this user may not read it.
func noHistory(f *Facts, s *Stop) *Finding {
	if f.Memory.None == "" || !s.Possible {
		return nil
	}
	x := &Finding{
		ID: "no-history", Level: Note, What: "how processes ended is not recorded",
		Evidence: f.Memory.None,
		Why:      "exit statuses and the senders of signals are lost",
		Do:       "ENTRYPOINT [\"/yinit\", \"--\"]; or yinit history --follow, which records from now on",
	}
	if f.Memory.Hidden {
		x.ID, x.What = "history-unread", "the history of PID 1 could not be read"
		x.Why, x.Do = "the crashes, OOM kills and signals that it recorded are missing here", "look as root or as the user of PID 1"
		if whose, advice, ok := strings.Cut(f.Memory.None, ": "); ok {
			x.Evidence, x.Do = whose, advice
		}
	}
	return x
}

// blind: the kernel does not say how processes ended that others have reaped.
func blind(f *Facts, _ *Stop) *Finding {
	if !f.Memory.Blind {
		return nil
	}
	return &Finding{
		ID: "kernel-old", Level: Note, What: "some exit statuses are unknown: the kernel is older than 6.15",
		Evidence: "the init watches processes that are not its children without the kernel's exit information",
		Why:      "for a process that its parent reaps at once, the history knows that it ended, but not how",
		Do:       "Linux 6.15; or CAP_SYS_PACCT for the init, which then uses process accounting",
	}
}

// partial: the history lacks something.
func partial(f *Facts, _ *Stop) *Finding {
	if len(f.Memory.Missing) == 0 {
		return nil
	}
	return &Finding{
		ID: "history-partial", Level: Note, What: "the history is not complete: " + f.Memory.Missing[0],
		Evidence: strings.Join(f.Memory.Missing, "; "),
		Why:      "some processes have ended without a record",
		Do:       "yinit history shows what there is",
	}
}
