package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/initcore/early"
	"yinit/procfs"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/tui"
)

// The demo is a chain of processes, each of which is this program:
//
//	yinit demo            makes the namespaces
//	  yinit demo inside   PID 1 there: mounts /proc, becomes the init by exec
//	    yinit demo show   the init's program: starts the workload, runs yinit top
//	      yinit demo misbehave NAME   the workload, see workload.go
const (
	stageInside    = "inside"
	stageShow      = "show"
	stageMisbehave = "misbehave"
)

// demoOptions are the options of yinit demo.
type demoOptions struct {
	ascii bool
	list  bool     // print the scenes
	words []string // a scene, or a stage of the chain; none: the first
}

func parseDemo(args []string) (o demoOptions, err error) {
	o.words, err = config.Lookup("demo").Parse(args, config.Bind{"ascii": &o.ascii, "list": &o.list})
	return o, err
}

func runDemo(args []string) (int, error) {
	if len(args) > 0 && args[0] == stagePID1 {
		return becomePID1(args[1:])
	}
	o, err := parseDemo(args)
	if err != nil {
		return failure, err
	}
	words, options := o.words, []string{}
	if o.ascii {
		options = append(options, "--ascii")
	}
	switch {
	case o.list:
		return listScenes()
	case len(words) == 0:
		return enterDemo(options)
	case words[0] == stageMisbehave && len(words) == 2:
		return misbehave(words[1])
	case words[0] == stageEngine && len(words) == 2:
		return playScene(words[1])
	case len(words) > 1:
		return failure, fmt.Errorf("demo: unexpected argument %q; see yinit demo --help", words[1])
	}
	switch words[0] {
	case stageInside:
		return 0, becomeInit(options)
	case stageShow:
		return showDemo(o.ascii)
	}
	return enterScene(words[0])
}

// enterDemo runs the demo in namespaces of its own and returns its status.
func enterDemo(args []string) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return failure, fmt.Errorf("demo: %w", err)
	}
	cmd := exec.Command(self, append([]string{"demo", stageInside}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   unix.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return failure, fmt.Errorf("demo: cannot create namespaces: %w; %s", err, namespaceAdvice(procfs.FS{}, demoInDocker))
	}
	// The demo's process group has the terminal and gets its signals. Signals sent
	// to this process alone are forwarded to the demo's init.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGTTOU)
	go func() {
		for s := range signals {
			if s != unix.SIGTTOU {
				_ = cmd.Process.Signal(s) // it may have ended
			}
		}
	}()
	err = cmd.Wait()
	// The demo had the terminal's foreground. Take it back for our process group.
	_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp()) // fails without a terminal
	if state, ok := errors.AsType[*exec.ExitError](err); ok {
		if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			return 128 + int(ws.Signal()), nil
		}
		return state.ExitCode(), nil
	}
	return 0, err
}

// demoInDocker says how to run the demo in Docker.
const demoInDocker = "or run the demo in Docker: docker run -ti --rm --init --entrypoint /yinit IMAGE demo, with the options " + dockerOptions

// becomeInit turns PID 1 of the new namespaces into the init.
func becomeInit(args []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("demo: making the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("demo: mounting /proc: %w; in a container, the runtime may have masked parts of /proc: start the container with --security-opt systempaths=unconfined", err)
	}
	_ = unix.Sethostname([]byte("demo")) // for display only
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	// Quiet, because the demo leaves its workload to the init on purpose: it would be told to
	// run it in the foreground.
	argv := append([]string{"yinit", "--quiet", "--grace=500ms", "--", self, "demo"}, args...)
	return unix.Exec(self, append(argv, stageShow), early.Environ())
}

// showDemo starts the workload and shows it until the user quits.
func showDemo(ascii bool) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return failure, fmt.Errorf("demo: %w", err)
	}
	if err := startWorkload(self); err != nil {
		return failure, fmt.Errorf("demo: %w", err)
	}
	var w *source
	for deadline := time.Now().Add(5 * time.Second); ; {
		// Wait for the first zombie, so that the first frame shows one.
		w = newSource(node.Own(procfs.FS{}))
		if s, err := w.Snapshot(); err == nil && hasZombie(s) || time.Now().After(deadline) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	o := tui.Options{Interval: time.Second, NoColor: os.Getenv("NO_COLOR") != "", ASCII: ascii}
	if !isTerminal(0) || !isTerminal(1) || os.Getenv("TERM") == "dumb" {
		return 0, printFrame(w, o)
	}
	c := newClient(procfs.FS{})
	c.returns = false // PID 1 has the terminal because it belongs to the demo
	o.Saver = saver{w}
	return showTop(w, signaller{}, o, c)
}

func hasZombie(s snapshot.Snapshot) bool {
	for i := range s.Procs {
		if s.Procs[i].State.Zombie() {
			return true
		}
	}
	return false
}
