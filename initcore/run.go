// Package initcore is the init: it starts programs, forwards signals, reaps orphans,
// records every death, shuts down gracefully and ends with the programs' exit status.
//
// One loop on one thread owns every wait and every kill. The path of a signal:
// early.handler writes it to a ring, [loop.step] reads it, [machine.signal] decides,
// kernel.kill acts. The path of a death: SIGCHLD wakes the loop, kernel.reap reads
// /proc and reaps the child, [machine.died] decides.
package initcore

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
)

// Run runs the init. It must be called on the main thread, and returns the exit status
// of the process.
func Run(cfg Config) int {
	cfg.stopSession()
	debug.SetPanicOnFault(true) // a mapping for which there is no memory must not end the init
	logger, flush := newLogger(cfg.Log)
	defer flush()
	fail := func(err error) int {
		logger.Error(err.Error())
		if err := ReportFailure(cfg.Report, 125, err.Error()); err != nil {
			logger.Warn("cannot write the report", "error", err)
		}
		return 125
	}
	feed, err := early.Take()
	if err != nil {
		return fail(fmt.Errorf("cannot receive signals: %w", err))
	}
	logger.Info("signals: " + feed.Layer.String())
	k := newKernel(&cfg, feed.Inherit)
	k.helper.log = logger
	m := newMachine(cfg)
	m.proc, m.leftovers, m.terminal, m.facts, m.evidence, m.looks, m.log, m.pid = k, k, k.console, k, k, k, logger, k.pid
	m.limits = k
	m.self, m.uid = k.name(k.pid), uint32(unix.Getuid())
	k.prepare(logger)
	if k.noProc {
		logger.Warn(k.withoutProc())
	}
	room := roomForThreads(k.container)
	k.helper.inline = !room
	k.pinReport()
	m.beginHistory(cfg, k)
	m.warnInherited(feed.Inherit)
	m.warnPlace(k)
	l, err := newLoop(m, feed)
	if err != nil {
		return fail(fmt.Errorf("cannot wait for events: %w", err))
	}
	if len(cfg.Programs) > 1 || restarts(cfg) {
		k.keepDirectory()
	}
	if cfg.Session {
		k.console.release()
	}
	// Only one goroutine runs at a time, apart from those that block in the kernel. So
	// the number of threads does not grow after the start.
	runtime.GOMAXPROCS(1)
	early.Spare(threads(cfg, room))
	l.startPrograms()
	l.planned = k.chores(m, time.Now())
	l.ignorePanic(func() { k.tryCalls(m); k.comparePlace(m) })
	l.run()
	l.ignorePanic(func() { m.others.finish(m, k, time.Now()) })
	if err := k.relays.drain(); err != nil {
		logger.Warn(err.Error())
	}
	l.conclude(k.report, k.helper)
	return m.exitStatus()
}

// conclude writes the report, and what the next run is to know about the end of this one.
func (l *loop) conclude(report reportFile, h *helper) {
	l.ignorePanic(func() { l.tellLimits(time.Now()) })
	if l.cfg.History != "" {
		l.ignorePanic(func() { l.tellLoop(time.Now()) })
	}
	l.settleFile(endLimit)
	l.ignorePanic(func() { l.writeReport(report, h) })
	l.ignorePanic(func() {
		l.hist.SetStatus(l.exitStatus())
		l.hist.End(time.Now())
		l.settleFile(endLimit)
	})
}

// threads returns how many goroutines may block at once, beside the main one. Their
// threads are created before a program can use up the limit on threads: the runtime
// would end PID 1 if it could not create one later. The runtime creates one more, to
// run the others meanwhile. Without room the helper, the copy of the history and the
// reader of command lines get no thread.
func threads(cfg Config, room bool) int {
	n := 1 // the writer of log lines
	if room {
		n++ // the helper
	}
	if room && cfg.History != "" {
		n++ // the copy of the history
	}
	if room && cfg.Watch > 0 {
		n++ // the reader of command lines
	}
	for _, p := range cfg.Programs {
		if p.Prefix {
			return n + 2 // those that copy to stdout and to stderr
		}
	}
	return n
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
			log.Warn("cannot set the signal of --parent-death", "error", err)
		}
	}
	if text := k.cfg.keysPastRewrite(k.console.sendsKeys(k.cfg.Session)); text != "" {
		log.Warn(text)
	}
	if k.isFirst && !k.cfg.Subreaper {
		return
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		level := slog.LevelInfo
		if k.cfg.Subreaper {
			level = slog.LevelWarn
		}
		log.Log(context.Background(), level, "cannot become a subreaper: another process adopts the orphans", "error", err)
	}
}
