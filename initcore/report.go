package initcore

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"yinit/procfs"
)

// maxReport is what Kubernetes reads of /dev/termination-log.
const maxReport = 4096

// maxVerdict leaves room for the deaths.
const maxVerdict = 600

// lastDeaths is how many of them the report tells.
const lastDeaths = 10

// writeReport leaves an account of a failed run: what ended and why, the last
// deaths, zombies and who holds them.
func (m *machine) writeReport(path string) {
	if m.exitStatus() == 0 {
		return
	}
	if err := leave(path, m.report()); err != nil {
		m.log.Warn("no report", "error", err)
	}
}

// ReportFailure leaves an account of a run that yinit ended by itself, before it
// started anything, see [Config.Report].
func ReportFailure(path string, status int, why string) error {
	return leave(path, conclusion(status, why))
}

// leave writes a report where Kubernetes looks for it, if the file exists and
// nothing is in it yet.
func leave(path, report string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 0 {
		return nil // nobody asked for a report, or the program wrote its own
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(report)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// conclusion is the first line of a report.
func conclusion(status int, why string) string {
	line := fmt.Sprintf("yinit: exit status %d", status)
	if why != "" {
		line += ": " + cut(printable(why), maxVerdict)
	}
	return line + "\n"
}

func (m *machine) report() string {
	var b strings.Builder
	b.WriteString(conclusion(m.exitStatus(), m.verdict))
	if m.zombies != "" {
		b.WriteString("zombies: " + cut(m.zombies, maxVerdict) + "\n")
	}
	if err := m.hist.Err(); err != nil {
		b.WriteString("the history is incomplete: " + err.Error() + "\n")
	}
	deaths := m.hist.LastExits(lastDeaths)
	if len(deaths) > 0 {
		b.WriteString("last deaths:\n")
	}
	for _, r := range deaths {
		how := r.Status.String()
		if r.Text != "" {
			how = r.Text
		}
		name := r.Cmdline
		if name == "" {
			name = r.Comm
		}
		fmt.Fprintf(&b, "  %s %d %s: %s\n", r.Time.UTC().Format("15:04:05.000"), r.PID, cut(printable(name), 80), cut(printable(how), 160))
	}
	return cut(b.String(), maxReport)
}

// heldZombies names the zombies that live parents hold, by parent.
func heldZombies(all []procfs.Stat, self int) string {
	held := map[int]int{}
	for _, s := range all {
		if s.Zombie() && s.PPID != self && s.PPID != 0 {
			held[s.PPID]++
		}
	}
	var lines []string
	for pid, n := range held {
		if parent := find(all, pid); parent != nil {
			lines = append(lines, fmt.Sprintf("%d held by %d (%s)", n, pid, printable(parent.Comm)))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, ", ")
}

// cut shortens s to n bytes, at a whole character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-len("…")], "") + "…"
}

// printable replaces what would spoil a line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
