package watch

import (
	"yinit/initcore/history"
	"yinit/procfs/fatal"
)

// zombiesPerScan is how many zombies readZombie reads from one scan to the next, so that
// a burst of deaths is not slowed down.
const zombiesPerScan = 20

// readZombie reads what explains the signal that ended p, whose stat is in w.stat.
func (w *Watcher) readZombie(p *process) {
	if sig := w.stat.ExitCode.Signal(); sig != 0 && w.stat.Zombie() && w.explained < zombiesPerScan {
		w.explained++
		if z := fatal.ReadZombie(w.opt.FS, p.ID.PID, sig); !reaped(int(p.fd)) { // otherwise it may be that of another process
			p.zombie = &z
		}
	}
}

// why says why a signal ended p, whose exit is r; "" if there is no evidence.
func (w *Watcher) why(p *process, r *history.Record) string {
	if !r.Status.Signaled() {
		return ""
	}
	f := fatal.Facts{Status: r.Status, PID: r.PID, Comm: r.Comm, CPU: r.CPU, Runtime: r.Runtime}
	switch {
	case p.zombie != nil:
		f.Zombie = *p.zombie
	case w.explained < zombiesPerScan && !p.Adopted: // its parent was quicker
		w.explained++
		f.Zombie = fatal.ReadParent(w.opt.FS, p.PPID, r.Status.Signal())
	}
	if r.Parent == "timeout" {
		f.Killers = []fatal.Peer{{PID: r.PPID, Command: r.Parent}}
	}
	why := f.Why()
	if why == "" {
		return ""
	}
	return r.Status.String() + ": " + why
}
