package initcore

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// maxReport is what Kubernetes reads of /dev/termination-log.
const maxReport = 4096

// maxVerdict leaves room for the deaths.
const maxVerdict = 600

// lastDeaths is how many of them the report tells.
const lastDeaths = 10

// reportLimit is how long the end waits until the report is written.
const reportLimit = time.Second

// writeReport leaves an account of a failed run: what ended and why, the last
// deaths, zombies and who holds them.
func (m *machine) writeReport(path string, h *helper) {
	if path == "" || m.exitStatus() == 0 {
		return
	}
	var failed error
	report := m.report()
	err := errNoAnswer
	if h.call(reportLimit, func() { failed = leave(path, report) }) {
		err = failed
	}
	if err != nil {
		m.log.Warn("cannot write the report", "error", err)
	}
}

var errNoAnswer = errors.New("its file system does not respond")

// ReportFailure leaves an account of a run that yinit ended by itself, before it
// started anything, see [Config.Report].
func ReportFailure(path string, status int, why string) error {
	return leave(path, conclusion(status, why))
}

// leave writes a report where Kubernetes looks for it: into a regular file that is
// there and empty, such as the one that the kubelet mounts on /dev/termination-log.
// Any other file is left alone. It could be a device, or a symbolic link that a
// program has made to get another file overwritten by root.
func leave(path, report string) error {
	if path == "" {
		return nil
	}
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || !takesReport(&st) {
		return nil // nobody asked for a report, or the program wrote its own
	}
	// It may have become another one since: a FIFO must not be waited for.
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	if err = unix.Fstat(fd, &st); err == nil && takesReport(&st) {
		_, err = unix.Write(fd, []byte(report)) // a regular file takes all of it, or its disk is full
	}
	if closing := unix.Close(fd); err == nil {
		err = closing
	}
	if err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

func takesReport(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == 0
}

// conclusion is the first line of a report.
func conclusion(status int, why string) string {
	line := fmt.Sprintf("yinit: exit status %d", status)
	if why != "" {
		line += ": " + cut(procfs.Printable(why), maxVerdict)
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
		fmt.Fprintf(&b, "  %s %d %s: %s\n", r.Time.UTC().Format("15:04:05.000"), r.PID, cut(procfs.Printable(r.Name()), 80), cut(procfs.Printable(r.How()), 160))
	}
	return cut(b.String(), maxReport)
}

// heldZombies names the zombies that others hold, by who ought to reap them. tracer is
// asked for each zombie alone.
func heldZombies(all []procfs.Stat, self int, tracer func(pid int) int) string {
	held, comms := map[int]int{}, make(map[int]string, len(all))
	for i := range all {
		s := &all[i]
		comms[s.PID] = s.Comm
		if !s.Zombie() {
			continue
		}
		if culprit := zombie.CulpritOf(s, tracer(s.PID)); culprit != self && culprit != 0 {
			held[culprit]++
		}
	}
	var lines []string
	for pid, n := range held {
		if comm, known := comms[pid]; known {
			lines = append(lines, fmt.Sprintf("%d held by %d (%s)", n, pid, procfs.Printable(comm)))
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
