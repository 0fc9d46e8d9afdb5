package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"yinit/cmd/yinit/config"
	"yinit/initcore/history"
	"yinit/procfs"
)

// historyOptions are the options of yinit history.
type historyOptions struct {
	json   bool
	kinds  map[history.Kind]bool // none: all
	failed bool
	pid    int
	since  time.Duration
	file   string
	follow bool
}

func runHistory(args []string) (int, error) {
	o, err := parseHistory(args)
	if err != nil {
		return failure, err
	}
	kept, err := openHistory(&o)
	if err != nil {
		return failure, fmt.Errorf("history: %w", err)
	}
	defer kept.r.Close()
	t := &teller{out: bufio.NewWriter(os.Stdout), err: os.Stderr, kept: kept, o: o}
	if err := t.tell(); err != nil {
		return failure, fmt.Errorf("history: %w", err)
	}
	if o.follow {
		err = t.follow()
	} else {
		err = t.summary()
	}
	if err != nil {
		return failure, fmt.Errorf("history: %w", err)
	}
	return 0, nil
}

func parseHistory(args []string) (historyOptions, error) {
	var o historyOptions
	var kinds []string
	_, err := config.Lookup("history").Parse(args, config.Bind{
		"json":   &o.json,
		"follow": &o.follow,
		"kind":   &kinds,
		"failed": &o.failed,
		"pid":    &o.pid,
		"since":  &o.since,
		"file":   &o.file,
	})
	for _, name := range kinds {
		if kind, ok := history.ParseKind(name); ok {
			if o.kinds == nil {
				o.kinds = map[history.Kind]bool{}
			}
			o.kinds[kind] = true
		}
	}
	return o, err
}

// kept is a history that was found.
type kept struct {
	r     *history.Reader
	alive func() bool // whether somebody still writes it
	own   bool        // we do
}

// openHistory finds the history. If --pid chooses the init that keeps it, it is no
// filter any more.
func openHistory(o *historyOptions) (kept, error) {
	if o.file != "" {
		r, err := history.OpenFile(o.file)
		if err != nil {
			return kept{}, err
		}
		return kept{r: r, alive: r.Written}, nil
	}
	p := newPast(procfs.FS{})
	if p.choose(o.pid) {
		o.pid = 0
	}
	switch {
	case p.reader != nil && len(p.inits) < 2:
		return kept{r: p.reader, alive: p.alive}, nil
	case p.reader != nil:
		return kept{}, fmt.Errorf("several inits keep a history: %s; choose one with --pid", strings.Join(p.inits, ", "))
	case o.follow && !p.forbidden():
		r, err := p.watchMyself()
		if err != nil {
			return kept{}, fmt.Errorf("%s; and watching from here failed: %w", p.whyNot(), err)
		}
		fmt.Fprintln(os.Stderr, "yinit: "+p.whyNot()+"; watching from now on, "+time.Now().Format("15:04:05"))
		return kept{r: r, alive: p.alive, own: true}, nil
	case !p.forbidden():
		return kept{}, errors.New(p.whyNot() + "; yinit history --follow watches from now on")
	}
	return kept{}, errors.New(p.whyNot())
}

func (o historyOptions) wants(r history.Record, now time.Time) bool {
	switch {
	case o.kinds != nil && !o.kinds[r.Kind]:
		return false
	case o.failed && !r.Failed():
		return false
	case o.pid != 0 && r.PID != o.pid:
		return false
	case o.since > 0 && now.Sub(r.Time) > o.since:
		return false
	}
	return true
}

// textRecord is a record in words.
func textRecord(r history.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-6s", r.Time.Local().Format("15:04:05.000"), r.Kind)
	switch r.Kind {
	case history.KindSignal:
		b.WriteString(signalText(r))
	case history.KindStop, history.KindNote, history.KindOOM:
		b.WriteString("  " + clean(r.Text))
	default:
		fmt.Fprintf(&b, " %6d  %-24s  %s", r.PID, label(name(r)), clean(fate(r)))
	}
	return strings.TrimRight(b.String(), " ")
}

// fate says what became of the process of a record.
func fate(r history.Record) string {
	switch r.Kind {
	case history.KindAdopt:
		if r.OriginPPID != 0 {
			return fmt.Sprintf("orphan of %d, now a child of %d %s", r.OriginPPID, r.PPID, r.Parent)
		}
		return fmt.Sprintf("orphan, now a child of %d %s", r.PPID, r.Parent)
	case history.KindZombie:
		s := r.Text + "   dead for " + short(r.ZombieFor)
		if r.Known {
			s = r.Status.String() + "; " + s
		}
		return s
	case history.KindExit:
	default:
		return ""
	}
	s := ended(r)
	if r.Runtime > 0 {
		s += "   ran " + short(r.Runtime)
	}
	if r.CPU >= 10*time.Millisecond {
		s += "   cpu " + short(r.CPU)
	}
	if r.MaxRSS > 0 {
		s += "   peak " + r.MaxRSS.String()
	}
	if r.ZombieFor >= time.Second {
		s += "   zombie for " + short(r.ZombieFor)
	}
	return s + "   reaped by " + reaper(r)
}

// reaper is who waited for a process.
func reaper(r history.Record) string {
	switch {
	case r.ReapedByInit:
		return "the init"
	case r.PPID == 0:
		return "somebody outside"
	default:
		return strings.TrimRight(fmt.Sprintf("%d %s", r.PPID, r.Parent), " ")
	}
}

// nameWidth is how much of a command line the text has. All of it is in JSON.
const nameWidth = 24

// label is a command line in a column. A process that writes its own must not be
// able to pretend to be another column, or another line.
func label(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if s == "" {
		return "?"
	}
	return ansi.Truncate(s, nameWidth, "…")
}

func name(r history.Record) string {
	if r.Cmdline != "" {
		return r.Cmdline
	}
	return r.Comm
}

// ended says how a process ended.
func ended(r history.Record) string {
	switch {
	case !r.Known:
		return "ended, nobody knows how"
	case r.Text != "":
		return r.Text
	default:
		return r.Status.String()
	}
}

func signalText(r history.Record) string {
	s := "  " + procfs.SignalName(r.Signal) + " from " + clean(sender(r))
	switch r.Action {
	case history.ActionForwarded, history.ActionStop:
		s += " → passed on to " + pids(r.To)
	case history.ActionRewritten:
		s += " → passed on as " + procfs.SignalName(r.Passed) + " to " + pids(r.To)
	case history.ActionDelayed:
		s += " → waits for --delay"
	case history.ActionDropped:
		s += " → dropped"
	}
	return s
}

func sender(r history.Record) string {
	switch {
	case r.PID < 0:
		return "unknown"
	case r.PID == 0:
		return "outside the container"
	case r.Comm == "":
		return "pid " + strconv.Itoa(r.PID)
	default:
		return "pid " + strconv.Itoa(r.PID) + " (" + r.Comm + ")"
	}
}

func pids(list []int) string {
	if len(list) == 0 {
		return "nobody"
	}
	words := make([]string, len(list))
	for i, pid := range list {
		words[i] = strconv.Itoa(pid)
	}
	return strings.Join(words, ", ")
}

// short is a duration with as many digits as people read.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

// clean makes text of a process harmless to a terminal.
func clean(s string) string {
	quoted := strconv.Quote(s)
	if len(quoted) == len(s)+2 {
		return s
	}
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
