package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
)

// A sentSignal is a signal that this top has sent. The init has a record of those only that
// it got itself, so the page of signals shows them beside the records.
type sentSignal struct {
	menu   int       // the number of the menu that sent it
	at     time.Time // zero: it is being sent
	signal int
	to     string // what got it, such as "55 gunicorn"
	ids    []procfs.ID
	result string // what has become of it; "": not known yet
}

// mostSent is how many of them are kept.
const mostSent = 100

// sending notes that the signal of the menu is being sent.
func (w world) sending(u *menu) world {
	s := sentSignal{menu: u.number, signal: u.signal, to: u.chosen().name(&w), ids: u.chosen().ids()}
	w.sent = append(slices.Clone(w.sent[max(0, len(w.sent)+1-mostSent):]), s)
	return w
}

// noteSent notes when a signal was sent, or why it was not.
func (w world) noteSent(msg sentMsg) world {
	return w.changeSent(msg.menu, func(s *sentSignal) {
		s.at = msg.at
		if !slices.Contains(msg.errs, nil) && len(msg.errs) > 0 {
			s.result = w.notSent(msg.errs[0])
		}
	})
}

// noteResult notes what has become of the last signal of a menu.
func (w world) noteResult(menu int, result string) world {
	return w.changeSent(menu, func(s *sentSignal) { s.result = result })
}

// changeSent changes the last signal of a menu.
func (w world) changeSent(menu int, change func(*sentSignal)) world {
	w.sent = slices.Clone(w.sent)
	for i := len(w.sent) - 1; i >= 0; i-- {
		if w.sent[i].menu == menu {
			change(&w.sent[i])
			return w
		}
	}
	return w
}

func (w *world) notSent(err error) string {
	switch {
	case errors.Is(err, procfs.ErrGone):
		return nothingSent
	case errors.Is(err, fs.ErrPermission):
		return "not permitted"
	}
	return w.text(err.Error())
}

// text describes the signal like [history.Record.SignalText] does a record.
func (s *sentSignal) text(w *world) string {
	words := fmt.Sprintf("%s sent by this top%s%s", procfs.SignalName(s.signal), w.glyphs().arrow, s.to)
	if s.result != "" {
		words += ": " + s.result
	}
	return words
}

// concerns reports whether p got or sent the signal; p may be nil.
func (s *sentSignal) concerns(w *world, p *snapshot.Process) bool {
	return p == nil || p.ID.PID == w.snap.Caller.PID || slices.Contains(s.ids, p.ID)
}
