package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/build"
	"yinit/cmd/yinit/config"
	"yinit/initcore"
	"yinit/initcore/early"
	"yinit/procfs"
)

// failure is the exit status for yinit's own errors.
const failure = 125

// run runs the program with these arguments and this environment, and returns its
// exit status.
func run(args, env []string) int {
	var end ending
	status, err := dispatch(args, env, &end)
	if err != nil {
		fmt.Fprintf(os.Stderr, "yinit: %s\n", oneLine(err))
		if status == 0 {
			status = failure
		}
	}
	return initcore.End(end.at, status, end.log)
}

// ending is how the process ends if it is PID 1.
type ending struct {
	at  initcore.AtEnd
	log initcore.Logging
}

// oneLine returns the text of an error on one line.
func oneLine(err error) string { return procfs.Printable(strings.ReplaceAll(err.Error(), "\n", " ")) }

// dispatch runs a command or the init, as the arguments say. A command reads neither
// the options of the init nor their environment variables.
func dispatch(args, env []string, end *ending) (int, error) {
	line := config.ParseLine(args[1:])
	c, err := line.Command()
	if err != nil {
		return failure, err
	}
	switch asks := line.Asks(); {
	case asks == "help" && c != nil:
		return runHelp([]string{c.Name})
	case asks == "help":
		return runHelp(nil)
	case asks == "version":
		return printVersion(args[0])
	case asks == "license":
		return printLicense()
	case c != nil:
		return runCommand(c, line.Words[1:])
	}
	if line.Empty() && os.Getpid() != 1 && isTerminal(0) && isTerminal(1) &&
		(!config.EnvironmentRuns(env) || procfs.FS{}.JoinsContainer()) {
		return runCommand(config.Lookup("top"), nil)
	}
	return runInit(args[0], line, env, end)
}

// runCommand runs a command, or shows its help.
func runCommand(c *config.Command, args []string) (int, error) {
	early.Release()
	if early.Closed(1) {
		return failure, errNoStdout
	}
	status, err := commandNamed(c.Name)(args)
	if errors.Is(err, config.ErrHelp) {
		return printed(c.Help())
	}
	return status, err
}

// runners are the functions that run the commands, and return the exit status.
var runners = [...]struct {
	name string
	run  func(args []string) (status int, err error)
}{
	{"top", runTop},
	{"status", runStatus},
	{"ps", runPS},
	{"explain", runExplain},
	{"kill", runKill},
	{"zombies", runZombies},
	{"signals", runSignals},
	{"history", runHistory},
	{"doctor", runDoctor},
	{"containers", runContainers},
	{"metrics", runMetrics},
	{"rehearse", runRehearse},
	{"health", runHealth},
	{"demo", runDemo},
	{"version", runVersion},
	{"help", runHelp},
	{"completion", runCompletion},
}

// commandNamed returns the function that runs a command.
func commandNamed(name string) func(args []string) (status int, err error) {
	for i := range runners {
		if runners[i].name == name {
			return runners[i].run
		}
	}
	return nil
}

// runInit runs the programs under the init.
func runInit(name string, line *config.Line, env []string, end *ending) (int, error) {
	s, err := config.Read(line, env)
	s.Version = build.Release()
	if err == nil {
		err = initcore.Reserve()
	}
	if err == nil {
		err = s.Load()
	}
	end.at, end.log = s.AtEnd, s.Log
	if s.Report != "" && !mayReport(s, line) {
		s.Report = ""
	}
	if err != nil {
		return refuse(s, err)
	}
	s.Halt = haltSignal(name)
	warn(s, s.Warnings()...)
	if s.Idle() {
		return 0, nil // as yasinit
	}
	return initcore.Run(s.Config), nil
}

// haltSignal returns the signal that shuts down an init of this name, besides SIGTERM.
// Podman sends SIGRTMIN+3 to stop a container whose program has one of the names of
// systemd. Under any other name the signal is the program's.
func haltSignal(name string) unix.Signal {
	switch filepath.Base(name) {
	case "init", "systemd":
		return initcore.SigHalt
	}
	return 0
}

// refuse ends an init that cannot start. It writes err into the report too, if this
// init may write one.
func refuse(s *config.Settings, err error) (int, error) {
	if none := initcore.ReportFailure(s.Report, failure, oneLine(err)); none != nil {
		warn(s, "cannot write the report: "+none.Error())
	}
	return failure, err
}

func warn(s *config.Settings, warnings ...string) {
	if s.Quiet() {
		return
	}
	for _, w := range warnings {
		fmt.Fprintf(os.Stderr, "yinit: warning: %s\n", w)
	}
}

// mayReport reports whether this init may write the report of its container. The
// report goes only into an empty file, so a failed docker exec must not write it:
// the container's own failure could not be reported any more.
func mayReport(s *config.Settings, line *config.Line) bool {
	switch {
	case os.Getpid() == 1, s.OwnReport():
		return true
	case line.Empty():
		return false // the init of a container has a program to run
	}
	if _, err := os.Stat(s.Report); err != nil {
		return false // there is no file, so the answer does not matter
	}
	return !procfs.FS{}.JoinsContainer()
}
