// Command yinit-exporter serves the metrics of all containers of a node to Prometheus. It is a
// program of its own, because PID 1 of a container neither listens nor links package net.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"yinit/cmd/yinit/build"
	"yinit/initcore/early"
	"yinit/procfs"
)

// settings are the options.
type settings struct {
	listen     []string
	root, proc string
	state      string
	accounting bool
	patience   time.Duration
	web        *web.FlagConfig
}

func parse(args []string) (settings, error) {
	var s settings
	app := kingpin.New("yinit-exporter", "Serves metrics of all containers of this node: zombies, exits, limits, and what a stop would kill.")
	app.HelpFlag.Short('h')
	app.Version(build.Line("yinit-exporter"))
	s.web = kingpinflag.AddFlags(app, ":9997")
	app.Flag("listen", "Address to listen on; the same as --web.listen-address. Repeatable.").StringsVar(&s.listen)
	app.Flag("root", "The root directory of the host, with the files of the engines.").PlaceHolder("DIR").StringVar(&s.root)
	app.Flag("proc", "The proc file system to look at.").Default("/proc").StringVar(&s.proc)
	app.Flag("state", "Keep the counters in FILE, so that after a restart nothing is counted twice.").PlaceHolder("FILE").StringVar(&s.state)
	app.Flag("accounting", "Count the exits of all processes of the node by acct(2). It needs CAP_SYS_PACCT, and takes the one accounting file of the node.").BoolVar(&s.accounting)
	app.Flag("patience", "How long a scrape waits for a look at most; then it gets the values of the last one.").Default("5s").DurationVar(&s.patience)
	if _, err := app.Parse(args); err != nil {
		return s, err
	}
	if len(s.listen) > 0 {
		s.web.WebListenAddresses = &s.listen
	}
	if s.patience <= 0 {
		return s, errors.New("--patience: must be positive")
	}
	return s, nil
}

// gcPercent makes the collector run more often than by default: memory on each node of a fleet
// costs more than a few milliseconds in 15 seconds.
const gcPercent = 30

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	early.Release() // The options of yinit are parsed by a package that takes the signals for PID 1.
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := parse(os.Args[1:])
	if err == nil {
		err = run(s, log)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "yinit-exporter: %v\n", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT.
func run(s settings, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	e := newExporter(procfs.New(s.proc), s.root, log)
	e.path = s.state
	e.load()
	if s.accounting {
		acct, err := startAccounting(e.fs)
		if err != nil {
			return fmt.Errorf("--accounting: %w", err)
		}
		e.acct = acct
		defer acct.file.Stop()
	}
	server := &http.Server{Handler: handler(e, s.patience), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.ListenAndServe(server, s.web, log) }()
	e.begin()
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		e.follow(ctx)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	<-followed
	e.save()
	wait, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = server.Shutdown(wait) // What is not answered by then never is.
	return nil
}
