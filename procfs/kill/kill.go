package kill

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"yinit/procfs"
	"yinit/procfs/pidfd"
	"yinit/procfs/verdict"
	"yinit/procfs/zombie"
)

// A Kill is a signal to some processes. Its methods are called one at a time.
type Kill struct {
	Order
	// Members are the processes, in the order in which they get the signal; more may come.
	Members []*Member

	reader *verdict.Reader
	choice *choice
	known  map[procfs.ID]bool
	signal int       // that was sent last
	began  time.Time // when it was sent first
}

// Choose finds the processes for which the pids stand, holds them, and reads what the signal
// would do to them. The error is a [*RefusedError], or says why it could not look. The
// caller must close the result.
func Choose(r *verdict.Reader, o Order, pids []int) (*Kill, error) {
	if err := o.refuse(pids, r.Caller.PID); err != nil {
		return nil, err
	}
	if err := look(r); err != nil {
		return nil, err
	}
	pids = slices.Compact(slices.Sorted(slices.Values(pids)))
	c, missing := newChoice(o, pids, r.Caller.PID, r.Processes)
	if c.Scope == Group || c.Scope == Session {
		for i := range c.roots {
			if c.roots[i].group == 0 {
				return nil, &RefusedError{fmt.Sprintf("the %s of %d has its leader outside the PID namespace, and others there may belong to it: choose the processes", o.Scope, c.roots[i].pid)}
			}
		}
	}
	k := &Kill{Order: o, reader: r, choice: c, known: map[procfs.ID]bool{}}
	k.add(false)
	for _, pid := range missing {
		m := &Member{ID: procfs.ID{PID: pid}, Asked: pid, Result: Missing}
		m.Err = r.Missing(pid, procfs.ErrGone)
		k.Members = append(k.Members, m)
	}
	return k, nil
}

// WithoutInit reports whether PID 1 belongs to the scope, and does not get the signal
// because Force is not set.
func (k *Kill) WithoutInit() bool { return k.choice.without }

// Ours reports whether a process is this one.
func (k *Kill) Ours(id procfs.ID) bool { return k.choice.self != 0 && id.PID == k.choice.self }

// Close releases the processes. It does not affect them.
func (k *Kill) Close() {
	for _, m := range k.Members {
		if m.held != nil {
			_ = m.held.Close() // Nothing was written.
		}
	}
}

// add adds the members among the processes of the last scan that are not known yet. It
// returns them.
func (k *Kill) add(joined bool) (added []*Member) {
	found, asked := k.choice.members(k.reader.Processes)
	for i := range found {
		s := found[i]
		if k.known[s.ID()] {
			continue
		}
		k.known[s.ID()] = true
		m := &Member{ID: s.ID(), PPID: s.PPID, Comm: s.Comm, Asked: asked[i], Joined: joined, stopped: s.State.Stopped()}
		k.hold(m, s)
		added = append(added, m)
	}
	k.Members = append(k.Members, added...)
	return added
}

// hold holds a member, and reads what the signal would do to it.
func (k *Kill) hold(m *Member, s *procfs.Stat) {
	fs := k.reader.FS
	if s.Dead() {
		m.Result, m.Known, m.Status = Zombie, s.ExitCode != 0 || fs.MayTrace(s.PID), s.ExitCode
		m.blamed = k.blamed(s)
		m.Prediction = verdict.Prediction{Outcome: verdict.OutcomeNoEffect, Reason: "a zombie, which takes no signals"}
		return
	}
	t, err := k.reader.Read(s.PID)
	switch {
	case err == nil && t.ID == m.ID:
		m.Prediction = verdict.Predict(t, k.Signal, k.reader.Caller)
	case errors.Is(err, procfs.ErrGone), err == nil:
		m.Result = Gone
		return
	default:
		m.Prediction.Reason = err.Error()
	}
	m.purpose = k.purpose(m.Prediction)
	held, err := pidfd.Hold(fs, m.ID)
	switch {
	case errors.Is(err, procfs.ErrGone):
		m.Result = Gone
	case err != nil:
		m.Result, m.Err = Refused, err
	default:
		m.held = held
	}
}

// blamed names the process that ought to reap a zombie.
func (k *Kill) blamed(s *procfs.Stat) string {
	tracer := 0
	if status, err := k.reader.FS.Status(s.PID); err == nil {
		tracer = zombie.TracerProcess(k.reader.FS, status.TracerPID)
	}
	pid := zombie.CulpritOf(s, tracer)
	if pid == 0 {
		return "its parent outside the container"
	}
	comm, _ := k.reader.FS.Comm(pid)
	return (&Member{ID: procfs.ID{PID: pid}, Comm: comm}).Name()
}

// Send sends the signal to all members.
func (k *Kill) Send() {
	k.began = time.Now()
	k.send(k.Signal, k.Members)
}

func (k *Kill) send(signal int, to []*Member) {
	k.signal = signal
	for _, m := range to {
		if m.held == nil || m.Result != Unsent && m.Result != Waiting {
			continue
		}
		if m.sent.IsZero() {
			m.sent = time.Now()
		}
		err := m.held.Send(signal)
		switch {
		case err == nil:
			m.Forced = m.Signal != 0 && m.Signal != signal
			m.Signal, m.Result = signal, Waiting
		case !errors.Is(err, procfs.ErrGone):
			m.Result, m.Err = Refused, err
		case m.Result == Unsent:
			m.Result = Gone
		}
	}
}

const (
	slice     = 20 * time.Millisecond // of watching: a look at states and new members follows
	scanShare = 4                     // a scan is repeated after this multiple of the time that it took
	takesFor  = time.Second           // how long to watch whether a signal is taken
	// againAfter is how long after a signal it is looked whether it was lost.
	againAfter = 100 * time.Millisecond
	killWait   = 2 * time.Second // how long to watch at least after SIGKILL
	// mostExplained is for how many members it is read what keeps them running. That takes
	// several files of each.
	mostExplained = 32
)

// Watch watches until all members have done what the signal is for, or Wait has passed, and
// calls report for each of which the result is known. If Escalate is set it then sends
// SIGKILL to the rest.
func (k *Kill) Watch(report func(*Member)) {
	reported := map[*Member]bool{}
	tell := func() {
		for _, m := range k.Members {
			if m.settled() && !reported[m] {
				reported[m] = true
				report(m)
			}
		}
	}
	tell()
	k.watch(k.began.Add(k.Wait), tell)
	if k.Escalate && k.signal != sigKill && k.waiting() > 0 {
		k.send(sigKill, k.Members)
		k.watch(time.Now().Add(max(k.Wait, killWait)), tell)
	}
	explained := 0
	for _, m := range k.Members {
		if !m.settled() && explained < mostExplained {
			explained++
			m.explain(k.reader.FS)
		}
	}
	for _, m := range k.Members {
		if !reported[m] {
			report(m)
		}
	}
}

// sendAgain sends the signal again to members on which it was lost: it would end them, and
// has not. A process that has just been forked still has the handlers of its parent, such
// as those of a shell, and loses what they have noted when it executes its program.
func (k *Kill) sendAgain(now time.Time) {
	looks := 0
	for _, m := range k.Members {
		if m.settled() || m.purpose != toEnd || now.Sub(m.sent) < againAfter || looks == mostExplained {
			continue
		}
		looks++
		t, err := k.reader.Read(m.ID.PID)
		if err == nil && t.ID == m.ID && verdict.Predict(t, k.signal, k.reader.Caller).Ends() {
			m.Comm = t.Comm
			_ = m.held.Send(k.signal) // An error is that it has ended, or that of the first time.
		}
	}
}

// waiting returns the number of members that have not done what the signal is for.
func (k *Kill) waiting() (n int) {
	for _, m := range k.Members {
		if !m.settled() {
			n++
		}
	}
	return n
}

// watch watches until the deadline, or until nothing more is to be expected. It looks at the
// members at least once, and signals those that join.
func (k *Kill) watch(until time.Time, tell func()) {
	var next, again time.Time // of a scan, and of a look for lost signals
	for {
		now := time.Now()
		k.look(min(slice, max(until.Sub(now), 0)))
		tell()
		settled := k.waiting() == 0 || k.onlyTaking() && time.Since(k.began) > takesFor
		if now = time.Now(); k.Scope != One && (settled || now.After(next)) {
			if k.join() > 0 {
				settled = false
			}
			tell()
			next = time.Now().Add(scanShare * time.Since(now))
		}
		if now.After(again) {
			again = now.Add(againAfter)
			k.sendAgain(now)
		}
		if settled || !time.Now().Before(until) {
			return
		}
	}
}

// onlyTaking reports whether those that are waited for need only take the signal, which they
// do at once or when they no longer block it.
func (k *Kill) onlyTaking() bool {
	return !slices.ContainsFunc(k.Members, func(m *Member) bool { return !m.settled() && m.purpose == toEnd })
}

// look waits for a while for the end of a member, and notes what has become of them.
func (k *Kill) look(d time.Duration) {
	held := make([]*pidfd.Process, 0, len(k.Members))
	var members []*Member
	for _, m := range k.Members {
		if !m.settled() && m.Result == Waiting {
			held, members = append(held, m.held), append(members, m)
		}
	}
	if len(held) == 0 {
		return
	}
	ended, _ := pidfd.WaitAny(held, d) // after an error, as after an interrupt, they are watched again
	now := time.Now()
	for i, m := range members {
		m.watch(ended[i], now)
		m.watchDelivery(k.reader.FS)
	}
}

// join finds processes that have joined the members, and sends them the last signal. It
// returns how many there are.
func (k *Kill) join() int {
	if look(k.reader) != nil {
		return 0
	}
	added := k.add(true)
	k.send(k.signal, added)
	return len(added)
}
