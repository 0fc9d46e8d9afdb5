package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	nodeRounds    = 11     // how often each command is run
	nodeProcesses = 10_000 // on the machine
)

// compareNodes compares a look at all containers with docker ps and docker top for each. The
// containers are PID namespaces with control groups that are called as Docker's are and, for
// the smallest number, real ones if an engine answers.
func compareNodes(yinit string, args []string) {
	containers := []int{20, 200}
	if len(args) > 0 {
		containers = nil
		for _, arg := range args {
			n, err := strconv.Atoi(arg)
			check(err)
			containers = append(containers, n)
		}
	}
	yinit, err := filepath.Abs(yinit)
	check(err)
	fmt.Println("CPU time of the command; for docker also that of the engine. Medians.")
	for i, n := range containers {
		count := nodeProcesses / n
		stop := imitate(n, count)
		fmt.Printf("\n%d PID namespaces, %d processes on the machine\n", n, processes())
		printCost("yinit containers", yinit, "containers")
		printCost("yinit containers --json", yinit, "containers", "--json")
		stop()
		if i == 0 {
			compareDocker(yinit, n, count)
		}
	}
}

// printCost runs a command some times, and prints what it costs.
func printCost(name string, words ...string) {
	var wall, cpu []float64
	for range nodeRounds {
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Stderr = os.Stderr
		began := time.Now()
		check(cmd.Run())
		wall = append(wall, time.Since(began).Seconds()*1000)
		cpu = append(cpu, usedBy(cmd))
	}
	fmt.Printf("%-42s %8.0f ms wall %8.0f ms CPU\n", name, median(wall), median(cpu))
}

// usedBy returns the CPU time of a command in ms.
func usedBy(cmd *exec.Cmd) float64 {
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() * 1000
}

// imitate starts PID namespaces with count processes each.
func imitate(namespaces, count int) (stop func()) {
	var stops []func()
	for i := range namespaces {
		stops = append(stops, imitateOne(fmt.Sprintf("be%062x", i), count))
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

func imitateOne(id string, count int) (stop func()) {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, "sleepers", strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	trigger, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	dirs := groupsOf(id)
	// The child inherits the control groups. Ours are back before the next one starts.
	for _, d := range dirs {
		check(os.MkdirAll(d.path, 0o755))
		check(join(d.path, os.Getpid()))
	}
	check(cmd.Start())
	for _, d := range dirs {
		check(join(d.own, os.Getpid()))
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		check(fmt.Errorf("sleepers printed %q: %w", line, err))
	}
	return func() {
		check(trigger.Close())
		check(cmd.Wait())
		for _, d := range dirs {
			_ = os.Remove(d.path)
		}
	}
}

// A groupDir is a control group that is made, and that in which this process is.
type groupDir struct{ path, own string }

// groupsOf returns where Docker would make the control groups of a container.
func groupsOf(id string) (all []groupDir) {
	b, err := os.ReadFile("/proc/self/cgroup")
	check(err)
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		root := filepath.Join("/sys/fs/cgroup", strings.TrimPrefix(f[1], "name="))
		if f[1] == "" {
			if _, err := os.Stat("/sys/fs/cgroup/cgroup.procs"); errors.Is(err, fs.ErrNotExist) {
				root = "/sys/fs/cgroup/unified"
			}
		}
		if f[1] == "cpuset" { // A new group has no CPUs, and takes no processes.
			continue
		}
		if _, err := os.Stat(root + "/cgroup.procs"); err == nil {
			all = append(all, groupDir{root + "/docker/" + id, filepath.Join(root, f[2])})
		}
	}
	return all
}

func join(dir string, pid int) error {
	return os.WriteFile(dir+"/cgroup.procs", []byte(strconv.Itoa(pid)), 0)
}

// compareDocker starts real containers, and compares with what docker costs.
func compareDocker(yinit string, containers, count int) {
	if exec.Command("docker", "info").Run() != nil {
		fmt.Println("\nskipping docker: no engine answers")
		return
	}
	ids, stop := startContainers(containers, count)
	defer stop()
	fmt.Printf("\n%d containers of Docker, %d processes on the machine\n", containers, processes())
	printCost("yinit containers", yinit, "containers")
	var wall, cpu []float64
	for range 3 {
		engine, began := engineUsed(), time.Now()
		used := docker("ps", "--no-trunc")
		for _, id := range ids {
			used += docker("top", id)
		}
		wall = append(wall, time.Since(began).Seconds()*1000)
		cpu = append(cpu, used+engineUsed()-engine)
	}
	fmt.Printf("%-42s %8.0f ms wall %8.0f ms CPU\n", "docker ps, docker top for each", median(wall), median(cpu))
}

// docker runs docker and returns its CPU time in ms.
func docker(words ...string) float64 {
	cmd := exec.Command("docker", words...)
	cmd.Stderr = os.Stderr
	check(cmd.Run())
	return usedBy(cmd)
}

// startContainers starts containers of an image that has only this program.
func startContainers(containers, count int) (ids []string, stop func()) {
	const image = "yinit-bench-proc"
	dir, err := os.MkdirTemp("", "bench-proc-")
	check(err)
	self, err := os.ReadFile("/proc/self/exe")
	check(err)
	check(os.WriteFile(dir+"/proc", self, 0o755))
	check(os.WriteFile(dir+"/Dockerfile", []byte("FROM scratch\nCOPY proc /proc-bench\n"), 0o644))
	build := exec.Command("docker", "build", "-q", "-t", image, dir)
	build.Stderr = os.Stderr
	check(build.Run())
	for range containers {
		out, err := exec.Command("docker", "run", "-d", "-i", "--network", "none", image, "/proc-bench", "sleepers", strconv.Itoa(count)).Output()
		check(err)
		id := strings.TrimSpace(string(out))
		ids = append(ids, id)
		for deadline := time.Now().Add(time.Minute); ; {
			logs, _ := exec.Command("docker", "logs", id).Output()
			if bytes.Contains(logs, []byte("ready")) {
				break
			}
			if time.Now().After(deadline) {
				check(fmt.Errorf("container %s is not ready", id))
			}
		}
	}
	return ids, func() {
		check(exec.Command("docker", append([]string{"rm", "-f"}, ids...)...).Run())
		_ = exec.Command("docker", "rmi", image).Run()
		_ = os.RemoveAll(dir)
	}
}

// engineUsed returns the CPU time in ms that the engine and its children that have ended have
// used: docker top runs ps.
func engineUsed() (ms float64) {
	for _, pid := range pids() {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || !bytes.Contains(b, []byte("(dockerd)")) {
			continue
		}
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		for _, word := range f[11:15] {
			n, err := strconv.Atoi(word)
			check(err)
			ms += float64(n) * 10
		}
	}
	return ms
}
