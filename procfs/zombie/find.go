package zombie

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/procfs/asuser"
)

// Options are what [Find] cannot read from /proc.
type Options struct {
	// Noticed is the least time that each zombie has been dead, from a history. It is
	// used where the kernel does not report when the process ended.
	Noticed map[procfs.ID]time.Duration
	// Reaps says that PID 1 is expected to reap orphans, by its name for example.
	Reaps bool
	// Parents is the parent that each zombie had when it was first seen, from a history.
	Parents map[procfs.ID]int
}

// A Report is the result of [Find].
type Report struct {
	Culprits []*Culprit // most zombies first
	Init     Init       // what PID 1 does with orphans
	Hidden   int        // number of processes that this user may not read
}

// Culprit is a process that ought to act, and the zombies that it has not reaped. Its
// pid is 0 if it is outside the PID namespace.
type Culprit struct {
	Blame
	Reaper  Reaper   // the zero value if it is outside the PID namespace
	Cmdline string   // the arguments, joined by spaces; "" if unknown
	Zombies []Zombie // longest dead first
	Program bool     // it is a program of PID 1 with which the container ends; Find does not set it
}

// Count returns the number of zombies of c. A process whose main thread alone has
// ended looks like a zombie but does not count.
func (c *Culprit) Count() int {
	if c.Cause == CauseThreads {
		return 0
	}
	return len(c.Zombies)
}

// Started returns the number of zombies that c is known to have started itself.
func (c *Culprit) Started() (n int) {
	for i := range c.Zombies {
		if c.Zombies[i].Origin == OriginChild {
			n++
		}
	}
	return n
}

// Count returns the number of all zombies.
func (r *Report) Count() (n int) {
	for _, c := range r.Culprits {
		n += c.Count()
	}
	return n
}

// A Zombie is a process that has ended and was not reaped.
type Zombie struct {
	Stat  procfs.Stat   // of the process
	Known bool          // Stat.ExitCode is how it ended; false: the kernel does not show it
	Age   time.Duration // since its start
	Dead  time.Duration // since its end; the least time if Exact is false
	Exact bool          // Dead is exact

	Origin Origin // whether its parent started or adopted it
}

// Find finds the zombies among all processes of fs. Of the other processes it reads
// only the stat, and more of those that are parents of zombies.
func Find(fs procfs.FS, o Options) (*Report, error) {
	if _, err := uptimeOf(fs); err != nil {
		return nil, err
	}
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return nil, err
	}
	return findAmong(fs, stats, o, scanner.Hidden())
}

// uptimeOf returns the uptime of the machine. Every proc filesystem has it; the
// error says that fs is not one.
func uptimeOf(fs procfs.FS) (time.Duration, error) {
	uptime, err := fs.Uptime()
	if err != nil {
		return 0, fs.WhatHelps(err)
	}
	return uptime, nil
}

// findAmong is [Find] for processes whose stat has just been read. The number of
// others, which this user may not read, is hidden.
func findAmong(fs procfs.FS, stats []procfs.Stat, o Options, hidden int) (*Report, error) {
	uptime, err := uptimeOf(fs)
	if err != nil {
		return nil, err
	}
	f := &finder{fs: fs, opt: o, uptime: uptime, clock: newDeathClock(fs), reapers: map[int]Reaper{}, root: os.Geteuid() == 0}
	f.origins = &origins{fs: fs, stats: stats, parents: o.Parents, partial: hidden > 0, uptime: uptime, clock: f.clock}
	r := &Report{Hidden: hidden}
	if o.Reaps {
		r.Init = InitReaps
	}
	culprits := map[key]*Culprit{}
	for i := range stats {
		if !stats[i].State.Zombie() {
			continue
		}
		z, blame, err := f.examine(stats[i])
		if errors.Is(err, procfs.ErrGone) {
			continue // It has been reaped since.
		}
		if err != nil {
			return nil, err
		}
		of := key{blame.Culprit, blame.Cause == CauseThreads, blame.Origin == OriginOrphan}
		c := culprits[of]
		if c == nil {
			c = f.culprit(blame)
			culprits[of] = c
		}
		// A zombie that has just ended says nothing about the older ones, and one of unknown
		// origin less than one that the culprit started.
		if c.Cause == CauseJustEnded || c.Cause == CauseEither && blame.Cause != CauseJustEnded {
			c.Blame = blame
		}
		if blame.Cause == CauseNotInit || blame.Cause == CauseEither && o.Reaps {
			r.Init = InitDoesNotReap
		}
		c.Zombies = append(c.Zombies, z)
	}
	r.Culprits = sorted(culprits)
	return r, nil
}

// key groups zombies by culprit. A process whose main thread alone has ended is its
// own culprit; it may also be the parent of real zombies, which are kept apart. So are
// orphans, because other advice applies to them.
type key struct {
	pid     int
	threads bool
	orphans bool // those that the culprit adopted
}

func sorted(culprits map[key]*Culprit) []*Culprit {
	list := make([]*Culprit, 0, len(culprits))
	for _, c := range culprits {
		sort.Slice(c.Zombies, func(i, j int) bool {
			a, b := &c.Zombies[i], &c.Zombies[j]
			return cmp.Or(cmp.Compare(b.Dead.Round(time.Second), a.Dead.Round(time.Second)), cmp.Compare(a.Stat.PID, b.Stat.PID)) < 0
		})
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Culprit) int {
		return cmp.Or(cmp.Compare(b.Count(), a.Count()), cmp.Compare(a.Culprit, b.Culprit))
	})
	return list
}

// finder reads the details of zombies and their parents.
type finder struct {
	fs      procfs.FS
	opt     Options
	uptime  time.Duration
	clock   *deathClock
	reapers map[int]Reaper
	origins *origins
	root    bool // this process is root and may become other users
}

// examine reads one zombie and its parent. It reads the stat of the zombie again
// afterwards: if the parent had ended, the zombie would have a new one.
func (f *finder) examine(s procfs.Stat) (Zombie, Blame, error) {
	const tries = 3
	for try := 0; ; try++ {
		status, err := f.fs.Status(s.PID)
		if err != nil {
			return Zombie{}, Blame{}, err
		}
		z := f.zombie(s)
		d := Dead{Stat: s, Tracer: TracerProcess(f.fs, status.TracerPID), For: -1}
		if z.Exact || z.Dead > 0 {
			d.For = z.Dead
		}
		parent := f.reaper(s.PPID)
		z.Origin = f.origins.of(&s, &parent.Stat)
		d.Origin = z.Origin
		blame := BlameFor(d, parent)
		again, err := f.fs.Stat(s.PID)
		if err == nil && again.ID() != s.ID() {
			err = procfs.ErrGone
		}
		if err != nil || again.PPID == s.PPID || try == tries {
			return z, blame, err
		}
		delete(f.reapers, s.PPID)
		s = again
	}
}

func (f *finder) zombie(s procfs.Stat) Zombie {
	z := Zombie{
		Stat: s, Age: procfs.Age(f.uptime, s.Start),
		Known: s.Zombie() && (s.ExitCode != 0 || f.fs.MayTrace(s.PID)),
	}
	if z.Dead, z.Exact = f.clock.since(s); !z.Exact {
		z.Dead = f.opt.Noticed[s.ID()]
	}
	z.Dead = min(z.Dead, z.Age)
	return z
}

// reaper reads a parent, once.
func (f *finder) reaper(pid int) Reaper {
	if pid == 0 {
		return Reaper{}
	}
	r, ok := f.reapers[pid]
	if !ok {
		r = f.readReaper(pid)
		r.Init = pid == 1 && f.opt.Reaps
		f.reapers[pid] = r
	}
	return r
}

// readReaper reads a parent, with the identity of its owner if necessary, see
// package asuser. What cannot be read stays unknown.
func (f *finder) readReaper(pid int) Reaper {
	r, _ := ReadReaper(f.fs, pid)
	if r.Hidden && f.root {
		_ = asuser.Owner(f.fs, pid, func() {
			if again, err := ReadReaper(f.fs, pid); err == nil && again.Stat.ID() == r.Stat.ID() {
				r = again
			}
		})
	}
	return r
}

func (f *finder) culprit(b Blame) *Culprit {
	c := &Culprit{Blame: b, Reaper: f.reaper(b.Culprit)}
	if words, err := f.fs.CmdlineInTime(b.Culprit); err == nil && b.Culprit != 0 {
		c.Cmdline = strings.Join(words, " ")
	}
	return c
}

// Held says how many zombies the process holds that has the most as children: "22 by
// zombies of 1 (python3)". It returns "" if there are none. It reads the stat of all
// processes, which does not block.
func Held(fs procfs.FS) string {
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return ""
	}
	count := map[int]int{}
	for i := range stats {
		if stats[i].Zombie() {
			count[stats[i].PPID]++
		}
	}
	var parent procfs.Stat
	n := 0
	for i := range stats {
		if count[stats[i].PID] > n {
			parent, n = stats[i], count[stats[i].PID]
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("1 by a zombie of process %d (%s)", parent.PID, procfs.Printable(parent.Comm))
	default:
		return fmt.Sprintf("%d by zombies of process %d (%s)", n, parent.PID, procfs.Printable(parent.Comm))
	}
}
