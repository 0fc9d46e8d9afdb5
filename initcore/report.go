package initcore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// maxReport is how many bytes of /dev/termination-log Kubernetes reads.
const maxReport = 4096

// maxVerdict is the maximum length of the verdict in bytes. It leaves room for the
// deaths.
const maxVerdict = 600

// lastDeaths is the maximum number of deaths in the report.
const lastDeaths = 10

// reportLimit is how long the init waits at exit for the report to be written.
const reportLimit = time.Second

// writeReport writes the report of a failed run: the exit status and its reason, the
// last deaths, the zombies and the processes that hold them. If the exit status is 0 it
// writes nothing, and removes what was written when a stop signal did nothing.
func (m *machine) writeReport(f reportFile, h *helper) {
	if f.path == "" || m.exitStatus() == 0 && m.checks.saved == "" {
		return
	}
	var failed error
	report, earlier := "", m.checks.saved
	if m.exitStatus() != 0 {
		report = m.report()
	}
	err := errNoAnswer
	if h.call(reportLimit, func() { failed = f.write(report, earlier) }) {
		err = failed
	}
	if err != nil {
		m.log.Warn("cannot write the report", "error", err)
	}
}

var errNoAnswer = errors.New("its file system does not respond")

// ReportFailure writes the report of a run in which yinit failed before it started any
// program, see [Config.Report].
func ReportFailure(path string, status int, why string) error {
	return reportFile{path: path}.write(conclusion(status, why), "")
}

// A reportFile is the file of the report. A program may put another one in its place,
// also by way of a directory in its path, so that root overwrites a file of root's.
type reportFile struct {
	path   string
	looked bool // pin has looked for the file
	held   int  // an O_PATH descriptor of what was there then, if there was anything; else -1
}

// pin notes which file is there before the programs start.
func (f *reportFile) pin() {
	f.looked, f.held = true, -1
	if fd, err := unix.Open(f.path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0); err == nil {
		f.held = fd
	}
}

// pinReport pins the file of the report. It waits for a file system that does not respond
// for reportLimit at most; then the report is left out.
func (k *kernel) pinReport() {
	f := reportFile{path: k.cfg.Report}
	if f.path == "" {
		return
	}
	if strings.HasPrefix(f.path, "/dev/") {
		f.pin() // on no disk
	} else {
		pinned := make(chan reportFile, 1)
		later := f
		if !k.helper.call(reportLimit, func() { later.pin(); pinned <- later }) {
			return
		}
		f = <-pinned
	}
	if f.held < 0 && !k.cfg.changesUser() {
		f.looked = false // a program may create it: it has no more rights than the init
	}
	k.report = f
}

// changesUser reports whether a program runs as another user than the init.
func (c *Config) changesUser() bool {
	return slices.ContainsFunc(c.Programs, func(p Program) bool { return p.User != nil })
}

// write writes a report to an existing regular file that is empty, such as the one that
// the kubelet mounts on /dev/termination-log, or that holds the earlier report. It leaves
// any other file unchanged and returns nil: the file could be a device, or a link by
// which a program tries to have root overwrite another file.
func (f reportFile) write(report, earlier string) error {
	if f.path == "" {
		return nil
	}
	var st unix.Stat_t
	if unix.Lstat(f.path, &st) != nil || !f.takes(&st, earlier) {
		return nil // no report was requested, or the program wrote its own
	}
	how := unix.O_WRONLY
	if earlier != "" {
		how = unix.O_RDWR
	}
	// The file may have been replaced since: opening a FIFO must not block.
	fd, err := unix.Open(f.path, how|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: f.path, Err: err}
	}
	if err = unix.Fstat(fd, &st); err == nil && f.takes(&st, earlier) && holds(fd, st.Size, earlier) {
		// A write to a regular file is short only if the disk is full.
		if _, err = unix.Pwrite(fd, []byte(report), 0); err == nil && int64(len(report)) < st.Size {
			err = unix.Ftruncate(fd, int64(len(report)))
		}
	}
	if closing := unix.Close(fd); err == nil {
		err = closing
	}
	if err != nil {
		return &os.PathError{Op: "write", Path: f.path, Err: err}
	}
	return nil
}

// takes reports whether the report may be written to a file with this status: it is the
// file that was there before the programs started, and has no other name.
func (f reportFile) takes(st *unix.Stat_t, earlier string) bool {
	if f.looked {
		var was unix.Stat_t
		if f.held < 0 || unix.Fstat(f.held, &was) != nil || was.Dev != st.Dev || was.Ino != st.Ino {
			return false
		}
	}
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink == 1 && (st.Size == 0 || st.Size == int64(len(earlier)))
}

// holds reports whether the file of this size is empty or holds the earlier report.
func holds(fd int, size int64, earlier string) bool {
	if size == 0 {
		return true
	}
	b := make([]byte, len(earlier)+1)
	n, err := unix.Pread(fd, b, 0)
	return err == nil && string(b[:n]) == earlier
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
	if loops := m.loops(); len(loops) > 0 {
		b.WriteString(cut(strings.Join(loops, "\n"), maxVerdict) + "\n")
	}
	if m.zombies != "" {
		b.WriteString("zombies: " + cut(m.zombies, maxVerdict) + "\n")
	}
	if err := m.hist.Err(); err != nil {
		b.WriteString("the history is incomplete: " + err.Error() + "\n")
	}
	if err := m.hist.FileErr(); err != nil {
		b.WriteString("the history is not in its file: " + err.Error() + "\n")
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

// heldZombies lists the processes, other than the init, that have not reaped their
// zombies, and the number of zombies of each. It calls tracer for zombies only.
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

// cut shortens s to at most n bytes, and does not split a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-len("…")], "") + "…"
}
