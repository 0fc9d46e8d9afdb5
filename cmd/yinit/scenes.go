package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs"
	"yinit/procfs/rehearsal"
	"yinit/tui/text"
)

// Titles of the two parts of a scene.
const (
	withoutYinit = "without yinit"
	withYinit    = "with yinit"
)

// half begins the part of the scene with this init, and returns the command line of a
// container in it.
func (h *stageHand) half(init, command string) string {
	if init == "none" {
		h.part(withoutYinit)
		return command
	}
	h.part(withYinit)
	return "yinit -- " + command
}

// scenePID1: a container ends with its PID 1, whatever else runs in it.
func scenePID1(h *stageHand) error {
	how := map[string]string{}
	for _, init := range []string{"none", "yinit"} {
		command := h.half(init, "sleep 2")
		if err := h.step("Start a program in namespaces of its own, as an engine does.", command); err != nil {
			return err
		}
		a, err := h.start(init, "sleep", "2")
		if err != nil {
			return err
		}
		defer a.end()
		if err := h.step("Start a second one in the same namespaces, as docker exec does. Then list the processes.", "sleep 600 &"); err != nil {
			return err
		}
		if _, err := a.named("sleep"); err != nil {
			return err
		}
		second := exec.Command("sleep", "600")
		r := a.run(second)
		all := a.list()
		h.saw(table(all))
		h.so("The first process has pid 1: %s. The parent of the second is outside, so its PPID is 0.", all[0].cmdline)
		if err := h.step("Wait until the program has ended.", ""); err != nil {
			return err
		}
		a.box.wait(patience)
		r.wait(patience)
		if second.ProcessState == nil {
			return fmt.Errorf("the second program: %w", r.err)
		}
		how[init] = waitStatusOf(second.ProcessState).String()
		h.saw(fmt.Sprintf("PID 1: %s\nsleep 600: %s\n", waitStatusOf(a.state), how[init]))
		h.expect((how[init] == "killed by SIGKILL") == (init == "none"), "how the second program ended")
		if init == "none" {
			h.so("The container ended with PID 1. The kernel killed everything else in it at once.")
		} else {
			h.so("When the program has ended, yinit asks everything else to end before it exits itself, with the program's status %d.", shellStatus(a.state))
		}
	}
	h.sum("The other process was %s without yinit, and %s with it.", how["none"], how["yinit"])
	return nil
}

// sceneShield: from inside, PID 1 cannot be killed; nor does it get what it has no handler for.
func sceneShield(h *stageHand) error {
	h.part(withoutYinit)
	if err := h.step("Start a program as PID 1, and the same as an ordinary process beside it.", "sleep 600"); err != nil {
		return err
	}
	a, err := h.start("none", "sleep", "600")
	if err != nil {
		return err
	}
	defer a.end()
	other := exec.Command("sleep", "600")
	r := a.run(other)
	all := a.list()
	h.saw(table(all))
	pid := all[len(all)-1].pid
	a.box.wait(signalTime)
	command := fmt.Sprintf("kill -KILL %d", pid)
	if err := h.step("Kill the ordinary one, from inside.", command); err != nil {
		return err
	}
	_, status := a.sh(command)
	r.wait(patience)
	if other.ProcessState == nil {
		return fmt.Errorf("the second program: %w", r.err)
	}
	h.saw(fmt.Sprintf("kill: exit status %d\n%d: %s\n", status, pid, waitStatusOf(other.ProcessState)))
	for _, sig := range []string{"KILL", "TERM"} {
		if err := h.shielded(a, sig); err != nil {
			return err
		}
	}
	h.so("It is the same program, but as PID 1 it does not get a signal for which it has no handler, and no SIGKILL from inside.")

	h.part(withYinit)
	if err := h.step("Start the same program under yinit.", "yinit -- sleep 600"); err != nil {
		return err
	}
	b, err := h.start("yinit", "sleep", "600")
	if err != nil {
		return err
	}
	defer b.end()
	if _, err := b.named("sleep"); err != nil {
		return err
	}
	h.saw(table(b.list()))
	if err := h.shielded(b, "KILL"); err != nil {
		return err
	}
	if err := h.step("Send SIGTERM to PID 1.", "kill -TERM 1"); err != nil {
		return err
	}
	_, status = b.sh("kill -TERM 1")
	if !b.box.wait(patience) {
		return errors.New("PID 1 did not end")
	}
	h.saw(fmt.Sprintf("kill: exit status %d\nPID 1: %s\n", status, waitStatusOf(b.state)))
	h.so("yinit has a handler for every signal. It forwarded SIGTERM to the program, which is not PID 1 and not shielded, and exited with its status %d.", shellStatus(b.state))
	return nil
}

// shielded sends a signal to PID 1 from inside, and shows that it goes on.
func (h *stageHand) shielded(a *act, sig string) error {
	command := "kill -" + sig + " 1"
	if err := h.step("Send SIG"+sig+" to PID 1, from inside.", command); err != nil {
		return err
	}
	out, status := a.sh(command)
	state := "still runs"
	if a.box.wait(signalTime) {
		state = waitStatusOf(a.state).String()
	}
	h.saw(out + fmt.Sprintf("kill: exit status %d\nPID 1: %s\n", status, state))
	h.expect(state == "still runs", "PID 1 ended by SIG"+sig)
	h.so("kill reports no error, and nothing happens.")
	return nil
}

// sceneStop: the engine waits for PID 1, and then kills.
func sceneStop(h *stageHand) error {
	var said [2]*rehearsal.Report
	for i, init := range []string{"none", "yinit"} {
		command := h.half(init, "sleep 600")
		if err := h.step("Start a program without a handler for SIGTERM as a container.", command); err != nil {
			return err
		}
		r, err := h.stopped(init, "sleep", "600")
		if err != nil {
			return err
		}
		said[i] = r
		switch first := r.Judged[0]; {
		case first.Hard:
			h.so("What SIGTERM does to PID 1 (%s): %s (%s). The engine waited for nothing, and then killed: a crash instead of a stop.", first.Comm, first.Outcome, first.Reason)
		default:
			h.expect(r.Clean() && r.Exit == 128+int(unix.SIGTERM), "how the program ended")
			h.so("yinit forwarded SIGTERM; the program ended by it at once.")
		}
	}
	h.sum("The stop took %s and ended with status %d without yinit, and %s and %d with it.", took(said[0].Takes), said[0].Exit, took(said[1].Takes), said[1].Exit)
	return nil
}

// stopped starts a container, shows its processes, stops it, and shows what happened.
func (h *stageHand) stopped(init string, words ...string) (*rehearsal.Report, error) {
	a, err := h.start(init, words...)
	if err != nil {
		return nil, err
	}
	defer a.end()
	if _, err := a.named("sleep"); err != nil {
		return nil, err
	}
	h.saw(table(a.list()))
	a.box.wait(signalTime)
	what := fmt.Sprintf("Stop it: SIGTERM to PID 1 from outside, and SIGKILL if it still runs after %s. Docker waits 10 s, Kubernetes 30 s.", procfs.Span(demoGrace))
	if err := h.step(what, fmt.Sprintf("docker stop -t %.0f", demoGrace.Seconds())); err != nil {
		return nil, err
	}
	r, err := a.stop()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i := range r.Judged {
		j := &r.Judged[i]
		fmt.Fprintf(&b, "%5d %-8s %s\n", j.PID, j.Comm, j.How())
	}
	fmt.Fprintf(&b, "exit status %d after %s\n", r.Exit, took(r.Takes))
	h.saw(b.String())
	return r, nil
}

// sceneExec: a shell as PID 1 forwards nothing, and exec only replaces it.
func sceneExec(h *stageHand) error {
	for _, try := range []struct{ part, what, init, command string }{
		{withoutYinit, "Start a command line with a shell, as CMD sleep 600; true in a Dockerfile does.", "none", "sleep 600; true"},
		{"without yinit, with exec", "Start it with exec, which replaces the shell.", "none", "exec sleep 600"},
		{withYinit, "Start the command line under yinit.", "yinit", "sleep 600; true"},
	} {
		h.part(try.part)
		command := "sh -c '" + try.command + "'"
		if try.init != "none" {
			command = "yinit -- " + command
		}
		if err := h.step(try.what, command); err != nil {
			return err
		}
		r, err := h.stopped(try.init, "sh", "-c", try.command)
		if err != nil {
			return err
		}
		switch first := r.Judged[0]; {
		case first.Hard && len(r.Judged) > 1:
			h.so("The shell is PID 1. It has no handler, and would forward nothing. The program never learned of the stop: %s killed hard.", processes(r.Hard))
		case first.Hard:
			h.so("Now the program is PID 1 itself, and shielded in place of the shell: it was killed, too.")
		default:
			h.so("The shell is a child of yinit and ended by the signal. What it left behind got SIGTERM from yinit: %s killed hard.", processes(r.Hard))
		}
	}
	return nil
}

// processes counts processes to which something was done.
func processes(n int) string {
	if n == 0 {
		return "no process was"
	}
	return text.Plural(n, "process was", "processes were")
}

// sceneExit: the status of PID 1 is the container's, and yinit passes it on.
func sceneExit(h *stageHand) error {
	programs := [][]string{{"true"}, {"false"}, {"sh", "-c", "exit 7"}, {"sh", "-c", "kill -TERM $$; echo still here"}, {"no-such-program"}}
	all := map[string][]int{}
	for _, init := range []string{"none", "yinit"} {
		before := h.half(init, "")
		for _, words := range programs {
			command := before + commandLine(words)
			if err := h.step("Run a program as a container, and ask for its exit status.", command+"; echo $?"); err != nil {
				return err
			}
			status, out, err := h.status(init, words)
			if err != nil {
				return err
			}
			h.saw(out + fmt.Sprintf("%d\n", status))
			all[init] = append(all[init], status)
			if words[0] == "sh" && strings.Contains(words[2], "TERM") {
				h.soOfKill(init, status)
			}
		}
	}
	h.say("\n")
	h.say("%-42s %8s %8s\n", "exit status", "without", "with")
	for i, words := range programs {
		h.say("%-42s %8d %8d\n", commandLine(words), all["none"][i], all["yinit"][i])
	}
	h.so("An engine, and a rollout, decide by this number whether the program has failed. yinit passes it on; a death by signal n is 128+n.")
	return nil
}

func (h *stageHand) soOfKill(init string, status int) {
	if init == "none" {
		h.so("As PID 1 it is shielded even from its own signal: the status is %d.", status)
	} else {
		h.so("As a child of yinit it ended by the signal: 128 and 15 is %d.", status)
	}
}

// status runs a container to its end.
func (h *stageHand) status(init string, words []string) (status int, out string, err error) {
	a, err := h.start(init, words...)
	if none, ok := errors.AsType[*startError](err); ok {
		return none.status, none.text + "\n", nil
	}
	if err != nil {
		return 0, "", err
	}
	defer a.end()
	if !a.box.wait(patience) {
		return 0, "", fmt.Errorf("%s did not end", commandLine(words))
	}
	return shellStatus(a.state), a.out.String(), nil
}

// commandLine writes words as a command line.
func commandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if quoted[i] = word; strings.ContainsAny(word, " $;|&") {
			quoted[i] = "'" + word + "'"
		}
	}
	return strings.Join(quoted, " ")
}
