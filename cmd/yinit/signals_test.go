package main

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/proctest"
	"yinit/procfs/verdict"
)

func allPIDs(r *verdict.Reader) (pids []int) {
	for i := range r.Processes {
		pids = append(pids, r.Processes[i].PID)
	}
	return pids
}

// fakeTargets returns processes of other kernels and in rare states.
func fakeTargets(t *testing.T) *verdict.Reader {
	t.Helper()
	tree := proctest.New(t)
	tree.Uptime(time.Hour)
	tree.Process(proctest.Process{PID: 1, Comm: "runsc", Status: proctest.NoSignals()}) // gVisor
	tree.Process(proctest.Process{PID: 7, PPID: 1, Comm: "\x1b[31ma) \n\\", Sigs: procfs.Signals{Caught: procfs.NewSignalSet(15)}})
	tree.Process(proctest.Process{PID: 8, PPID: 1, Comm: "git", State: procfs.StateZombie})
	tree.Process(proctest.Process{PID: 4194304, PPID: 1, Comm: "ein-langer-name", State: procfs.StateStopped, Sigs: procfs.Signals{
		Blocked: procfs.NewSignalSet(2), SharedPending: procfs.NewSignalSet(2, 15),
	}})
	r, err := newTargets(tree.FS())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSignalsMatrix(t *testing.T) {
	r := fakeTargets(t)
	var b strings.Builder
	out := bufio.NewWriter(&b)
	printAllSignals(out, r, signalsOptions{})
	out.Flush()
	const want = `    PID COMMAND     TERM      INT       HUP       QUIT      USR1      KILL
      1 runsc       unknown   unknown   unknown   unknown   unknown   SHIELDED
      7 \x1b[31ma)… handler   unknown   unknown   unknown   unknown   terminate
      8 git         no-effect no-effect no-effect no-effect no-effect no-effect
4194304 ein-langer… PENDING   PENDING   PENDING   PENDING   PENDING   terminate
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("the matrix, -want +got:\n%s", diff)
	}
}

// TestSignalsFitTheTerminal checks that the output fits 80 columns and has no control
// characters.
func TestSignalsFitTheTerminal(t *testing.T) {
	r := fakeTargets(t)
	var b strings.Builder
	out := bufio.NewWriter(&b)
	status, err := printSignals(out, r, signalsOptions{pids: append(allPIDs(r), 99)})
	out.Flush()
	if status != 1 || err == nil || oneLine(err) != "signals: there is no process 99" {
		t.Errorf("printSignals = %d, %v, want that 99 is missing", status, err)
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 80 || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' }) {
			t.Errorf("a line that does not fit: %q", line)
		}
	}
	for _, want := range []string{"the kernel does not report how it handles signals", "(blocked)", "(pending)", "4194304 ein-langer-name: stopped"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestSignalsJSON checks the names of the fields, which must not change.
func TestSignalsJSON(t *testing.T) {
	r := fakeTargets(t)
	target, err := r.Read(7)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		PID      int
		Comm     string
		State    string
		Verdicts []map[string]any
	}
	line := jsonSignals(target, r.Caller)
	if err := json.Unmarshal([]byte(line), &got); err != nil || strings.Contains(line, "\n") {
		t.Fatalf("%v in %q", err, line)
	}
	want := map[string]any{
		"signal": "SIGTERM", "number": 15.0, "disposition": "caught", "blocked": false, "pending": false,
		"verdict": "handler", "reason": "the program's handler runs, unless it waits for it in sigwait",
	}
	if got.PID != 7 || got.Comm != "\x1b[31ma) \n\\" || got.State != "S" || len(got.Verdicts) != 64 {
		t.Errorf("the process is %+v", got)
	}
	if diff := cmp.Diff(want, got.Verdicts[14]); diff != "" {
		t.Errorf("SIGTERM, -want +got:\n%s", diff)
	}
}

func TestMixedOperands(t *testing.T) {
	for line, want := range map[string]signalsOptions{
		"":                   {where: here()},
		"7 8 --json":         {where: here(), json: true, pids: []int{7, 8}},
		"--json 7 --proc /x": {where: where{proc: "/x"}, json: true, pids: []int{7}},
		"7 -- 8":             {where: here(), pids: []int{7, 8}},
	} {
		got, err := parseSignals(strings.Fields(line))
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(signalsOptions{}, where{})); err != nil || diff != "" {
			t.Errorf("parseSignals(%q): %v, -want +got:\n%s", line, err, diff)
		}
	}
}
