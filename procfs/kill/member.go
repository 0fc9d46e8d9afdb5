package kill

import (
	"time"

	"yinit/procfs"
	"yinit/procfs/pidfd"
	"yinit/procfs/verdict"
)

// Result is what has become of a member.
type Result uint8

// The results.
const (
	Unsent    Result = iota // no signal was sent to it yet
	Waiting                 // the signal was sent, and has not done what it is for
	Ended                   // it has ended since
	Stopped                 // it has been stopped since
	Resumed                 // it was stopped, and is not any more
	Running                 // it was sent SIGCONT, and was not stopped
	Delivered               // the process has taken the signal
	Dropped                 // the signal has no effect on it
	Gone                    // there was no such process, or it ended before the signal was sent
	Zombie                  // it had ended, and was not reaped
	Refused                 // the kernel refused the signal
	Missing                 // it cannot be seen
)

var resultWords = [...]string{
	Unsent: "unsent", Waiting: "still-there", Ended: "ended", Stopped: "stopped", Resumed: "resumed", Running: "running",
	Delivered: "delivered", Dropped: "dropped", Gone: "gone", Zombie: "zombie", Refused: "denied", Missing: "missing",
}

// String returns the result in a word, for JSON.
func (r Result) String() string { return resultWords[min(r, Missing)] }

// A Member is a process that gets the signal.
type Member struct {
	ID     procfs.ID // the start time is 0 if there is no such process
	PPID   int       // its parent
	Comm   string    // its name
	Asked  int       // the pid for which it was chosen
	Joined bool      // it was found after the signal was sent to the others

	// Prediction is what the signal would have done, as the process was found.
	Prediction verdict.Prediction
	Signal     int           // sent last; 0: none
	Forced     bool          // SIGKILL followed
	Result     Result        // so far
	After      time.Duration // since the first signal: until it ended, or until now
	// Status is how it ended, if Known; of a zombie, too.
	Status procfs.WaitStatus
	Known  bool
	// Sent is what keeps a process running that has not ended; nil: unknown.
	Sent *verdict.Sent
	Err  error // why it was not sent, or cannot be seen

	purpose purpose
	blamed  string // who has not reaped a zombie, such as "12 gunicorn"
	stopped bool   // it was stopped before
	held    *pidfd.Process
	sent    time.Time // when the first signal was sent
}

// Done reports whether the process did what the signal is for. One for which the user did not
// ask may have ended before.
func (m *Member) Done() bool {
	switch m.purpose {
	case toEnd:
		return m.Result == Ended || m.Result == Gone && m.ID.PID != m.Asked
	case toStop:
		return m.Result == Stopped
	case toResume:
		return m.Result == Resumed || m.Result == Running
	default:
		return m.Result == Delivered || m.Result == Ended
	}
}

// Promises reports whether the signal would do what it is for, as far as can be said before
// it is sent: the program decides what a handler does.
func (m *Member) Promises() bool { return m.Result == Unsent && !m.Prediction.Lost() }

// settled reports whether nothing more is to be expected.
func (m *Member) settled() bool { return m.held == nil || m.Result > Waiting }

// watch notes what has become of the member.
func (m *Member) watch(ended bool, now time.Time) {
	m.After = max(now.Sub(m.sent), 0)
	if ended {
		m.Result = Ended
		m.Status, m.Known = m.held.ExitStatus()
		return
	}
	stat, err := m.held.Stat()
	if err != nil {
		return // It has just ended.
	}
	switch stopped := stat.State.Stopped(); m.purpose {
	case toStop:
		if stopped {
			m.Result = Stopped
		}
	case toResume:
		switch {
		case stopped:
		case m.stopped:
			m.Result = Resumed
		default:
			m.Result = Running
		}
	}
}

// watchDelivery notes whether the process has taken a signal that is not to end it.
func (m *Member) watchDelivery(fs procfs.FS) {
	if m.purpose != toDeliver || m.Result != Waiting {
		return
	}
	if m.Prediction.Lost() && m.Prediction.Outcome != verdict.OutcomePending {
		m.Result = Dropped
		return
	}
	sigs, err := fs.Signals(m.ID.PID)
	if err == nil && sigs.Known && !sigs.Pending.Union(sigs.SharedPending).Has(m.Signal) {
		m.Result = Delivered
	}
}

// explain finds out what keeps a member running.
func (m *Member) explain(fs procfs.FS) {
	at := procfs.SinceBoot() - time.Since(m.sent)
	if s, err := verdict.ReadSent(fs, m.ID.PID, m.Signal, at); err == nil && s.Target.ID == m.ID {
		m.Sent = &s
	}
}
