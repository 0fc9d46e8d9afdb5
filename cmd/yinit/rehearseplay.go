package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/rehearsal"
	"yinit/procfs/verdict"
)

const (
	readyLimit  = time.Minute            // for --ready
	readyPause  = 100 * time.Millisecond // between two tries of it
	settleTime  = 2 * time.Second        // without --ready
	checkAhead  = 500 * time.Millisecond // --check starts this long before the stop
	endTime     = time.Second            // for PID 1 to end after the kernel has killed the others
	checkBehind = 10 * time.Second       // and may run on this long after it
)

// unplayedError is that there was no stop to judge.
type unplayedError string

func (e unplayedError) Error() string { return string(e) }

// rehearsalPlay is a rehearsal under way.
type rehearsalPlay struct {
	*rehearseOptions
	facts rehearsal.Facts
	box   *box
	seen  *rehearsal.Observer
	ring  *history.Reader // of yinit as PID 1; nil: it is not, or its history cannot be read
	sent  time.Time       // of the stop signal
	check *launched       // nil: there is none
	log   io.Writer       // takes what happens, between the lines of the program
}

// playRehearsal plays the stop and reports. This process is the engine.
func playRehearsal(o *rehearseOptions) (int, error) {
	if err := setUpStage(); err != nil {
		return failure, err
	}
	accounted := accountStage()
	b, err := startBox(boxOptions{command: "rehearse", init: o.Init, out: os.Stderr}, o.Command)
	if err != nil {
		return failure, unplayedError(err.Error())
	}
	defer b.close()
	p := newRehearsalPlay(o, b, os.Stderr)
	p.seen.Accounted = accounted
	started := time.Now()
	if err := p.untilReady(); err != nil {
		return failure, err
	}
	p.facts.Ready = time.Since(started)
	if err := p.stop(); err != nil {
		return failure, err
	}
	p.finishCheck()
	p.collect()
	return o.report(rehearsal.Judge(&p.facts))
}

// newRehearsalPlay begins to watch the container.
func newRehearsalPlay(o *rehearseOptions, b *box, log io.Writer) *rehearsalPlay {
	targets := verdict.NewReader(procfs.FS{}, func(pid int) verdict.Relay { return history.RelayOf(procfs.FS{}, pid) })
	return &rehearsalPlay{
		rehearseOptions: o, box: b, facts: rehearsal.Facts{Plan: o.Plan}, log: log,
		seen: rehearsal.NewObserver(targets, b.first, o.Signal),
	}
}

// tell writes what happens.
func (p *rehearsalPlay) tell(format string, args ...any) {
	fmt.Fprintf(p.log, "rehearse: "+format+"\n", args...)
}

// untilReady waits until the stop may begin.
func (p *rehearsalPlay) untilReady() error {
	if p.Ready == "" {
		p.box.wait(settleTime)
	}
	for deadline := time.Now().Add(readyLimit); p.Ready != "" && p.box.runs(); {
		c := p.box.run(shell(p.Ready))
		r := finish(p.Ready, c, time.Until(deadline))
		if c.cmd.Process == nil {
			return unplayedError(fmt.Sprintf("cannot run %s: %v", procfs.Printable(p.Ready), c.err))
		}
		if r.OK() {
			break
		}
		if time.Now().After(deadline) {
			return unplayedError(fmt.Sprintf("--ready did not succeed within %s: the last try %s", procfs.Span(readyLimit), r.Ended()))
		}
		p.box.wait(readyPause)
	}
	if !p.box.runs() {
		return p.ended()
	}
	return nil
}

// ended says that the program ended too early.
func (p *rehearsalPlay) ended() error {
	status := waitStatusOf(p.box.state)
	text := fmt.Sprintf("%s ended before the stop began: %s", procfs.Printable(p.Command[0]), status)
	if status == 0 {
		text += "; it must run in the foreground"
	}
	return unplayedError(text)
}

// shell returns a command that sh runs, with the output of the engine.
func shell(command string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", command)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd
}

// inside runs a command in the container, for at most limit.
func (p *rehearsalPlay) inside(command string, limit time.Duration) rehearsal.Run {
	return finish(command, p.box.run(shell(command)), limit)
}

// finish waits for a command, for at most limit.
func finish(command string, c *launched, limit time.Duration) rehearsal.Run {
	r := rehearsal.Run{Command: command, CutOff: c.wait(limit)}
	r.Took = c.at.Sub(c.began)
	if c.cmd.ProcessState != nil {
		r.Status = waitStatusOf(c.cmd.ProcessState)
	} else { // it could not be started: as a shell reports that
		r.Status = 127 << 8
	}
	return r
}

// stop plays the stop.
func (p *rehearsalPlay) stop() error {
	if p.Check != "" {
		// Outside of the container, where its clients are.
		p.check = launch(shell(p.Check), dropAmbient)
		p.box.wait(checkAhead)
	}
	if !p.box.runs() {
		return p.ended()
	}
	p.seen.Begin()
	if p.Init != "none" {
		p.ring, _ = history.Open(procfs.FS{}, p.box.first.PID) // without it less is known
	}
	left := p.Grace
	if p.PreStop != "" {
		p.tell("the pre-stop command starts")
		r := p.inside(p.PreStop, p.Grace)
		// Where PID 1 ends, the kernel kills all others first.
		r.Over = !r.CutOff && r.Status.Signal() == int(unix.SIGKILL) && p.box.wait(endTime)
		p.facts.PreStop, left = &r, p.Left(r.Took)
		p.tell("the pre-stop command %s", r.EndedAfter())
	}
	p.sent = time.Now()
	if p.facts.Sent = p.box.runs(); p.facts.Sent {
		p.tell("sending %s to PID 1", procfs.SignalName(p.Signal))
		p.box.signal(unix.Signal(p.Signal))
	}
	if !p.box.wait(left) {
		p.seen.LastLook()
		p.facts.Killed, p.facts.KilledAt = true, time.Since(p.sent)
		p.tell("sending SIGKILL to PID 1 after %s", procfs.Span(p.facts.KilledAt))
		_ = p.box.kill() // it may have just ended
	}
	p.facts.Takes, p.facts.Status = p.box.at.Sub(p.sent), waitStatusOf(p.box.state)
	p.tell("PID 1 has ended: %s", p.facts.Status)
	return nil
}

// finishCheck waits for the command of --check.
func (p *rehearsalPlay) finishCheck() {
	if p.check != nil {
		r := finish(p.Check, p.check, checkBehind)
		p.facts.Check = &r
		p.tell("the check %s", r.EndedAfter())
	}
}

// collect gathers what was seen, and what yinit as PID 1 recorded.
func (p *rehearsalPlay) collect() {
	p.facts.Processes = p.seen.Close(p.sent)
	if p.ring == nil {
		return
	}
	defer p.ring.Close()
	batch, err := p.ring.Read(0)
	if err != nil {
		return // less is known then
	}
	for i := range batch.Records {
		p.record(&batch.Records[i])
	}
}

// record takes over what a record of the init says about the stop.
func (p *rehearsalPlay) record(rec *history.Record) {
	for i := range p.facts.Processes {
		q := &p.facts.Processes[i]
		switch rec.Kind {
		case history.KindSignal:
			if rec.Signal == p.Signal && rec.Time.After(p.sent.Add(-10*time.Millisecond)) && slices.Contains(rec.To, q.PID) {
				q.Told = true
			}
		case history.KindStop: // SIGTERM goes to all that live then, see initcore/shutdown.go
			if strings.Contains(rec.Text, "SIGTERM to leftover processes") && q.At >= rec.Time.Sub(p.sent) {
				q.Told = true
			}
		case history.KindExit:
			if rec.PID == q.PID && rec.ReapedByInit && rec.Known && rec.Status.Signaled() {
				q.ByInit = true
			}
		}
	}
}
