package initcore

import (
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// check implements looks. The helper reads /proc.
func (k *kernel) check(pid int, sig unix.Signal, sentAt time.Time) beginning {
	switch {
	case k.noProc || k.helper.inline:
		return never
	case !k.helper.free():
		return busy
	}
	answer := make(chan stopAnswer, 1)
	k.answer = answer
	fs, at := k.fs, procfs.SinceBoot()-time.Since(sentAt)
	k.helper.start(func() { answer <- lookAt(fs, pid, sig, at) })
	return begun
}

// checkDone implements looks.
func (k *kernel) checkDone() (stopAnswer, bool) {
	select {
	case a := <-k.answer:
		return a, true
	default:
		return stopAnswer{}, false
	}
}

// lookAt finds out what keeps a program running to which sig was sent at the given time
// since boot.
func lookAt(fs procfs.FS, pid int, sig unix.Signal, at time.Duration) stopAnswer {
	s, err := verdict.ReadSent(fs, pid, int(sig), at)
	if err != nil {
		return stopAnswer{sig: sig}
	}
	a := stopAnswer{sig: sig, comm: s.Target.Comm, obstacle: s.Obstacle, trap: s.Trap}
	a.answers = unix.Signal(s.Answers(int(unix.SIGTERM), int(unix.SIGINT), int(unix.SIGQUIT), int(unix.SIGHUP)))
	if s.Target.LiveState() == procfs.StateStopped && sig != unix.SIGTERM && s.Target.Sigs.Disposition(int(unix.SIGTERM)) != procfs.Ignored {
		a.answers = unix.SIGTERM // after which the init continues what is stopped
	}
	if s.Obstacle.Child.PID != 0 {
		a.childAge = procfs.Age(procfs.SinceBoot(), s.Obstacle.Child.Start)
	}
	return a
}

// saveReport implements looks.
func (k *kernel) saveReport(report, earlier string) beginning {
	switch {
	case k.helper.inline:
		return never
	case !k.helper.free():
		return busy
	}
	file := k.report
	k.helper.start(func() { _ = file.write(report, earlier) }) // the report at the end says why it fails
	return begun
}
