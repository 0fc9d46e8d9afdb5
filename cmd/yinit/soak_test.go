package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
)

// soakRate is how many processes each workload of the soak starts in a second, if the
// machine is fast enough.
const soakRate = 100

// beforeAccounting is how many processes may end before process accounting is on: the init
// switches it on just after it has started the program.
const beforeAccounting = 5

// TestSoak runs a random workload under the init for as long as YINIT_SOAK says, and keeps
// the book: the exits that were recorded and the processes that were counted as unseen are
// together the pids that were given out. It runs with process accounting and without, and
// with pids that are used again and again and that never are.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("YINIT_SOAK"))
	if err != nil {
		t.Skip("run it by make soak")
	}
	requireNamespaces(t)
	if os.Getuid() != 0 {
		t.Fatal("process accounting needs root")
	}
	without := []string{"setpriv", "--bounding-set=-sys_pacct", "--inh-caps=-all"}
	for _, tt := range []struct {
		name       string
		prefix     []string
		wraps      bool
		accounting bool
	}{
		{"with accounting", nil, true, true},
		{"without accounting", without, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			soak(t, long, tt.prefix, tt.wraps, tt.accounting)
		})
	}
}

// soak runs one workload.
func soak(t *testing.T, long time.Duration, prefix []string, wraps, accounting bool) {
	script, err := filepath.Abs("testdata/soak.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "history")
	seed := time.Now().UnixNano() & 0x7fffffff
	most := 4096
	if !wraps {
		most = 1 << 22 // PID_MAX_LIMIT; the file is the namespace's own since Linux 6.14
	}
	play := fmt.Sprintf(`echo %d >/proc/sys/kernel/pid_max; exec "$@"`, most)
	args := append([]string{"sh", "-c", play, "sh"}, prefix...)
	args = append(args, binary, "-v", "--history", file, "--", "sh", script, strconv.Itoa(int(long.Seconds())), strconv.Itoa(soakRate), strconv.FormatInt(seed, 10))
	cmd := namespacedIn(dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &book{file: file}
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		b.keep(cmd.Process.Pid, stop)
	}()
	failed := cmd.Wait()
	close(stop)
	<-stopped
	if b.err != nil {
		t.Fatal(b.err)
	}
	var started, first, last uint64
	if _, err := fmt.Sscan(out.String(), &started, &first, &last); err != nil || failed != nil {
		t.Fatalf("the workload failed: %v, %v\n%s\n%s", failed, err, out.String(), errs.String())
	}
	if !wraps && last-first+1 != started+b.threads {
		t.Errorf("the workload has started %d processes, and the init %d threads; want %d, as the kernel's pids", started, b.threads, last-first+1)
	}
	h := b.header
	t.Logf("seed %d: %d started in %s: %d exits recorded (%d with an unknown status), %d unseen, %d not watched, %d not recorded since there were too many; %d records were not read",
		seed, started, long, b.exits, b.unknown, h.Missed, h.Unwatched, b.skipped, b.lost)
	got := uint64(b.exits) + h.Missed + h.Unwatched + b.skipped + b.lost
	if got != started {
		t.Errorf("%d are in the book, and %d were started\n%s", got, started, strings.Join(b.notes, "\n"))
	}
	if b.twice > 0 {
		t.Errorf("%d exits were recorded twice", b.twice)
	}
	if accounting && (h.Missed > beforeAccounting || h.Sources&history.SourceAccounting == 0) {
		t.Errorf("%d unseen with the sources %s, want at most %d with process accounting", h.Missed, h.Sources, beforeAccounting)
	}
	if status := regexp.MustCompile(`internal error|panic`).FindString(errs.String()); status != "" {
		t.Errorf("%s", errs.String())
	}
}

// A book counts what the history says.
type book struct {
	file    string
	header  history.Header
	exits   int
	unknown int      // exits without a status
	twice   int      // exits of a process whose exit was recorded before
	skipped uint64   // processes that a note says are not recorded
	lost    uint64   // records that were overwritten before they were read
	notes   []string // texts of notes
	threads uint64   // threads of the init that have a pid above that of its program
	err     error
}

var skippedNote = regexp.MustCompile(`^(\d+) more processes that ended soon after their start`)

// keep reads the history until stop is closed and once more then.
func (b *book) keep(init int, stop <-chan bool) {
	var r *history.Reader
	defer func() {
		if r != nil {
			_ = r.Close()
		}
	}()
	next, seen := uint64(0), map[string]bool{}
	for ended := false; !ended; {
		select {
		case <-stop:
			ended = true
		case <-time.After(200 * time.Millisecond):
			b.threads = max(b.threads, threadsAfter(init))
		}
		var err error
		if r == nil {
			if r, err = history.OpenFile(b.file); err != nil {
				if !ended {
					continue // it has not begun
				}
				b.err = err
				return
			}
		}
		batch, err := r.Read(next)
		if err != nil {
			b.err = err
			return
		}
		next, b.lost = batch.Next, b.lost+batch.Lost+batch.Damaged
		for i := range batch.Records {
			b.enter(&batch.Records[i], seen)
		}
		if b.header, b.err = r.Header(); b.err != nil {
			return
		}
	}
}

// enter counts one record.
func (b *book) enter(r *history.Record, seen map[string]bool) {
	switch r.Kind {
	case history.KindExit:
		b.exits++
		if !r.Known {
			b.unknown++
		}
		if r.Start == 0 { // only accounting has seen it
			break
		}
		id := fmt.Sprint(r.PID, r.Start)
		if seen[id] {
			b.twice++
		}
		seen[id] = true
	case history.KindNote:
		b.notes = append(b.notes, r.Text)
		if m := skippedNote.FindStringSubmatch(r.Text); m != nil {
			n, _ := strconv.ParseUint(m[1], 10, 64)
			b.skipped += n
		}
	}
}

// threadsAfter returns how many threads of the init have a pid above that of its first
// child.
func threadsAfter(init int) (n uint64) {
	first := 0
	inner := func(path string) int {
		text, _ := os.ReadFile(path)
		for line := range strings.SplitSeq(string(text), "\n") {
			if pids, ok := strings.CutPrefix(line, "NSpid:"); ok {
				fields := strings.Fields(pids)
				pid, _ := strconv.Atoi(fields[len(fields)-1])
				return pid
			}
		}
		return 0
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", init))
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", init, init))
	for child := range strings.FieldsSeq(string(children)) {
		if pid := inner("/proc/" + child + "/status"); pid > 0 && (first == 0 || pid < first) {
			first = pid
		}
	}
	for _, task := range tasks {
		if pid := inner(task); first > 0 && pid > first {
			n++
		}
	}
	return n
}
