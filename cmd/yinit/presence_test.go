package main

import (
	"testing"
	"time"
)

// A play is a terminal as presence sees it.
type play struct {
	answers  int           // how many queries it answers
	keys     time.Duration // a key comes so often; 0: never
	capacity int64         // how much it takes; -1: everything
	away     bool
	stop     time.Duration // this process is stopped for so long, in the middle
	wakes    time.Duration // when the terminal goes on, and answers; 0: never
}

// run plays at most an hour. It returns after which time presence leaves, 0 if it does not,
// and how many bytes were written.
func (y play) run() (left time.Duration, taken int64) {
	var p presence
	s := sight{away: y.away}
	waiting, asked, given := int64(0), 0, 0
	for now := time.Duration(0); now < time.Hour; now += presenceTick {
		s.elapsed = presenceTick
		if y.stop > 0 && now == 20*time.Second {
			s.elapsed = y.stop
		}
		s.heard = s.heard || y.keys > 0 && now > 0 && now%y.keys == 0
		if y.wakes > 0 && now >= y.wakes {
			y.capacity, y.answers = -1, 1<<30
		}
		switch p.tick(s) {
		case doAsk:
			waiting += int64(len(statusQuery))
			asked++
		case doFill:
			waiting += deepFill
		case doFillUp:
			waiting += shallowFill
		case doLeave:
			return now, s.taken
		case doWait:
		}
		waiting += 300 // a frame
		took := waiting
		if y.capacity >= 0 {
			took = min(waiting, y.capacity-s.taken)
		}
		s.taken, waiting = s.taken+took, waiting-took
		s.writing = waiting > 0
		s.answered = min(asked, y.answers) > given && !s.writing
		if s.heard = s.answered; s.heard {
			given = min(asked, y.answers)
		}
	}
	return 0, s.taken
}

// TestPresence plays terminals that somebody reads and that nobody reads.
func TestPresence(t *testing.T) {
	const always = 1 << 30
	for name, tt := range map[string]struct {
		play
		gone bool
	}{
		"it answers":                           {play{answers: always, capacity: -1}, false},
		"it never answers":                     {play{capacity: -1}, false},
		"it never answers, and keys come":      {play{capacity: -1, keys: 8 * time.Second}, false},
		"it takes everything and answers none": {play{answers: 1, capacity: -1}, true},
		"the same later":                       {play{answers: 50, capacity: -1}, true},
		"nobody has read it from the start":    {play{capacity: 64 << 10}, true},
		"nobody reads its pipe":                {play{answers: 1, capacity: 200 << 10}, true},
		"its client is stopped":                {play{answers: 1, capacity: 1200 << 10}, false},
		"its client was stopped":               {play{answers: 1, capacity: 1200 << 10, wakes: 20 * time.Minute}, false},
		"this process is in the background":    {play{answers: 1, capacity: 0, away: true}, false},
		"this process was stopped":             {play{answers: always, capacity: -1, stop: 10 * time.Minute}, false},
		"it is gone after this was stopped":    {play{answers: 1, capacity: -1, stop: 10 * time.Minute}, true},
		"it answers slowly, but keys come":     {play{answers: 1, capacity: -1, keys: 16 * time.Second}, false},
	} {
		t.Run(name, func(t *testing.T) {
			left, taken := tt.run()
			switch {
			case tt.gone != (left > 0):
				t.Errorf("leaves after %v, want to leave: %v", left, tt.gone)
			case tt.gone && tt.answers <= 1 && left > time.Minute:
				t.Errorf("leaves after %v, want a minute at most", left)
			case !tt.gone && tt.capacity < 0 && tt.wakes == 0 && tt.answers == always && taken > 1<<20:
				t.Errorf("%d bytes were written to a terminal that answers", taken)
			}
		})
	}
}
