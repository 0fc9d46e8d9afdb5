package main

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
	"yinit/tui/text"
)

// TestPSOnATerminal checks what yinit ps prints on terminals of several widths, with and
// without colours, of processes with hostile names.
func TestPSOnATerminal(t *testing.T) {
	process := func(pid, ppid int, comm string, change func(*snapshot.Process)) snapshot.Process {
		p := snapshot.Process{
			ID: procfs.ID{PID: pid, Start: procfs.Ticks(pid)}, PPID: ppid, Comm: comm, Cmdline: []string{comm, "--some", "arguments"}, User: "root",
			State: procfs.StateSleeping, Threads: 1, RSS: 3 * procfs.MiB, Age: time.Minute, Term: verdict.OutcomeTerminate,
		}
		change(&p)
		return p
	}
	snap := func() *snapshot.Snapshot {
		return &snapshot.Snapshot{Procs: []snapshot.Process{
			process(1, 0, "init", func(p *snapshot.Process) { p.Term = verdict.OutcomeShielded }),
			process(12, 1, "\x1b[31mred\n", func(p *snapshot.Process) { p.State = procfs.StateStopped }),
			process(13, 12, "\u202e\u05d0", func(p *snapshot.Process) {
				p.State, p.Known, p.Status, p.Culprit, p.Term = procfs.StateZombie, true, 1<<8, 12, verdict.OutcomeNoEffect
			}),
		}}
	}
	for _, p := range []paper{{}, {width: 80}, {width: 40, colour: true}, {width: 10, ascii: true}, {width: 1}} {
		var b strings.Builder
		out := bufio.NewWriter(&b)
		listProcesses(snap(), psOptions{tree: true}).print(out, p)
		_ = out.Flush() // a Builder does not fail
		got := b.String()
		if n := strings.Count(got, "\n"); n != 4 {
			t.Errorf("%+v: %d lines, want 4:\n%q", p, n, got)
		}
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			if w := text.Width(line); p.width > 0 && w > p.width {
				t.Errorf("%+v: %d cells: %q", p, w, line)
			}
			plain := line
			for _, style := range []string{text.Bad, text.Warn, ""} {
				plain = strings.ReplaceAll(plain, "\x1b["+style+"m", "")
			}
			if procfs.Printable(plain) != plain || p.ascii && !procfs.IsPrintableASCII(plain) || !p.colour && plain != line {
				t.Errorf("%+v: not safe: %q", p, line)
			}
		}
		if whole := `[\u202e\u05d0] zombie, exited 1; 12 \x1b[31mred\n has not waited for it`; p.width == 0 && !strings.Contains(got, whole) {
			t.Errorf("not on a terminal: %q, want %q in it", got, whole)
		}
		if p.colour && !strings.Contains(got, "\x1b["+text.Bad+"m 13") {
			t.Errorf("the zombie has no colour: %q", got)
		}
	}
}
