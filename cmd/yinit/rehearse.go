package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
	"yinit/procfs/rehearsal"
)

// rehearseOptions are the options of yinit rehearse.
type rehearseOptions struct {
	rehearsal.Plan
	json  bool
	junit string // the file of the JUnit report, "" for none
}

const rehearseInDocker = "or run it in Docker: docker run --rm --entrypoint /yinit IMAGE rehearse -- PROGRAM, with the options " + dockerOptions

func runRehearse(args []string) (int, error) {
	if len(args) > 0 && args[0] == stagePID1 {
		return becomePID1(args[1:])
	}
	engine := len(args) > 0 && args[0] == stageEngine
	if engine {
		args = args[1:]
	}
	o, err := parseRehearse(args)
	if err != nil {
		return failure, err
	}
	if o.junit != "" && !engine { // a stop is not played for a report that cannot be written
		if err := writeJUnit(o.junit, ""); err != nil {
			return failure, fmt.Errorf("rehearse: %w", err)
		}
	}
	status, err := 0, error(nil)
	if engine {
		if status, err = playRehearsal(&o); errors.Is(err, unix.EPIPE) {
			return unreadStatus, nil
		}
	} else {
		status, err = enterStage(rehearseInDocker, nil, append([]string{"rehearse", stageEngine}, args...)...)
	}
	_, unset := errors.AsType[*namespaceError](err)
	if _, unplayed := errors.AsType[unplayedError](err); (unplayed || unset) && o.junit != "" {
		err = errors.Join(err, writeJUnit(o.junit, rehearsal.JUnitError(&o.Plan, err.Error(), time.Now())))
	}
	if err != nil {
		err = fmt.Errorf("rehearse: %w", err)
	}
	return status, err
}

func parseRehearse(args []string) (rehearseOptions, error) {
	o := rehearseOptions{Plan: rehearsal.Plan{Init: "none", Grace: 10 * time.Second}}
	stop := "TERM"
	words, err := config.Lookup("rehearse").Parse(args, config.Bind{
		"stop-signal": &stop, "grace": &o.Grace, "pre-stop": &o.PreStop, "ready": &o.Ready, "check": &o.Check,
		"init": &o.Init, "json": &o.json, "junit": &o.junit,
	})
	if err != nil {
		return o, err
	}
	if o.Signal, err = procfs.ParseSignal(stop); err != nil {
		return o, fmt.Errorf("rehearse: --stop-signal: %w; see yinit rehearse --help", err)
	}
	if o.Command = words; len(words) == 0 {
		return o, errors.New("rehearse: name the program to stop: yinit rehearse -- PROGRAM; see yinit rehearse --help")
	}
	return o, nil
}

// report prints the judgement, and returns the exit status of the command.
func (o *rehearseOptions) report(r *rehearsal.Report) (int, error) {
	if o.junit != "" {
		if err := writeJUnit(o.junit, rehearsal.JUnit(r, time.Now())); err != nil {
			return failure, err
		}
	}
	text := rehearsalText(r)
	if o.json {
		text = rehearsalJSON(r)
	}
	if status, err := printed(text); err != nil {
		return status, err
	}
	if !r.Clean() {
		return 1, nil
	}
	return 0, nil
}

func writeJUnit(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return nil
}
