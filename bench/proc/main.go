// Command proc compares readers of /proc in one run, so that the ratios are meaningful
// even on a noisy machine:
//
//	go run . [-rounds N] [-only NAME] [PROCESSES...]
//	go run . -yinit PATH [PROCESSES...]
//	go run . -health PATH [PROCESSES...]
//	go run . -containers PATH [CONTAINERS...]
//	go run . -exporter PATH [CONTAINERS]
//
// The second form compares what yinit top, htop and the top of procps cost with drawing,
// at 50, 100 and 3,000 processes; 10,000 only if you ask for it. The third form compares
// yinit health with ps and pgrep, at 100 processes. The fourth form compares yinit containers
// with docker ps and docker top for each container, at 20 and 200 containers with 10,000
// processes in all. The fifth form measures scrapes of yinit-exporter beside those of
// process-exporter and cAdvisor. Both make control groups, so they need root.
//
// It is a separate module to keep its dependencies out of the project's go.mod. Each
// reader runs in its own process, with its own descriptors and heap, and they take
// turns.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "sleepers":
			sleepers(os.Args[2])
			return
		case "contend":
			contend(os.Args[2])
			return
		}
	}
	if len(os.Args) > 2 && os.Args[1] == "-containers" { // They are looked at from the host.
		compareNodes(os.Args[2], os.Args[3:])
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "-exporter" {
		compareExporters(os.Args[2], os.Args[3:])
		return
	}
	if os.Getenv(insideVar) == "" {
		enter()
		return
	}
	check(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	check(unix.Mount("proc", "/proc", "proc", 0, ""))
	rounds := flag.Int("rounds", 11, "rounds of each contender")
	only := flag.String("only", "", "run only contenders whose name contains this")
	yinit := flag.String("yinit", "", "compare yinit top, the program at this path, with htop and procps top, and not the readers")
	health := flag.String("health", "", "compare yinit health, the program at this path, with ps and pgrep")
	flag.Parse()
	counts := []int{100, 1000, 5000, 10_000}
	if flag.NArg() > 0 {
		counts = nil
		for _, arg := range flag.Args() {
			n, err := strconv.Atoi(arg)
			check(err)
			counts = append(counts, n)
		}
	}
	if *health != "" {
		if flag.NArg() == 0 {
			counts = []int{100}
		}
		path, err := filepath.Abs(*health)
		check(err)
		for _, n := range counts {
			compareChecks(path, n)
		}
		return
	}
	if *yinit != "" {
		if flag.NArg() == 0 {
			counts = []int{50, 100, 3000}
		}
		path, err := filepath.Abs(*yinit)
		check(err)
		for _, n := range counts {
			compareScreens(path, n)
		}
		return
	}
	fmt.Println("One refresh reads the stat file of every process. Medians of the rounds; in parentheses the ratio to the bare pread.")
	for _, n := range counts {
		stop := spawn(n - processes() - len(contenders()))
		measure(*rounds, *only)
		stop()
	}
}

// insideVar is an environment variable that is set inside the PID namespace.
const insideVar = "BENCH_PROC_INSIDE"

// enter runs this program again in a PID namespace with its own /proc. Otherwise the
// contenders would also read the other processes of the machine.
func enter() {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVar+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	check(cmd.Run())
}

// measure runs the contenders in random order in each round, and prints a line for each.
func measure(rounds int, only string) {
	var runs []*run
	for _, c := range contenders() {
		if strings.Contains(c.name, only) {
			runs = append(runs, newRun(c))
		}
	}
	order := rand.New(rand.NewPCG(1, 2)) // A contender that follows a large one finds cold caches.
	for range rounds {
		for _, i := range order.Perm(len(runs)) {
			runs[i].once()
		}
	}
	fmt.Printf("\n%d processes\n%-27s %12s %8s %12s\n", processes(), "", "µs a process", "", "allocations")
	base := median(runs[0].micros)
	for _, r := range runs {
		us := median(r.micros)
		fmt.Printf("%-27s %12.2f %8s %12.3f  %s\n", r.name, us, fmt.Sprintf("(%.2f)", us/base), median(r.allocs), r.note)
		r.stop()
	}
}

// A run is the process of a contender.
type run struct {
	contender
	cmd            *exec.Cmd
	orders         io.WriteCloser // each line starts a round
	answers        *bufio.Reader  // the results, a line for each round
	micros, allocs []float64      // per process read
}

func newRun(c contender) *run {
	self, err := os.Executable()
	check(err)
	r := &run{contender: c, cmd: exec.Command(self, "contend", c.name)}
	r.cmd.Stderr = os.Stderr
	r.orders, err = r.cmd.StdinPipe()
	check(err)
	out, err := r.cmd.StdoutPipe()
	check(err)
	r.answers = bufio.NewReader(out)
	check(r.cmd.Start())
	return r
}

// once runs one round.
func (r *run) once() {
	_, err := fmt.Fprintln(r.orders, "go")
	check(err)
	var micros, allocs float64
	_, err = fmt.Fscanln(r.answers, &micros, &allocs)
	check(err)
	r.micros, r.allocs = append(r.micros, micros), append(r.allocs, allocs)
}

func (r *run) stop() {
	check(r.orders.Close())
	check(r.cmd.Wait())
}

// contend runs a round for each line of stdin, and prints the microseconds and the
// allocations per process read.
func contend(name string) {
	i := slices.IndexFunc(contenders(), func(c contender) bool { return c.name == name })
	read := contenders()[i].open()
	read()
	read()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		// Each round begins with a clean heap and, after the read that gives the
		// count, with warm caches. The garbage collector stays on: without it gopsutil
		// runs out of descriptors, which it leaves to finalizers.
		runtime.GC()
		again := max(5000/read(), 1) // repeat: a short time cannot be measured precisely
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began, count := time.Now(), 0.0
		for range again {
			count += float64(read())
		}
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		fmt.Println(float64(took.Nanoseconds())/1000/count, float64(after.Mallocs-before.Mallocs)/count)
	}
}

// median returns NaN if nothing was measured.
func median(list []float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "proc:", err)
		os.Exit(1)
	}
}
