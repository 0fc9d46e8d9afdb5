package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinit/procfs"
	"yinit/tui/text"
)

const (
	signalTime = 300 * time.Millisecond // for a signal to take effect
	// sceneLimit is the limit of the scene pids: yinit needs some eight threads.
	sceneLimit = 24
	sceneJobs  = 40 // jobs that it runs
)

// sceneZombie: PID 1 that does not wait for the orphans that it adopts.
func sceneZombie(h *stageHand) error {
	counts := map[string]int{}
	for _, init := range []string{"none", "yinit"} {
		command := h.half(init, "sleep 600")
		if err := h.step("Start a container whose program knows nothing of children.", command); err != nil {
			return err
		}
		a, err := h.start(init, "sleep", "600")
		if err != nil {
			return err
		}
		defer a.end()
		if _, err := a.named("sleep"); err != nil {
			return err
		}
		if err := h.step("Run a shell in it, as docker exec does. It leaves a child in the background and ends, so the child becomes an orphan.", "sh -c 'sleep 0.5 & echo $!'"); err != nil {
			return err
		}
		out, _ := a.sh("sleep 0.5 >/dev/null 2>&1 & echo $!")
		pid, err := strconv.Atoi(strings.TrimSpace(out))
		if err != nil {
			return fmt.Errorf("sh printed %q: %w", out, err)
		}
		h.saw(out)
		h.saw(table(a.list()))
		if err := h.step("Wait until it has ended, and a second more. List the processes.", ""); err != nil {
			return err
		}
		if err := until("the orphan ends", func() bool { return !isAlive(a.list(), pid) }); err != nil {
			return err
		}
		a.box.wait(time.Second)
		all := a.list()
		h.saw(table(all))
		counts[init] = zombies(all)
		h.expect((counts[init] > 0) == (init == "none"), "whether the orphan was reaped")
		if init == "none" {
			h.so("Process %d has ended, but is still in the table: its parent is PID 1 now, which never asks how it ended. It stays for as long as the container runs, and takes a pid of the container and of the host.", pid)
			continue
		}
		h.so("yinit asked for its exit status at once. It also remembers:")
		h.saw(a.history())
	}
	h.sum("A second after the end of the orphan there was %s without yinit, and %s with it.", zombieCount(counts["none"]), zombieCount(counts["yinit"]))
	return nil
}

func zombieCount(n int) string {
	if n == 0 {
		return "no zombie"
	}
	return text.Plural(n, "zombie", "zombies")
}

// isAlive reports whether a process runs: it has not ended.
func isAlive(all []actor, pid int) bool {
	return slices.ContainsFunc(all, func(p actor) bool { return p.pid == pid && !p.state.Zombie() })
}

// scenePids: zombies count towards the limit on processes.
func scenePids(h *stageHand) error {
	jobs := fmt.Sprintf(`i=0; while [ $i -lt %d ]; do i=$((i+1)); sh -c 'sleep 0.02 &' || exit; echo "job $i"; sleep 0.05; done; echo all done`, sceneJobs)
	var report []string
	for _, init := range []string{"none", "yinit"} {
		command := h.half(init, "sh -c '(sh jobs &); exec sleep 600'")
		what := fmt.Sprintf("Start a container with a limit of %d processes and threads. Beside its program, a script runs %d jobs, one after the other; each leaves an orphan for a moment.", sceneLimit, sceneJobs)
		if err := h.step(what, command); err != nil {
			return err
		}
		a, err := h.startLimited(init, sceneLimit, "sh", "-c", "( ("+jobs+") & ); exec sleep 600")
		if err != nil {
			return err
		}
		defer a.end()
		if err := h.step("Wait until the script has ended.", ""); err != nil {
			return err
		}
		if err := until("the script ends", func() bool { return strings.Contains(a.out.String(), "job 1\n") && noShell(a.list()) }); err != nil {
			return err
		}
		a.box.wait(signalTime) // for the last orphan to end
		out := a.out.String()
		all := a.list()
		done := strings.Count(out, "job ")
		h.saw(lastLines(out, 3))
		h.saw(lastLines(table(all), 4))
		n := zombies(all)
		h.expect(init == "none" || n == 0 && done == sceneJobs, "with yinit not all jobs ran")
		h.expect(init != "none" || n > 0 && done < sceneJobs, "the limit on processes had no effect; it needs Linux 5.14")
		if n > 0 {
			h.so("After %d jobs the container had %s, and each counts as a process: nothing can start any more, not even a shell to look.", done, zombieCount(n))
		} else {
			h.so("All %d jobs ran. yinit reaped each orphan: %s.", done, zombieCount(n))
		}
		report = append(report, fmt.Sprintf("%d of %d jobs and left %s", done, sceneJobs, zombieCount(n)))
		a.end()
	}
	h.sum("The script ran %s without yinit, and %s with it.", report[0], report[1])
	return nil
}

// noShell reports whether no shell runs, other than as a zombie.
func noShell(all []actor) bool {
	return !slices.ContainsFunc(all, func(p actor) bool { return p.comm == "sh" && !p.state.Zombie() })
}

// lastLines returns the last lines of text.
func lastLines(text string, n int) string {
	lines := slices.Collect(strings.Lines(text))
	if len(lines) <= n {
		return text
	}
	return "...\n" + strings.Join(lines[len(lines)-n:], "")
}

// sceneStranger: a server that waits for any child adopts orphans as PID 1.
func sceneStranger(h *stageHand) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	restarts := map[string]int{}
	for _, init := range []string{"none", "yinit"} {
		command := h.half(init, "supervisor")
		if err := h.step("Start a server in the manner of PostgreSQL: it starts a worker and waits for its children. If one of them fails, shared memory may be damaged, so it restarts the worker.", command); err != nil {
			return err
		}
		a, err := h.start(init, self, "demo", stageMisbehave, roleSupervisor)
		if err != nil {
			return err
		}
		defer a.end()
		worker, err := a.named(roleWorker)
		if err != nil {
			return err
		}
		if err := until("the server is ready", func() bool { return strings.Contains(a.out.String(), "started") }); err != nil {
			return err
		}
		h.saw(table(a.list()))
		const stranger = "sh -c 'sleep 0.3; exit 3' >/dev/null 2>&1 &"
		if err := h.step("Run a command in the container that leaves an orphan, which fails. The server has nothing to do with it.", "sh -c \""+stranger+"\""); err != nil {
			return err
		}
		before := a.out.String()
		a.sh(stranger)
		if err := h.step("Wait until the orphan has ended, and half a second more. This is what the server says:", ""); err != nil {
			return err
		}
		if err := until("the orphan ends", func() bool {
			return !slices.ContainsFunc(a.list(), func(p actor) bool { return strings.Contains(p.cmdline, "exit 3") })
		}); err != nil {
			return err
		}
		a.box.wait(500 * time.Millisecond)
		said := strings.TrimPrefix(a.out.String(), before)
		after, err := a.named(roleWorker)
		if err != nil {
			return err
		}
		restarts[init] = strings.Count(said, "restarting")
		if said == "" {
			said = "(nothing)\n"
		}
		h.saw(said)
		h.saw(table(a.list()))
		h.expect((restarts[init] > 0) == (init == "none"), "whether the server restarted its worker")
		if init == "none" {
			h.so("As PID 1 the server adopted the orphan, and took its failure for a crash of its own child: the worker is now process %d, it was %d. Every session is lost.", after.pid, worker.pid)
			continue
		}
		h.so("yinit adopted and reaped the orphan, and the worker is process %d as before. The history has it:", after.pid)
		h.saw(a.yinit("history", "--kind", "exit", "--failed"))
	}
	h.sum("The server restarted its worker %s without yinit, and %s with it.", times(restarts["none"]), times(restarts["yinit"]))
	return nil
}

func times(n int) string {
	switch n {
	case 0:
		return "not at all"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// scenePipe: the status of a pipeline is that of its last command.
func scenePipe(h *stageHand) error {
	const pipeline = `(sleep 2; echo "cannot reach the database"; exit 3) | cat`
	for _, init := range []string{"none", "yinit"} {
		command := h.half(init, "sh -c '"+pipeline+"'")
		if err := h.step("Run a program that fails with 3 after 2 s. Its output goes through a pipe, as with | tee log.", command+"; echo $?"); err != nil {
			return err
		}
		began := time.Now()
		status, out, err := h.status(init, []string{"sh", "-c", pipeline})
		if err != nil {
			return err
		}
		h.saw(out + fmt.Sprintf("%d\n", status))
		h.expect(status == 0, "the exit status of the pipeline")
		h.expect(strings.Contains(out, "exit status 0, but ") == (init != "none"), "whether the failure was reported")
		if init == "none" {
			h.so("The status after %s is %d: that of cat. The engine thinks that all is well; a rollout would go on with the broken version.", procfs.Span(time.Since(began)), status)
			continue
		}
		h.so("The status is %d here too: yinit changes no status. But it has seen the failure, and says so on stderr, in the history and in the report. Write set -o pipefail to get the status.", status)
	}
	return nil
}
