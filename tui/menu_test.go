package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"yinit/procfs"
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
	u.sees("signal to 55 gunicorn (safe from pid reuse)", "15 TERM     IGNORE", "terminate      cannot be caught")
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

func TestEscalate(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	still := Outcome{State: procfs.StateSleeping, After: watchSlice, Sigs: procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(15)}}
	u.sig.outcomes = append(slices.Repeat([]Outcome{still}, watchEnd), Outcome{Ended: true, Known: true, Status: 9, After: time.Millisecond})
	u.choose(55).press("f9", "enter", "y")
	u.sees("SIGTERM → 55 gunicorn: still there after 4s: SIGTERM is ignored", "K send SIGKILL")
	u.refresh()
	u.sees("still there after 4s")
	u.press("K")
	u.sees("Send SIGKILL to 55 gunicorn?")
	u.press("n")
	u.sees("still there after 4s")
	u.press("K", "enter")
	u.sees("SIGKILL → 55 gunicorn: ended after 1ms, killed by SIGKILL")
	u.checkClosed(15, 9)
	if u.sig.held != 1 {
		t.Errorf("%d targets were held, want the same one for both signals", u.sig.held)
	}
}

func TestStillThere(t *testing.T) {
	sig := func(n int) procfs.SignalSet { return procfs.NewSignalSet(n) }
	for _, test := range []struct {
		name, typed string
		o           Outcome
		want        string
	}{
		{"blocked", "TERM", Outcome{State: 'S', Sigs: procfs.Signals{Known: true, Blocked: sig(15), SharedPending: sig(15)}}, "SIGTERM is blocked and pending"},
		{"read by signalfd", "TERM", Outcome{State: 'S', Sigs: procfs.Signals{Known: true, Blocked: sig(15)}}, "SIGTERM is blocked"},
		{"caught", "TERM", Outcome{State: 'S', Sigs: procfs.Signals{Known: true, Caught: sig(15)}}, "SIGTERM has a handler"},
		{"disk", "KILL", Outcome{State: 'D'}, "uninterruptible sleep delays it"},
		{"unknown", "USR1", Outcome{State: 'S'}, "SIGUSR1 → 55 gunicorn: still there after 1s"},
		{"stop", "STOP", Outcome{State: 'T'}, "SIGSTOP → 55 gunicorn: stopped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			test.o.After = watchSlice
			u.sig.outcomes = []Outcome{test.o}
			u.choose(55).press("k").write(test.typed).press("enter", "enter")
			u.sees(test.want)
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

func TestContinue(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{{State: procfs.StateSleeping, After: watchSlice}}
	u.choose(56).press("k").write("cont")
	u.sees("CONT     continue")
	u.press("enter", "y")
	u.sees("SIGCONT → 56 gunicorn: resumed")
}

func TestSignalErrors(t *testing.T) {
	eperm := errors.New("pidfd_send_signal 55: operation not permitted")
	for _, test := range []struct {
		name       string
		hold, send error
		want       string
		sent       []int
	}{
		{"gone when held", procfs.ErrGone, nil, "55 gunicorn: has ended, no signal was sent", nil},
		{"no pidfd", errors.New("pidfd_open: \x1b function not implemented"), nil, `pidfd_open: \x1b function not implemented`, nil},
		{"gone when sent", nil, procfs.ErrGone, "SIGTERM → 55 gunicorn: has ended, no signal was sent", []int{15}},
		{"EPERM", nil, eperm, "SIGTERM → 55 gunicorn: pidfd_send_signal 55: operation not permitted", []int{15}},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			u.sig.holdErr, u.sig.sendErr = test.hold, test.send
			u.choose(55).press("k", "enter", "enter")
			u.seesNot("signal to")
			if test.sent == nil { // Enter opened the details; the message was shown before.
				u = newUser(t, 100, 30, Options{})
				u.sig.holdErr = test.hold
				u.choose(55).press("k")
			}
			u.sees(test.want)
			u.checkClosed(test.sent...)
		})
	}
}

func TestSignalTheDead(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55)
	u.src.end(55, 9)
	u.refresh()
	u.press("k")
	u.sees("55 gunicorn: has ended, no signal can be sent")
	if u.sig.held != 0 {
		t.Error("a dead process was held")
	}
}

// TestMenuCloses leaves the menu in every way.
func TestMenuCloses(t *testing.T) {
	still := []Outcome{{State: procfs.StateSleeping, After: watchSlice}}
	for _, keys := range []string{
		"esc", "ctrl+c", "enter esc esc", "enter n esc", "enter ctrl+c", "enter enter esc", "enter y q", "enter y enter",
		"enter y K esc esc", "enter y K ctrl+c", "enter y K y esc", "enter y ctrl+c",
	} {
		t.Run(keys, func(t *testing.T) {
			u := newUser(t, 100, 30, Options{})
			u.sig.outcomes = still
			u.choose(55).press("k").press(strings.Fields(keys)...)
			if u.m.menu.open() || u.sig.held != 1 {
				t.Errorf("the menu is open, or %d targets were held", u.sig.held)
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
			u.sig.outcomes = []Outcome{{State: procfs.StateSleeping, After: watchSlice}}
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
	u.press("up", "k")
	u.sees("signal to 44 git (safe")
	u.press("esc")
	u.checkClosed()
}

func TestMenuIsNotDisturbed(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k", "down", "down")
	before := u.menuRows()
	u.src.end(55, 0)
	u.refresh()
	u.refresh()
	u.refresh()
	if after := u.menuRows(); !slices.Equal(after, before) {
		t.Errorf("after refreshes the menu has the rows %q, want %q", after, before)
	}
	u.sees("signal to 55 gunicorn (has ended)")
}

// menuRows returns the lines of the menu below its title.
func (u *user) menuRows() []string {
	lines := strings.Split(u.screen(), "\n")
	i := slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, "signal to") })
	return lines[i+1:]
}

func TestTypeSignal(t *testing.T) {
	for _, test := range []struct{ typed, want string }{
		{"usr2", "▌ 12 USR2"},
		{"SIGW", "▌ 28 WINCH"},
		{"9", "▌  9 KILL"},
		{"34", "▌ 34 RTMIN"},
		{"rtmin+3", "▌ 37 RTMIN+3"},
		{"64", "▌ 64 RTMAX"},
		{"q", "▌  3 QUIT"},
		{"xyz", "unknown signal xyz"},
		{"99", "unknown signal 99"},
	} {
		u := newUser(t, 100, 30, Options{})
		u.choose(55).press("k").write(test.typed)
		u.sees(test.want)
		u.press("esc")
	}
	u := newUser(t, 100, 30, Options{})
	u.choose(55).press("k").write("xyz").press("enter")
	u.seesNot("Send SIG")
	u.press("backspace", "backspace", "backspace", "pgdown", "end", "home", "down")
	u.sees("▌  9 KILL")
	u.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	u.sees("▌ 15 TERM")
}

func TestLastSignalIsRemembered(t *testing.T) {
	u := newUser(t, 100, 30, Options{})
	u.sig.outcomes = []Outcome{{Ended: true}}
	u.choose(55).press("k").write("hup").press("enter", "y")
	u.sees("exit status unknown")
	u.press("up", "k")
	u.sees("▌  1 HUP")
}

func TestSignalFromDetails(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.choose(56).press("enter", "k")
	u.sees("signal to 56 gunicorn")
	u.press("esc")
	u.sees("/srv/app")
	u.checkClosed()
}
