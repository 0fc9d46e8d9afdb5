package tui

import (
	"testing"
	"time"
)

// TestPidsCounter: a counter that was there before says nothing about when, one that grows does.
func TestPidsCounter(t *testing.T) {
	u := newUser(t, 80, 24, Options{})
	u.src.host.PidsHits = 2
	u = &user{t: t, src: u.src, sig: u.sig, m: u.m}
	u.m.world.read = false // The first look.
	u.refresh()
	u.press("5")
	u.sees("NOTE    the pids limit was hit")
	u.src.host.PidsHits = 5
	u.refresh()
	u.press("home")
	u.sees("PROBLEM the pids limit was hit 0s ago", "counted 5 starts that failed")
	u.src.host.PidsHits = 1 // another container
	u.src.now += 11 * time.Minute
	u.refresh()
	u.seesNot("PROBLEM")
}
