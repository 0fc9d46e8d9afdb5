package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/initcore/history/facts"
	"yinit/procfs"
	"yinit/procfs/explain"
	"yinit/procfs/snapshot"
	"yinit/tui/text"
)

// explainOptions are the options of yinit explain.
type explainOptions struct {
	json bool
	last bool
	pid  int
	where
}

func parseExplain(args []string) (explainOptions, error) {
	o := explainOptions{where: here()}
	c := config.Lookup("explain")
	words, err := c.Parse(args, o.bind(config.Bind{"json": &o.json, "last": &o.last}))
	var pids []int
	if err == nil {
		pids, err = c.PIDs(words)
	}
	switch {
	case err != nil:
	case o.last && len(pids) > 0:
		err = errors.New("explain: --last and a process exclude each other")
	case !o.last && len(pids) == 0:
		err = errors.New("explain: no process given; write yinit explain PID, or --last for the last process that failed")
	case !o.last:
		o.pid = pids[0]
	}
	return o, err
}

func runExplain(args []string) (int, error) {
	o, err := parseExplain(args)
	if err != nil {
		return failure, err
	}
	t, err := o.look()
	if err != nil {
		return failure, fmt.Errorf("explain: %w", err)
	}
	w := newSource(t)
	w.once = true
	defer w.Close()
	l, err := w.examine()
	if err != nil {
		return failure, fmt.Errorf("explain: %w", err)
	}
	e, err := l.explain(w, o)
	switch {
	case err != nil && o.last && len(l.records) == 0:
		return failure, fmt.Errorf("explain: %w", err)
	case err != nil:
		return 1, fmt.Errorf("explain: %w", err)
	}
	e.From(o.place())
	out := bufio.NewWriter(os.Stdout)
	if o.json {
		fmt.Fprintln(out, history.JSONLine(jsonOfExplanation(e)))
	} else {
		newReport(out).explanation(&e)
	}
	if err := out.Flush(); err != nil {
		return failure, fmt.Errorf("explain: %w", err)
	}
	return 0, nil
}

// explain explains the process that the options ask for: from what is there, or from the
// history.
func (l *examination) explain(w *source, o explainOptions) (explain.Explanation, error) {
	if o.last {
		at := facts.LastFailure(l.records)
		switch {
		case at >= 0:
			return facts.Last(l.records, at), nil
		case len(l.records) == 0:
			return explain.Explanation{}, errors.New("no process end is recorded: " + l.since)
		}
		if unseen := facts.UnseenKills(l.records, time.Time{}); len(unseen) > 0 {
			return explain.Explanation{}, errors.New("no process is known to have failed, but at " + unseen[len(unseen)-1])
		}
		return explain.Explanation{}, errors.New("no process is known to have failed; the history: " + l.since)
	}
	f := snapshot.NewFamily(l.snap.Procs)
	if p := f.Find(o.pid); p != nil {
		return l.life(w, f, p).Explain(), nil
	}
	if at := l.awaitEnd(w, o.pid); at >= 0 {
		return facts.Ended(l.records, at), nil
	}
	missing := w.Targets.Missing(o.pid, procfs.ErrGone)
	if len(l.records) == 0 {
		return explain.Explanation{}, fmt.Errorf("%w, and its end is not recorded: %s", missing, l.since)
	}
	return explain.Explanation{}, fmt.Errorf("%w, and no record is about its end", missing)
}

// recordTime is how long a process may have ended without a record: the init looks once a
// second, and then writes.
const recordTime = 1200 * time.Millisecond

// awaitEnd returns the index of the record of the end of a process that is not there, -1 if
// there is none. It may have ended so recently that the record is still to be written.
func (l *examination) awaitEnd(w *source, pid int) int {
	at := facts.EndOf(l.records, pid)
	if _, err := w.historyReader.fs.Stat(pid); err == nil {
		return at // a thread, or hidden
	}
	for deadline := time.Now().Add(recordTime); at < 0 && len(l.records) > 0 && time.Now().Before(deadline); at = facts.EndOf(l.records, pid) {
		time.Sleep(lookTime)
		l.records, _, l.since = w.remember()
	}
	if at < 0 || !l.records[at].Status.Signaled() || l.records[at].Why() != "" {
		return at
	}
	if wait := recordTime - time.Since(l.records[at].Died()); wait > 0 { // until what sent the signal is recorded, too
		time.Sleep(min(wait, recordTime))
		l.records, _, l.since = w.remember()
	}
	return facts.EndOf(l.records, pid)
}

// life returns what is known about a process that exists.
func (l *examination) life(w *source, f *snapshot.Family, p *snapshot.Process) *explain.Life {
	life := &explain.Life{
		Subject: *explained(f, p, &l.snap), Findings: explain.About(l.found, p), Stuck: l.facts.Stuck[p.ID],
	}
	life.DeadFor = l.facts.Dead[p.ID]
	life.Held = heldBy(f, p)
	if d, err := w.Details(p.ID); err == nil {
		life.Closer = d.Target
	}
	_, life.Program = l.facts.Stops[p.ID]
	for i := range l.stop.Steps {
		if l.stop.Possible && l.stop.Steps[i].Process.ID == p.ID {
			life.Step = &l.stop.Steps[i]
		}
	}
	if l.zombies != nil {
		life.Init = l.zombies.Init
		culprit := p.ID.PID
		if p.Dead() {
			culprit = p.Culprit
		}
		for _, c := range l.zombies.Culprits {
			if c.Culprit == culprit {
				life.Zombies = c
			}
		}
	}
	if files, err := w.Resources(p.ID); err == nil {
		life.Listens = listening(&files)
		if len(files.Threads) > 0 && files.Threads[0].TID == p.ID.PID {
			life.Main = &files.Threads[0]
		}
	}
	born := l.snap.Time.Add(-p.Age)
	life.Heard = facts.Heard(l.records, p.ID.PID, born, l.snap.Time.Add(time.Minute))
	if at := facts.EndOf(l.records, p.ID.PID); at >= 0 {
		r := &l.records[at]
		life.Earlier = fmt.Sprintf("an earlier process %d, %s, %s at %s", r.PID, r.Title(), r.How(), r.Time.Local().Format(time.TimeOnly))
	}
	return life
}

// heldBy returns for how many zombies a process has not waited.
func heldBy(f *snapshot.Family, p *snapshot.Process) (n int) {
	for i := range f.Procs {
		if q := &f.Procs[i]; q.Dead() && q.Culprit == p.ID.PID {
			n++
		}
	}
	return n
}

// listening returns the addresses on which a process listens.
func listening(r *snapshot.Resources) (all []string) {
	for i := range r.Files.Open {
		f := &r.Files.Open[i]
		if address := r.Files.Listening[f.Inode]; f.Kind == procfs.FileSocket && address != "" && !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	return all
}

// explanation prints an explanation.
func (p *report) explanation(e *explain.Explanation) {
	p.paragraph("", 0, e.Summary)
	for i, evidence := range e.Evidence {
		label := ""
		if i == 0 {
			label = "  seen"
		}
		p.paragraph(label, 9, evidence)
	}
	p.styled([...]string{"", text.Warn, text.Warn}[min(e.Certainty, explain.Unknown)], "  sure", 9, certaintyText(e))
	for i, next := range e.Next {
		label := ""
		if i == 0 {
			label = "  next"
		}
		p.paragraph(label, 9, next)
	}
}

// certaintyText says how certain an explanation is, and what is in doubt.
func certaintyText(e *explain.Explanation) string {
	switch {
	case e.Certainty == explain.Known:
		return "known"
	case e.Doubts != "":
		return e.Certainty.String() + ": " + e.Doubts
	case e.Certainty == explain.Likely:
		return "likely: the evidence does not prove it"
	default:
		return "unknown: what decides is not recorded, or cannot be read"
	}
}

// jsonExplanation is the JSON of yinit explain.
type jsonExplanation struct {
	Subject   string   `json:"subject"`
	Summary   string   `json:"summary"`
	Evidence  []string `json:"evidence"`
	Certainty string   `json:"certainty"`
	Next      []string `json:"next"`
}

func jsonOfExplanation(e explain.Explanation) jsonExplanation {
	return jsonExplanation{
		Subject: e.Subject, Summary: e.Summary, Evidence: append([]string{}, e.Evidence...),
		Certainty: e.Certainty.String(), Next: append([]string{}, e.Next...),
	}
}
