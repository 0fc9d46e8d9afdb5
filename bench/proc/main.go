// Command proc measures readers of /proc against each other in one run, so that
// the ratios count even where the machine is noisy:
//
//	go run . [-rounds N] [-only NAME] [PROCESSES...]
//
// It is a module of its own, so that the project's go.mod stays clean. Each
// reader runs in a process of its own, with descriptors and a heap of its own,
// and they take turns.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
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
	rounds := flag.Int("rounds", 15, "rounds of each contender, by turns")
	only := flag.String("only", "", "only contenders whose name has this")
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
	fmt.Println("A refresh: what stat tells of every process. Medians of rounds by turns; in brackets the ratio to the bare pread.")
	for _, n := range counts {
		stop := spawn(n - processes())
		measure(*rounds, *only)
		stop()
	}
}

// measure runs the contenders by turns and prints a line for each.
func measure(rounds int, only string) {
	var runs []*run
	for _, c := range contenders() {
		if strings.Contains(c.name, only) {
			runs = append(runs, newRun(c))
		}
	}
	order := rand.New(rand.NewPCG(1, 2)) // Who comes after a large reader finds cold caches.
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

// run is a contender at work.
type run struct {
	contender
	cmd            *exec.Cmd
	orders         io.WriteCloser
	answers        *bufio.Reader
	micros, allocs []float64
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

// once has all processes read once.
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

// contend reads all processes once for each line of stdin, and prints what one
// process took: microseconds, and allocations.
func contend(name string) {
	i := slices.IndexFunc(contenders(), func(c contender) bool { return c.name == name })
	read := contenders()[i].open()
	const warm = 3
	for n, lines := 0, bufio.NewScanner(os.Stdin); lines.Scan(); n++ {
		for ; n < warm; n++ {
			read()
		}
		// The collector is kept away from the clock. What it costs shows as allocations.
		runtime.GC()
		percent := debug.SetGCPercent(-1)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		count := float64(read())
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		debug.SetGCPercent(percent)
		fmt.Println(float64(took.Nanoseconds())/1000/count, float64(after.Mallocs-before.Mallocs)/count)
	}
}

func median(list []float64) float64 {
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
