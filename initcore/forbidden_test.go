package initcore

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/asuser"
)

// TestTrialWithoutAnswer: while the child that makes the calls has not ended, the init does
// without the features. It waits some seconds, and then says that there is no answer.
func TestTrialWithoutAnswer(t *testing.T) {
	w := reporting(t, one())
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reaped []int
	k := &kernel{trial: trial{
		pid: cmd.Process.Pid, until: time.Now().Add(time.Hour),
		reaped: func(pid int) { reaped = append(reaped, pid) },
	}}
	k.forbid(allFeatures &^ featureKill)
	defer asuser.Forbid(false)
	if k.tried() {
		t.Error("the trial is over before the child has ended")
	}
	k.trial.until = time.Now()
	if !k.tried() {
		t.Error("the trial is not over in time")
	}
	k.tellForbidden(w.machine)
	notes := lastRecords(t, w.hist, history.Capacity, history.KindNote)
	if len(notes) != len(featureTexts) || k.forbidden != allFeatures&^featureKill {
		t.Errorf("%d notes, forbidden %#x; want %d and %#x", len(notes), k.forbidden, len(featureTexts), allFeatures&^featureKill)
	}
	for _, n := range notes {
		if !strings.HasSuffix(n.Text, ": it is unknown whether the seccomp profile allows the calls which that needs: no answer within 10s") {
			t.Errorf("note %q", n.Text)
		}
	}
	k.endTrial()
	if k.trial.pid != 0 || !slices.Equal(reaped, []int{cmd.Process.Pid}) {
		t.Errorf("the trial has the child %d, and reaped %v, want none and %d", k.trial.pid, reaped, cmd.Process.Pid)
	}
}

// TestShutdownEndsTrial: a trial that the shutdown has ended is not over for want of an answer.
func TestShutdownEndsTrial(t *testing.T) {
	w := reporting(t, one())
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k := &kernel{trial: trial{pid: cmd.Process.Pid, until: time.Now().Add(time.Hour), reaped: func(int) {}}}
	for k.trial.pid != 0 {
		k.endTrial()
	}
	k.tellForbidden(w.machine)
	if notes := lastRecords(t, w.hist, history.Capacity, history.KindNote); !k.tried() || len(notes) != 0 {
		t.Errorf("over %v, notes %v; want it over and none", k.tried(), notes)
	}
}

// TestTrialKilled: a child that something else killed, as when memory runs out, does not show
// that a call is forbidden. The same call is tried again.
func TestTrialKilled(t *testing.T) {
	var children int
	k := &kernel{trial: trial{shared: &trialState{}, reaped: func(int) { children++ }}}
	tr := &k.trial
	end := func(how procfs.WaitStatus) {
		t.Helper()
		var info childInfo // of the child that makes the calls, and ends without a filter
		if err := waitid(unix.P_PID, tr.pid, &info, unix.WEXITED, nil); err != nil {
			t.Fatal(err)
		}
		tr.ended(how)
	}
	tr.next(0)
	tr.shared.at = 3 // the child has its own copy
	end(procfs.WaitStatus(unix.SIGKILL))
	if tr.found != 0 || tr.err != nil || tr.pid == 0 || tr.shared.at != 3 {
		t.Errorf("after SIGKILL: found %#x, %v, child %d, call %d; want none, and a child at call 3", tr.found, tr.err, tr.pid, tr.shared.at)
	}
	end(procfs.WaitStatus(unix.SIGSYS))
	if tr.found != optionalCalls[3].features || tr.pid == 0 || tr.shared.at != 4 {
		t.Errorf("after SIGSYS: found %#x, child %d, call %d; want %#x, and a child at call 4", tr.found, tr.pid, tr.shared.at, optionalCalls[3].features)
	}
	for range triesMost {
		end(procfs.WaitStatus(unix.SIGKILL))
	}
	if tr.pid != 0 || tr.err == nil || children != 2+triesMost {
		t.Errorf("child %d, error %v after %d children; want none, an error and %d", tr.pid, tr.err, children, 2+triesMost)
	}
}

// TestChoresWait: a chore that is not ready holds up the later ones, and the loop does not
// wake up for it before it gives up.
func TestChoresWait(t *testing.T) {
	f := newFaulty(t, one())
	var did []string
	ready, until := false, f.clock.Add(time.Minute)
	f.loop.planned = []chore{
		{due: f.clock, do: func() { did = append(did, "first") }, ready: func() bool { return ready }, until: until},
		{due: f.clock, do: func() { did = append(did, "second") }},
	}
	f.loop.doChores(f.clock)
	if due := f.loop.due(); len(did) != 0 || !due.Equal(until) {
		t.Errorf("did %v, next due %v; want nothing and %v", did, due, until)
	}
	ready = true
	f.loop.doChores(f.clock)
	if !slices.Equal(did, []string{"first", "second"}) || !f.loop.due().IsZero() {
		t.Errorf("did %v, next due %v; want both, none", did, f.loop.due())
	}
}
