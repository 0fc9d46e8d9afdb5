package main

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// culprit is a process that ought to reap, and the zombies that it leaves. Pid 0
// is somebody outside of the PID namespace.
type culprit struct {
	procfs.Blame
	reaper  procfs.Reaper // not known for pid 0
	cmdline string
	zombies []zombie // longest dead first
}

// charge is what the dead of one culprit have in common. One that lost only its
// main thread is a culprit to itself, and may be the parent of real zombies, too.
type charge struct {
	pid  int
	half bool
}

// count is how many zombies c leaves: a process of which only the main thread has
// ended looks like one, and is none.
func (c *culprit) count() int {
	if c.Cause == procfs.CauseThreads {
		return 0
	}
	return len(c.zombies)
}

// zombie is a process that has ended and was not reaped.
type zombie struct {
	stat  procfs.Stat
	known bool          // stat.ExitCode tells how it ended
	age   time.Duration // since its start
	dead  time.Duration // since its end; if sure is false, at least
	sure  bool
}

// inquest finds the zombies and who is to blame.
type inquest struct {
	fs      procfs.FS
	uptime  time.Duration
	clock   *deathClock
	noticed map[procfs.ID]time.Duration // for how long the init has known of zombies
	reapers map[int]procfs.Reaper
	first   procfs.First
	root    bool // we may become other users
	hidden  int
}

func newInquest(fs procfs.FS) (*inquest, error) {
	uptime, err := uptimeOf(fs)
	if err != nil {
		return nil, err
	}
	q := &inquest{fs: fs, uptime: uptime, clock: newDeathClock(fs), reapers: map[int]procfs.Reaper{}, root: os.Geteuid() == 0}
	if src, err := history.Find(fs, 0); err == nil {
		if b, err := src.Read(0); err == nil {
			q.noticed = noticed(b.Records, time.Now())
		}
		_ = src.Close() // It was only read.
	}
	if history.Reaps(fs, 1) {
		q.first = procfs.FirstReaps
	}
	return q, nil
}

// noticed is for how long each zombie of the history has been dead at least. The
// record is written when it has been one for a while.
func noticed(records []history.Record, now time.Time) map[procfs.ID]time.Duration {
	found := map[procfs.ID]time.Duration{}
	for _, r := range records {
		if r.Kind == history.KindZombie && r.Start != 0 {
			found[r.ID()] = max(now.Sub(r.Time)+r.ZombieFor, found[r.ID()])
		}
	}
	return found
}

// hold finds all culprits, those with most zombies first.
func (q *inquest) hold() ([]*culprit, error) {
	scanner := procfs.NewScanner(q.fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return nil, err
	}
	q.hidden = scanner.Hidden()
	culprits := map[charge]*culprit{}
	for i := range stats {
		if !stats[i].State.Zombie() {
			continue
		}
		z, blame, err := q.examine(stats[i])
		if errors.Is(err, procfs.ErrGone) {
			continue // It was reaped meanwhile.
		}
		if err != nil {
			return nil, err
		}
		of := charge{blame.Culprit, blame.Cause == procfs.CauseThreads}
		c := culprits[of]
		if c == nil {
			c = &culprit{Blame: blame}
			culprits[of] = c
			q.describe(c)
		}
		if better(blame.Cause, c.Cause) {
			c.Blame = blame
		}
		if blame.Cause == procfs.CauseNotInit {
			q.first = procfs.FirstLeaves
		}
		c.zombies = append(c.zombies, z)
	}
	list := make([]*culprit, 0, len(culprits))
	for _, c := range culprits {
		slices.SortFunc(c.zombies, func(a, b zombie) int {
			return cmp.Or(cmp.Compare(b.dead.Round(time.Second), a.dead.Round(time.Second)), cmp.Compare(a.stat.PID, b.stat.PID))
		})
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *culprit) int {
		return cmp.Or(cmp.Compare(b.count(), a.count()), cmp.Compare(a.Culprit, b.Culprit))
	})
	return list, nil
}

// better reports whether a says more than b about the zombies of one culprit: one
// that has just ended blames nobody.
func better(a, b procfs.Cause) bool {
	return b == procfs.CauseMoment && a != procfs.CauseMoment
}

// examine looks at one zombie. The parent was read while it was the parent: had
// it ended, then the zombie would have another one by now.
func (q *inquest) examine(s procfs.Stat) (zombie, procfs.Blame, error) {
	const tries = 3
	for try := 0; ; try++ {
		status, err := q.fs.Status(s.PID)
		if err != nil {
			return zombie{}, procfs.Blame{}, err
		}
		z := q.zombie(s)
		d := procfs.Dead{Stat: s, Tracer: status.TracerPID, For: -1}
		if z.sure {
			d.For = z.dead
		}
		blame := procfs.BlameFor(d, q.reaper(s.PPID))
		again, err := q.fs.Stat(s.PID)
		if err == nil && again.ID() != s.ID() {
			err = procfs.ErrGone
		}
		if err != nil || again.PPID == s.PPID || try == tries {
			return z, blame, err
		}
		delete(q.reapers, s.PPID)
		s = again
	}
}

func (q *inquest) zombie(s procfs.Stat) zombie {
	z := zombie{
		stat: s, age: procfs.Age(q.uptime, s.Start),
		known: s.Zombie() && (s.ExitCode != 0 || q.fs.MayTrace(s.PID)),
	}
	if z.dead, z.sure = q.clock.since(s); !z.sure {
		z.dead = q.noticed[s.ID()]
	}
	z.dead = min(z.dead, z.age)
	return z
}

// reaper reads about a parent once.
func (q *inquest) reaper(pid int) procfs.Reaper {
	if pid == 0 {
		return procfs.Reaper{}
	}
	r, ok := q.reapers[pid]
	if !ok {
		r = q.readReaper(pid)
		r.Init = r.Init || pid == 1 && q.first == procfs.FirstReaps
		q.reapers[pid] = r
	}
	return r
}

// readReaper reads about a parent, as its owner if that is what it takes, see
// readTarget. What cannot be read is not known.
func (q *inquest) readReaper(pid int) procfs.Reaper {
	r, _ := q.fs.Reaper(pid)
	if r.Hidden && q.root {
		asOwner(q.fs, pid, func() {
			if again, err := q.fs.Reaper(pid); err == nil && again.Stat.ID() == r.Stat.ID() {
				r = again
			}
		})
	}
	return r
}

func (q *inquest) describe(c *culprit) {
	c.reaper = q.reaper(c.Culprit)
	if words, err := q.fs.Cmdline(c.Culprit); err == nil && c.Culprit != 0 {
		c.cmdline = strings.Join(words, " ")
	}
}
