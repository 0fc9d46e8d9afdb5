package main

import (
	"bufio"
	"errors"
	"fmt"
	"syscall"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/kill"
	"yinit/tui/text"
)

// A killPrinter prints what a signal would do, and what it did.
type killPrinter struct {
	killOptions
	paper
	out  *bufio.Writer
	ends func(pid, ppid int) bool // see endsContainer
	err  error                    // the first error of writing
}

func (p *killPrinter) line(s string) {
	fmt.Fprintln(p.out, s)
	if err := p.out.Flush(); p.err == nil {
		p.err = err
	}
}

// announce prints what the signal would do to each process.
func (p *killPrinter) announce(k *kill.Kill) {
	if p.json {
		return
	}
	for _, m := range k.Members {
		if m.Result == kill.Unsent {
			style := ""
			if m.Prediction.Lost() {
				style = text.Warn
			}
			p.line(p.painted(m.Name()+": "+m.Verdict(p.Signal), style))
		}
		if m.Result == kill.Unsent && m.Ends() && p.ends(m.ID.PID, m.PPID) {
			p.line(p.painted(m.Name()+": it is a program of the init: the container ends with it", text.Warn))
		}
	}
	if k.WithoutInit() {
		p.line("PID 1 is left out; --force includes it")
	}
}

func (p *killPrinter) painted(s, style string) string {
	c := p.cell(s, style)
	return text.Paint(c.Style, c.Text)
}

// rehearse ends a command that sends nothing.
func (p *killPrinter) rehearse(k *kill.Kill) (int, error) {
	promises := len(k.Members) > 0
	for _, m := range k.Members {
		if !p.Force && (m.ID.PID == 1 || k.Ours(m.ID)) {
			promises = false
			if !p.json {
				p.line(p.painted(m.Name()+": it gets no signal without --force", text.Warn))
			}
		}
		promises = promises && m.Promises()
		if p.json || m.Result != kill.Unsent {
			p.report(m)
		}
	}
	return p.finish(promises)
}

// report prints what has become of a process.
func (p *killPrinter) report(m *kill.Member) {
	if p.json {
		p.line(history.JSONLine(p.jsonOf(m)))
		return
	}
	words, style := m.Text(), ""
	switch {
	case m.Joined:
		words = "joined meanwhile; " + words
	case m.Forced:
		words += fmt.Sprintf("; %s had not ended it", procfs.SignalName(p.Signal))
	}
	if !m.Done() {
		style = text.Bad
	}
	if m.Result == kill.Missing {
		p.line(p.painted(words, style))
		return
	}
	p.line(p.painted(m.Name()+": "+words, style))
}

// finish returns the exit status. A reader that has gone is no error.
func (p *killPrinter) finish(done bool) (int, error) {
	switch {
	case p.err != nil && !errors.Is(p.err, syscall.EPIPE):
		return failure, fmt.Errorf("kill: %w", p.err)
	case done:
		return 0, nil
	}
	return 1, nil
}

// jsonKilled is the JSON of yinit kill: one object for each process.
type jsonKilled struct {
	PID     int           `json:"pid"`
	Start   procfs.Ticks  `json:"start"` // since boot, in clock ticks of 1/100 s
	Comm    string        `json:"comm"`
	Asked   int           `json:"asked"`  // the pid on the command line
	Joined  bool          `json:"joined"` // found after the signal was sent
	Signal  string        `json:"signal"`
	Verdict string        `json:"verdict"`
	Reason  string        `json:"reason"`
	Sent    []string      `json:"sent"` // the signals that were sent
	Done    bool          `json:"done"` // it did what the signal is for
	Result  string        `json:"result"`
	Text    string        `json:"text"`
	AfterMS int64         `json:"after_ms"`
	Status  *jsonHowEnded `json:"status,omitempty"`
	CommHex string        `json:"comm_hex,omitempty"`
}

// jsonHowEnded is how a process ended.
type jsonHowEnded struct {
	Known  bool   `json:"known"` // false: the others mean nothing
	Code   int    `json:"code"`
	Killed string `json:"killed"` // the signal that killed it
	Core   bool   `json:"core"`
}

func (p *killPrinter) jsonOf(m *kill.Member) jsonKilled {
	j := jsonKilled{
		PID: m.ID.PID, Start: m.ID.Start, Comm: m.Comm, Asked: m.Asked, Joined: m.Joined, Signal: procfs.SignalName(p.Signal),
		Verdict: m.Prediction.Outcome.String(), Reason: m.Prediction.Reason, Sent: []string{},
		Done: m.Done(), Result: m.Result.String(), Text: m.Text(), AfterMS: m.After.Milliseconds(), CommHex: history.Hex(m.Comm),
	}
	if m.Signal != 0 {
		j.Sent = append(j.Sent, procfs.SignalName(p.Signal))
	}
	if m.Forced {
		j.Sent = append(j.Sent, procfs.SignalName(m.Signal))
	}
	if m.Result == kill.Ended || m.Result == kill.Zombie {
		j.Status = &jsonHowEnded{Known: m.Known}
		if m.Known {
			j.Status.Code, j.Status.Core = m.Status.Shell(), m.Status.CoreDumped()
		}
		if m.Known && m.Status.Signaled() {
			j.Status.Killed = procfs.SignalName(m.Status.Signal())
		}
	}
	return j
}
