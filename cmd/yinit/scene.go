package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"yinit/cmd/yinit/config"
	"yinit/procfs"
	"yinit/procfs/rehearsal"
	"yinit/tui/text"
)

// A scene is one of the experiments that yinit demo plays: first without yinit, then with
// it. All that it tells was seen while it was played.
type scene struct {
	name, title string
	play        func(*stageHand) error
}

// scenes returns all scenes, in the order of the talk.
func scenes() []scene {
	return []scene{
		{"pid1", "The first process is PID 1, and the container ends with it", scenePID1},
		{"shield", "The kernel shields PID 1 from signals", sceneShield},
		{"stop", "docker stop waits, and then kills", sceneStop},
		{"exec", "A shell as PID 1 forwards nothing; exec makes the program PID 1", sceneExec},
		{"exit", "The exit status is the final verdict", sceneExit},
		{"zombie", "An orphan that nobody reaps stays a zombie", sceneZombie},
		{"pids", "Zombies use up the limit on processes, until nothing can start any more", scenePids},
		{"stranger", "A server as PID 1 takes a stranger's death for that of its own child", sceneStranger},
		{"pipe", "A pipe hides a failure", scenePipe},
	}
}

// sceneNamed returns the scene that the user named. The error suggests a similar name.
func sceneNamed(name string) (*scene, error) {
	all := scenes()
	if i := slices.IndexFunc(all, func(s scene) bool { return s.name == name }); i >= 0 {
		return &all[i], nil
	}
	var names []string
	for i := range all {
		names = append(names, all[i].name)
	}
	if near := config.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("demo: unknown scene %q; did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("demo: unknown scene %q; the scenes are %s", name, strings.Join(names, ", "))
}

// listScenes prints the scenes.
func listScenes() (int, error) {
	var b strings.Builder
	for _, s := range scenes() {
		fmt.Fprintf(&b, "%-10s %s\n", s.name, s.title)
	}
	return printed(b.String())
}

// enterScene plays a scene on a stage of its own.
func enterScene(name string) (int, error) {
	s, err := sceneNamed(name)
	if err != nil {
		return failure, err
	}
	docker := "or run it in Docker: docker run -ti --rm --entrypoint /yinit IMAGE demo " + s.name + ", with the options " + dockerOptions
	status, err := enterStage(docker, os.Stdin, "demo", stageEngine, s.name)
	if err != nil {
		err = fmt.Errorf("demo: %w", err)
	}
	return status, err
}

// errQuit is that the user has seen enough.
var errQuit = errors.New("quit")

// playScene plays a scene. This process is the engine.
func playScene(name string) (int, error) {
	s, err := sceneNamed(name)
	if err != nil {
		return failure, err
	}
	if err := setUpStage(); err != nil {
		return failure, fmt.Errorf("demo: %w", err)
	}
	for _, tool := range []string{"sh", "sleep", "cat"} {
		if _, err := exec.LookPath(tool); err != nil {
			return failure, fmt.Errorf("demo: the scenes need the program %s, which is not in PATH; yinit demo without a scene needs none", tool)
		}
	}
	h := &stageHand{out: os.Stdout}
	if isTerminal(0) && isTerminal(1) {
		h.keys = bufio.NewReader(os.Stdin)
	}
	h.say("%s\n%s\n", s.title, strings.Repeat("=", len(s.title)))
	err = s.play(h)
	if h.err != nil {
		err = h.err
	}
	switch {
	case errors.Is(err, errQuit):
		return 0, nil
	case errors.Is(err, unix.EPIPE):
		return unreadStatus, nil
	}
	if err != nil {
		return failure, fmt.Errorf("demo: %w", err)
	}
	return 0, nil
}

// A stageHand plays the steps of a scene and tells what it sees.
type stageHand struct {
	out   io.Writer
	keys  *bufio.Reader // of the terminal, to go on; nil: there is none
	steps int
	err   error // the first error of writing; nothing is written after it
}

// narrow is the width of the text.
const narrow = 90

func (h *stageHand) say(format string, args ...any) {
	if h.err == nil {
		_, h.err = fmt.Fprintf(h.out, format, args...)
	}
}

// part begins a part of the scene.
func (h *stageHand) part(title string) {
	h.steps = 0
	h.say("\n--- %s ---\n", title)
}

// step says what is done next, and the command for it, "" if there is none. On a terminal it
// waits for Enter.
func (h *stageHand) step(what, command string) error {
	if h.keys != nil && h.err == nil {
		h.say("\n[Enter: go on, q: quit] ")
		if line, err := h.keys.ReadString('\n'); err != nil || strings.TrimSpace(line) == "q" {
			h.err = errQuit
		}
	}
	h.steps++
	h.say("\n%s", text.Paragraph(fmt.Sprintf("%d.", h.steps), 3, narrow, what))
	if command != "" {
		h.say("   $ %s\n", command)
	}
	return h.err
}

// saw shows lines as they were seen.
func (h *stageHand) saw(lines string) {
	for line := range strings.Lines(lines) {
		h.say("     | %s\n", procfs.Printable(strings.TrimRight(line, "\n")))
	}
}

// so says what it means.
func (h *stageHand) so(format string, args ...any) {
	h.say("%s", text.Paragraph("   =>", 6, narrow, fmt.Sprintf(format, args...)))
}

// sum compares the parts of the scene.
func (h *stageHand) sum(format string, args ...any) {
	h.say("\n%s", text.Paragraph("", 0, narrow, fmt.Sprintf(format, args...)))
}

// expect ends the scene if it went differently here, so that it never tells what did not
// happen.
func (h *stageHand) expect(ok bool, what string) {
	if !ok && h.err == nil {
		h.err = fmt.Errorf("the scene went differently here: %s", what)
	}
}

// An output collects what a container writes.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// An act is a container on the stage, and what it wrote.
type act struct {
	*box
	init string
	out  output
}

// start starts a container. init is "none" or "yinit".
func (h *stageHand) start(init string, words ...string) (*act, error) {
	return h.startLimited(init, 0, words...)
}

func (h *stageHand) startLimited(init string, limit int, words ...string) (*act, error) {
	a := &act{init: init}
	b, err := startBox(boxOptions{command: "demo", init: init, out: &a.out, limit: limit}, words)
	if err != nil {
		return nil, err
	}
	a.box = b
	return a, nil
}

// patience is how long a scene waits for what must happen.
const patience = 30 * time.Second

// until waits until what it shows holds.
func until(what string, f func() bool) error {
	for deadline := time.Now().Add(patience); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("it did not happen within %s: %s", procfs.Span(patience), what)
		}
	}
	return nil
}

// An actor is a process of a container, with the pids in there.
type actor struct {
	pid, ppid int
	outer     int // its pid as the engine sees it
	state     procfs.State
	ended     procfs.WaitStatus // of a zombie
	comm      string
	cmdline   string
}

// list returns the processes of the container.
func (a *act) list() (all []actor) {
	fs := procfs.FS{}
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		return nil
	}
	inner := map[int]int{}
	for i := range stats {
		if status, err := fs.Status(stats[i].PID); err == nil && len(status.NSpid) > 1 && a.has(stats[i].PID) {
			inner[stats[i].PID] = status.NSpid[1]
		}
	}
	for i := range stats {
		s := &stats[i]
		if inner[s.PID] == 0 {
			continue
		}
		words, _ := fs.CmdlineInTime(s.PID) // nil for a zombie
		all = append(all, actor{inner[s.PID], inner[s.PPID], s.PID, s.State, s.ExitCode, s.Comm, strings.Join(words, " ")})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].pid < all[j].pid })
	return all
}

// has reports whether a process is in the container.
func (a *act) has(pid int) bool {
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	mine, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", a.first.PID))
	return err == nil && err2 == nil && space == mine
}

// named waits until the container has a process with this name, and returns it.
func (a *act) named(comm string) (p actor, err error) {
	return p, until("a process "+comm, func() bool {
		all := a.list()
		i := slices.IndexFunc(all, func(q actor) bool { return q.comm == comm })
		if i >= 0 {
			p = all[i]
		}
		return i >= 0
	})
}

// table shows processes as ps does.
func table(all []actor) string {
	var b strings.Builder
	b.WriteString("  PID  PPID STATE COMMAND\n")
	for _, p := range all {
		command := p.cmdline
		if p.state.Zombie() {
			command = "[" + p.comm + "] zombie, " + p.ended.String()
		}
		fmt.Fprintf(&b, "%5d %5d %c     %s\n", p.pid, p.ppid, p.state, text.Cut(procfs.Printable(command), narrow-25, "..."))
	}
	return b.String()
}

// zombies counts the zombies among processes.
func zombies(all []actor) (n int) {
	for _, p := range all {
		if p.state.Zombie() {
			n++
		}
	}
	return n
}

// sh runs a command with sh in the container, as docker exec does, and returns what it
// printed and its exit status.
func (a *act) sh(command string) (string, int) { return a.exec("sh", "-c", command) }

// exec runs a command in the container.
func (a *act) exec(words ...string) (string, int) {
	var out output
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	r := a.run(cmd)
	r.wait(patience)
	if cmd.ProcessState == nil {
		return r.err.Error(), 127
	}
	return out.String(), shellStatus(cmd.ProcessState)
}

// yinit runs a command of yinit in the container.
func (a *act) yinit(args ...string) string {
	self, err := os.Executable()
	if err != nil {
		return err.Error()
	}
	out, _ := a.exec(append([]string{self}, args...)...) // the output says what failed
	return out
}

// demoGrace is how long the engine of the scenes waits before it kills. Docker waits 10 s.
const demoGrace = 3 * time.Second

// stop plays docker stop, and returns what was seen. It ends the act.
func (a *act) stop() (*rehearsal.Report, error) {
	o := &rehearseOptions{Plan: rehearsal.Plan{Init: a.init, Signal: int(unix.SIGTERM), Grace: demoGrace}}
	p := newRehearsalPlay(o, a.box, io.Discard)
	defer a.close()
	if err := p.stop(); err != nil {
		return nil, err
	}
	p.collect()
	return rehearsal.Judge(&p.facts), nil
}

// end ends the container.
func (a *act) end() {
	_ = a.kill() // it may have ended
	a.close()
}

// took says how long something took.
func took(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// history returns what the init's history says about ends.
func (a *act) history() string {
	return a.yinit("history", "--kind", "exit")
}
