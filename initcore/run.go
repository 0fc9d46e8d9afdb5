// Package initcore is the init: it starts programs, passes signals on, reaps
// orphans, remembers every death, ends everything gracefully and tells the truth
// in its exit status.
//
// One loop on one thread owns every wait and every kill. The way of a signal:
// early.handler writes it into a pipe, [loop.step] reads it, [machine.signal]
// decides, kernel.kill acts. The way of a death: SIGCHLD wakes the loop,
// kernel.reap looks and reaps, [machine.died] decides.
package initcore

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/initcore/history"
)

// Run is the init. It must be called on the main thread, and returns the status
// to exit with.
func Run(cfg Config) int {
	runtime.LockOSThread()
	logger, flush := newLogger(cfg.Log)
	defer flush()
	feed, err := early.Take()
	if err != nil {
		logger.Error("cannot receive signals", "error", err)
		return 125
	}
	tune()
	k := newKernel(&cfg, feed.Inherit)
	m := newMachine(cfg)
	m.proc, m.rest, m.tty, m.who, m.log, m.pid = k, k, k.console, k, logger, k.pid
	m.self = k.name(k.pid)
	k.prepare(logger)
	m.hist = newHistory(cfg, k, logger)
	l, err := newLoop(m, feed)
	if err != nil {
		logger.Error("cannot wait for events", "error", err)
		return 125
	}
	if len(cfg.Programs) > 1 || restarts(cfg) {
		k.keepDirectory()
	}
	m.start(time.Now())
	// The programs are on their way; what is not needed before comes now.
	k.oom = newOOMWatch()
	if k.cwd < 0 {
		k.settleDown()
	}
	l.run()
	if err := k.relays.drain(); err != nil {
		logger.Warn(err.Error())
	}
	m.writeReport(cfg.Report)
	m.hist.End(time.Now())
	return m.exitStatus()
}

// tune makes the Go runtime small: the init allocates next to nothing once it
// runs, so a heap that is collected often costs less than one that grows.
func tune() {
	debug.SetGCPercent(20)
}

func restarts(cfg Config) bool {
	for _, p := range cfg.Programs {
		if p.OnExit == Restart {
			return true
		}
	}
	return false
}

// prepare asks the kernel for what an init needs.
func (k *kernel) prepare(log *slog.Logger) {
	if k.cfg.ParentDeath != 0 {
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(k.cfg.ParentDeath), 0, 0, 0); err != nil {
			log.Warn("no signal will come when the parent dies", "error", err)
		}
	}
	if k.isFirst && !k.cfg.Subreaper {
		return
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		level := slog.LevelInfo
		if k.cfg.Subreaper {
			level = slog.LevelWarn
		}
		log.Log(context.Background(), level, "orphans will go to another process", "error", err)
	}
}

func newHistory(cfg Config, k *kernel, log *slog.Logger) *history.Writer {
	origin := history.Origin{Program: "yinit " + cfg.Version, PID: k.pid, Watch: 0}
	if s, err := k.fs.Stat(k.pid); err == nil {
		origin.Start = s.Start
	}
	w, err := history.Create(origin, time.Now())
	if err != nil {
		log.Warn("no history will be kept", "error", err)
	}
	return w
}
