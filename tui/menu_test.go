package tui

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// checkClosed fails the test if a held target was not closed or an unexpected signal
// was sent.
func (u *user) checkClosed(sent ...int) {
	u.t.Helper()
	if u.sig.held != u.sig.closed {
		u.t.Errorf("%d targets were held and %d closed", u.sig.held, u.sig.closed)
	}
	if !slices.Equal(u.sig.sent, sent) {
		u.t.Errorf("the signals %v were sent, want %v", u.sig.sent, sent)
	}
}

func TestSendTerm(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{{Ended: true, Known: true, Status: 15, After: 200 * time.Millisecond}}
	u.choose(55).press("k")
	if u.sig.held != 1 {
		t.Fatalf("opening the menu held %d targets, want 1", u.sig.held)
	}
	u.sees("signal to 55 gunicorn (this process only)", "15 TERM     IGNORE", "terminate      cannot be caught")
	u.press("enter")
	u.sees("Send SIGTERM to 55 gunicorn?")
	u.checkHeld()
	u.press("enter")
	u.sees("SIGTERM → 55 gunicorn: ended after 200ms, killed by SIGTERM")
	u.seesNot("signal to")
	u.checkClosed(15)
}

func (u *user) checkHeld() {
	u.t.Helper()
	if u.sig.closed != 0 || len(u.sig.sent) != 0 {
		u.t.Errorf("%d targets closed, signals %v sent before the confirmation", u.sig.closed, u.sig.sent)
	}
}

// TestForce sends SIGKILL after a SIGTERM that did nothing, to the same process.
func TestForce(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.sig.outcomes = append(slices.Repeat([]Outcome{{State: 'S', Sent: ignoring(15)}}, 16), Outcome{Ended: true, Known: true, Status: 9, After: time.Millisecond})
	u.choose(55).press("k", "enter", "y")
	u.sees("SIGTERM → 55 gunicorn: still there after 4s, pending no: it ignores SIGTERM", "K send SIGKILL")
	u.refresh()
	u.sees("still there after 4s")
	u.press("K", "enter")
	u.sees("Send SIGKILL to 55 gunicorn?", "y send  n no")
	u.press("n")
	u.sees("still there after 4s", "K send SIGKILL")
	u.press("K", "y")
	u.sees("SIGKILL → 55 gunicorn: ended after 1ms, killed by SIGKILL")
	u.checkClosed(15, 9)
	if u.sig.held != 1 {
		t.Errorf("%d targets were held, want the same one for both signals", u.sig.held)
	}
}

// ignoring returns what is read of a process that ignores signal n.
func ignoring(n int) *verdict.Sent {
	target := judged(snapshot.Process{ID: procfs.ID{PID: 55}, State: 'S', Threads: 1, Sigs: procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(n)}}).Target
	return &verdict.Sent{Signal: n, Target: target, Outcome: verdict.OutcomeIgnore, Obstacle: verdict.Obstacle{Does: "ignores " + procfs.SignalName(n), Which: "which it ignores"}}
}

// TestEscalate sends SIGTERM, and SIGKILL after ten seconds.
func TestEscalate(t *testing.T) {
	still := Outcome{State: 'S', Sent: ignoring(15)}
	u := newUser(t, 100, 30, Options{})
	u.sig.outcomes = append(slices.Repeat([]Outcome{still}, 40), Outcome{Ended: true, Known: true, Status: 9})
	u.choose(55).press("k", "e")
	u.sees("Send SIGTERM to 55 gunicorn, SIGKILL after 10s?")
	u.press("enter")
	u.checkHeld()
	u.press("y")
	u.sees("SIGTERM did not end it in 10s, SIGKILL → 55 gunicorn: ended after 250ms, killed by SIGKILL")
	u.checkClosed(15, 9)

	// The report of a narrow screen says it, too.
	u = newUser(t, 80, 24, Options{})
	u.sig.outcomes = append(slices.Repeat([]Outcome{still}, 40), Outcome{Ended: true, Known: true, Status: 9})
	u.choose(55).press("k", "e", "y")
	u.sees("SIGTERM did not end it in 10s, SIGKILL: ended after 250ms, killed by SIGKILL")
	u = newUser(t, 60, 15, Options{})
	u.sig.outcomes = append(slices.Repeat([]Outcome{still}, 40), Outcome{Ended: true, Known: true, Status: 9})
	u.choose(55).press("k", "e", "y")
	u.sees("SIGTERM did not end it in 10s, SIGKILL: ended after 250ms")

	u = newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{still, {Ended: true, Known: true, Status: 0, After: 300 * time.Millisecond}}
	u.choose(55).press("k", "e", "y")
	u.sees("SIGTERM → 55 gunicorn: ended after 300ms, exited 0")
	u.checkClosed(15)

	// Esc while it waits: no SIGKILL follows.
	u = newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{still}
	u.choose(55).press("k", "e")
	cmd := u.send(keyPress("y"))
	for range 30 { // the answers to Send and Watch, one by one
		cmd = u.send(cmd())
	}
	u.sees("SIGTERM → 55 gunicorn: SIGKILL in 2s", "Esc cancel SIGKILL")
	u.seesNot("stop watching")
	u.press("esc")
	u.sees("SIGTERM was sent to 55 gunicorn; SIGKILL after 10s is cancelled")
	u.run(cmd)
	u.checkClosed(15)

	// Ctrl-C while it waits: the same, for the user who has left.
	u = newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{still}
	u.choose(55).press("k", "e")
	cmd = u.send(keyPress("y"))
	cmd = u.send(cmd())
	u.press("ctrl+c")
	u.run(cmd)
	if got, want := u.m.Farewell(), "SIGTERM was sent to 55 gunicorn; SIGKILL after 10s is cancelled"; !u.quit || got != want {
		t.Errorf("after Ctrl-C quit is %t, and it says %q, want %q", u.quit, got, want)
	}
	u.checkClosed(15)
	u = newUser(t, 100, 30, Options{})
	if u.press("ctrl+c"); u.m.Farewell() != "" {
		t.Errorf("after Ctrl-C alone it says %q", u.m.Farewell())
	}

	// A process that stops meanwhile has not ended.
	u = newUser(t, 100, 30, Options{})
	u.sig.outcomes = append(slices.Repeat([]Outcome{{State: 'T'}}, 40), Outcome{Ended: true})
	u.choose(55).press("k", "e", "y")
	u.checkClosed(15, 9)

	// No after e leaves a plain SIGTERM.
	u = newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.choose(55).press("k", "e", "n", "enter")
	u.sees("Send SIGTERM to 55 gunicorn?")
	u.seesNot("SIGKILL after")
	u.press("enter")
	u.checkClosed(15)
}

func TestStillThere(t *testing.T) {
	sent := func(o verdict.Outcome, pending procfs.SignalSet, does, which string) *verdict.Sent {
		return &verdict.Sent{Signal: sigTERM, Target: &verdict.Target{Sigs: procfs.Signals{Known: true, SharedPending: pending}}, Outcome: o, Obstacle: verdict.Obstacle{Does: does, Which: which}}
	}
	for _, test := range []struct {
		name, typed string
		o           Outcome
		want        string
	}{
		{"blocked", "TERM", Outcome{State: 'S', Sent: sent(verdict.OutcomePending, procfs.NewSignalSet(15), "blocks SIGTERM, and nothing reads it", "")}, "pending yes: it blocks SIGTERM, and nothing reads it"},
		{"caught", "TERM", Outcome{State: 'S', Sent: sent(verdict.OutcomeHandler, 0, "", "which it handles")}, "pending no: it has a handler for SIGTERM, and has not ended"},
		{"read", "TERM", Outcome{State: 'S', Sent: sent(verdict.OutcomeRead, 0, "", "which it handles")}, "pending no: it reads SIGTERM, and has not ended"},
		{"a trap that waits", "TERM", Outcome{State: 'S', Sent: sent(verdict.OutcomeHandler, 0, "waits for its child 9 (\x1bsleep), and runs its trap", "")}, `it waits for its child 9 (\x1bsleep), and runs its trap`},
		{"sleeps", "TERM", Outcome{State: 'D', Sent: sent(verdict.OutcomeTerminate, 0, "", "which does not end it while it is in uninterruptible sleep")}, "SIGTERM does not end it while it is in uninterruptible sleep"},
		{"not to be read", "USR1", Outcome{State: 'D'}, "SIGUSR1 → 55 gunicorn: still there after 4s: uninterruptible sleep delays it"},
		{"unknown", "USR1", Outcome{State: 'S'}, "SIGUSR1 → 55 gunicorn: still there after 4s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUser(t, 120, 30, Options{})
			u.sig.outcomes = []Outcome{test.o}
			u.choose(55).press("k").write(test.typed).press("enter", "enter")
			u.sees(test.want, "K send SIGKILL")
			u.press("esc")
			u.sees(test.want)
			u.seesNot("signal to")
			if len(u.sig.sent) != 1 {
				t.Errorf("the signals %v were sent, want one", u.sig.sent)
			}
			u.checkClosed(u.sig.sent...)
		})
	}
}

// TestOtherSignals sends signals that are not to end the process. There is nothing to
// escalate, so the menu closes.
func TestOtherSignals(t *testing.T) {
	for _, test := range []struct {
		pid   int
		typed string
		o     Outcome
		want  string
	}{
		{55, "stop", Outcome{State: 'T'}, "SIGSTOP → 55 gunicorn: stopped, SIGCONT resumes it"},
		{56, "cont", Outcome{State: 'S'}, "SIGCONT → 56 gunicorn: resumed"},
		{55, "hup", Outcome{State: 'S', Sent: ignoring(1)}, "SIGHUP → 55 gunicorn: still there after 1s, pending no: it ignores SIGHUP"},
	} {
		u := newUser(t, 100, 30, Options{})
		u.sig.outcomes = []Outcome{test.o}
		u.choose(test.pid).press("k").write(test.typed).press("enter", "enter")
		u.sees(test.want)
		u.seesNot("signal to", "K send")
		u.checkClosed(u.sig.sent...)
	}
}

// denied is the error of kill(2) without permission. [io/fs.ErrPermission] matches it.
type denied struct{}

func (denied) Error() string        { return "operation not permitted" }
func (denied) Is(target error) bool { return target == fs.ErrPermission }

func TestSignalErrors(t *testing.T) {
	for _, test := range []struct {
		name       string
		hold, send error
		want       string
		sent       []int
	}{
		{"gone when held", procfs.ErrGone, nil, "55 gunicorn: it has ended: nothing sent", nil},
		{"no pidfd", errors.New("pidfd_open: \x1b function not implemented"), nil, `pidfd_open: \x1b function not implemented`, nil},
		{"gone when sent", nil, procfs.ErrGone, "SIGTERM → 55 gunicorn: it has ended: nothing sent", []int{15}},
		{"refused", nil, denied{}, "SIGTERM → 55 gunicorn: not permitted, although the user IDs permit it", []int{15}},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			u.sig.holdErr, u.sig.sendErr = test.hold, test.send
			u.choose(55).press("k")
			if test.sent != nil {
				u.press("enter", "enter")
			}
			u.seesNot("signal to")
			u.sees(test.want)
			u.checkClosed(test.sent...)
		})
	}
}

// TestDenied is the menu of a user who may not signal the process: the right that is
// missing is named before and after.
func TestDenied(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	const why = "uid 1001 may not signal uid 1000 without CAP_KILL"
	u.src.caller = verdict.Caller{PID: 7000, UID: [4]uint32{1001, 1001, 1001, 1001}, Depth: 1, AllIDs: true}
	u.src.uid = [4]uint32{1000, 1000, 1000, 1000}
	u.sig.sendErr = denied{}
	u.refresh()
	u.choose(55).press("k")
	u.sees("15 TERM     denied         " + why)
	u.press("enter", "enter")
	u.sees("SIGTERM → 55 gunicorn: not permitted: " + why)
	u.checkClosed(15)
}

func TestSignalTheDead(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55)
	u.src.end(55, 9)
	u.refresh()
	u.press("k")
	u.sees("55 gunicorn: it has ended, no signal can be sent")
	if u.sig.held != 0 {
		t.Error("a dead process was held")
	}
}

// TestEndsWhileOpen ends the process while the menu is open: the menu says so, and sends
// nothing.
func TestEndsWhileOpen(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k")
	u.src.end(55, 0)
	u.refresh()
	u.sees("signal to 55 gunicorn (has ended)")
	u.press("enter")
	u.sees("55 gunicorn: it has ended: nothing sent")
	u.checkClosed()
}

// TestZombie offers the process that has not reaped it, and sends nothing by itself.
func TestZombie(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.choose(37).press("k")
	u.sees("no signal to 37 git, a zombie", "No signal has an effect on it, not even SIGKILL.",
		"Enter opens the signal menu of 12 gunicorn. If it ends, yinit gets its zombies and reaps them.", "Enter signal that process  Esc close")
	u.seesNot("no-effect")
	u.press("x", "down", "k", "9")
	u.sees("a zombie")
	if u.sig.held != 0 {
		t.Error("a target was held")
	}
	u.press("enter")
	u.sees("signal to 12 gunicorn", "▌ 15 TERM     handler")
	u.press("enter", "y")
	u.checkClosed(15)
	if got := u.sig.to[0]; !slices.Equal(got, []int{12}) {
		t.Errorf("the signal went to %v, want 12", got)
	}

	u.press("esc").choose(38).press("k", "esc")
	u.seesNot("no signal to")
	u.src.procs[2].Culprit = 0
	u.refresh()
	u.choose(37).press("k", "enter")
	u.sees("no signal to 37 git, a zombie", "its parent is outside the container")
	u.seesNot("Enter")
	u.press("esc")
	u.src.procs[2].Culprit = 1
	u.refresh()
	u.choose(37).press("k")
	u.sees("SIGCHLD may remind it of its children.")
}

// TestShieldedInit is the menu of a PID 1 that nothing inside can kill.
func TestShieldedInit(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.src.host.Name = "0123456789ab"
	u.refresh()
	u.choose(1).press("k")
	u.sees("signal to 1 yinit", "15 TERM     forward", "From outside: docker stop 0123456789ab,", "docker kill 0123456789ab, kubectl delete pod, or kill on the host.")
	u.seesNot(" 9 KILL", "TERM, 10s, KILL")
	u.press("e")
	u.seesNot("Send SIG")
	u.press("backspace").write("kill")
	u.sees("SIGKILL has no effect on it")
	u.press("enter")
	u.seesNot("Send SIG")
	u.press("esc")
	u.sees("gunicorn")

	// A signal that does nothing is not followed by an offer of SIGKILL.
	u.sig.outcomes = []Outcome{{State: 'S'}}
	u.press("k", "enter", "y")
	u.sees("SIGTERM → 1 yinit: still there after 4s")
	u.seesNot("K send")
	u.press("K", "esc")
	u.checkClosed(15)
}

// TestMenuCloses leaves the menu in every way.
func TestMenuCloses(t *testing.T) {
	still := []Outcome{{State: procfs.StateSleeping}}
	for _, keys := range []string{
		"esc", "ctrl+c", "enter esc esc", "enter n esc", "enter ctrl+c", "enter enter esc", "enter y q", "enter y enter",
		"enter y K esc esc", "enter y K ctrl+c", "enter y K y esc", "enter y ctrl+c", "tab esc", "tab enter esc esc", "tab enter y esc", "e esc esc",
	} {
		t.Run(keys, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			u.sig.outcomes = still
			u.choose(55).press("k").press(strings.Fields(keys)...)
			if u.m.menu.open() {
				t.Error("the menu is open")
			}
			u.checkClosed(u.sig.sent...)
			if quit := strings.Contains(keys, "ctrl+c"); u.quit != quit {
				t.Errorf("quit is %t, want %t", u.quit, quit)
			}
		})
	}
}

// TestLateAnswers closes the menu while a command has the target.
func TestLateAnswers(t *testing.T) {
	leave := map[string]func(*user){
		"esc":    func(u *user) { u.press("esc") },
		"ctrl+c": func(u *user) { u.press("ctrl+c") },
	}
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			u.sig.outcomes = []Outcome{{State: procfs.StateSleeping}}
			// While it is being opened.
			cmd := u.choose(55).send(keyPress("k"))
			leave(u)
			if u.quit {
				t.Fatal("quit before the target came")
			}
			u.run(cmd)
			u.checkClosed()
			// While the signal is sent, and while it is watched.
			for _, watching := range []bool{false, true} {
				u.m.leaving, u.quit, u.sig.sent = false, false, nil
				u.press("k", "enter")
				cmd = u.send(keyPress("enter"))
				if watching {
					cmd = u.send(cmd())
				}
				leave(u)
				u.run(cmd)
				u.checkClosed(15)
				if want := name == "ctrl+c"; u.quit != want {
					t.Errorf("quit is %t, want %t", u.quit, want)
				}
			}
		})
	}
}

// TestCannotWait presses Ctrl-C twice while a command does not return.
func TestCannotWait(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55).send(keyPress("k"))
	u.press("ctrl+c")
	if u.press("ctrl+c"); !u.quit {
		t.Error("the second ctrl+c does not quit")
	}
}

// TestLateAnswerOfAnotherMenu opens a second menu before the first has its target.
func TestLateAnswerOfAnotherMenu(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	first := u.choose(55).send(keyPress("k"))
	u.press("esc", "k")
	u.sees("still watching")
	u.run(first)
	u.press("down", "k")
	u.sees("signal to 56 gunicorn (this")
	u.press("esc")
	u.checkClosed()
}
