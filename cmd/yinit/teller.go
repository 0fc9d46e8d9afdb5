package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/initcore/watch"
	"yinit/tui/text"
)

// A teller prints a history, now or as it goes on.
type teller struct {
	out *bufio.Writer
	err io.Writer
	kept
	o        historyOptions
	next     uint64
	run      int // of the record that was told last
	lost     uint64
	damaged  uint64
	stopping bool // the end has begun
}

// tell prints the records that are new, those that the options ask for.
func (t *teller) tell() error {
	b, err := t.r.Read(t.next)
	if err != nil {
		return err
	}
	t.next = b.Next
	t.lost += b.Lost
	t.damaged += b.Damaged
	now := time.Now()
	for _, rec := range b.Records {
		t.stopping = t.stopping || rec.Kind == history.KindStop
		if !t.o.wants(rec, now) {
			continue
		}
		if rec.Run != t.run && t.run != 0 && !t.o.json {
			fmt.Fprintf(t.out, "--- run %d of the init\n", rec.Run)
		}
		t.run = rec.Run
		if t.o.json {
			fmt.Fprintln(t.out, jsonRecord(rec))
		} else {
			fmt.Fprintln(t.out, textRecord(rec))
		}
	}
	return t.out.Flush()
}

// remark says something that is no record. In JSON it is a note with the number 0.
// Who asked for other records gets it on stderr: what is missing is never hidden.
func (t *teller) remark(text string) {
	rec := history.Record{Kind: history.KindNote, Time: time.Now(), Text: text}
	switch {
	case !t.o.json:
		fmt.Fprintf(t.out, "(%s)\n", text)
	case t.o.wants(rec, rec.Time):
		fmt.Fprintln(t.out, jsonRecord(rec))
	default:
		fmt.Fprintln(t.err, "yinit: history: "+text)
	}
}

// summary says what is missing.
func (t *teller) summary() error {
	h, err := t.r.Header()
	if err != nil {
		return err
	}
	for _, part := range []struct {
		n    uint64
		text string
	}{
		{t.lost, text.Plural(int(t.lost), "older record was", "older records were") + " overwritten"},
		{t.damaged, damagedText(t.damaged)},
		{h.Missed, watch.MissedText(h.Missed)},
		{h.Unwatched, text.Plural(int(h.Unwatched), "process was", "processes were") + " too many to be watched"},
	} {
		if part.n > 0 {
			t.remark(part.text)
		}
	}
	if h.Ended.IsZero() && !t.alive() && !t.o.follow {
		t.remark("the init that wrote this is gone without a last word: it was killed, or the machine went down")
	}
	if h.Watch == 0 {
		t.remark("only what the init itself reaps is here: it runs with --watch 0")
	}
	return t.out.Flush()
}

func damagedText(n uint64) string {
	return text.Plural(int(n), "record is", "records are") + " damaged"
}

// followEvery is how often a history that goes on is read.
const followEvery = 200 * time.Millisecond

// follow prints what is new, until the init has ended. When that clears up, it ends
// this process, too.
func (t *teller) follow() error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGTERM)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		end, err := t.ended()
		if err != nil {
			return err
		}
		if err := t.tell(); err != nil {
			return err
		}
		if end != "" {
			return t.farewell(end)
		}
		select {
		case <-tick.C:
		case <-stop:
			if err := t.tell(); err != nil {
				return err
			}
			if t.stopping {
				return t.farewell("the init ends now, and this process with it")
			}
			if t.own {
				return t.farewell("SIGTERM came; this ends the watching")
			}
			return t.farewell("SIGTERM came; the init goes on")
		}
	}
}

// farewell is the last line, after what is missing.
func (t *teller) farewell(text string) error {
	if err := t.summary(); err != nil {
		return err
	}
	t.remark(text)
	return t.out.Flush()
}

// ended says that the init has ended, "" if it runs. It is asked before the last
// records are read.
func (t *teller) ended() (string, error) {
	alive := t.alive()
	h, err := t.r.Header()
	switch {
	case err != nil:
		return "", err
	case !h.Ended.IsZero():
		return "the init ended at " + h.Ended.Local().Format("15:04:05.000"), nil
	case alive:
		return "", nil
	default:
		return "the init is gone without a last word: it was killed, or the machine went down", nil
	}
}
