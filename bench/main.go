// Command bench compares inits in one run, so that the ratios are meaningful even on a
// noisy machine:
//
//	go run . ../bin/yinit [PATH_OF_ANOTHER] [start] [signals] [orphans] [memory] [idle]
//
// Another build of yinit, such as that of an earlier commit, takes part as "other".
// It is a separate module to keep its dependencies out of the project's go.mod.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yinit/initcore/early"
)

// A subject is an init under test.
type subject struct {
	name    string   // for the output
	command []string // the program and its options
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "play" {
		play(os.Args[2:])
		return
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench PATH_OF_YINIT [PATH_OF_ANOTHER] [start] [signals] [orphans] [memory] [idle]")
		os.Exit(2)
	}
	early.Environ() // Pass the environment that we were started with to the subjects.
	subjects, args := builds("yinit", os.Args[1]), os.Args[2:]
	if len(args) > 0 && strings.Contains(args[0], "/") {
		subjects, args = append(subjects, builds("other", args[0])...), args[1:]
	}
	for _, s := range []subject{
		{"tini", []string{"tini", "-s"}},
		{"dumb-init", []string{"dumb-init"}},
		{"catatonit", []string{"catatonit"}},
	} {
		if _, err := exec.LookPath(s.command[0]); err != nil {
			fmt.Printf("skipping %s: not installed\n", s.name)
			continue
		}
		subjects = append(subjects, s)
	}
	fmt.Println("Each init runs as PID 1 of a PID namespace, with its own /proc except in start and idle (yinit would warn about that without --quiet). Medians; in parentheses the ratio to tini.")
	measures := []struct {
		name string
		run  func([]subject)
	}{{"start", start}, {"signals", signals}, {"orphans", orphans}, {"memory", memory}, {"idle", idle}}
	for _, m := range measures {
		if len(args) == 0 || slices.Contains(args, m.name) {
			m.run(subjects)
		}
	}
}

// builds returns the subjects that one build of yinit makes.
func builds(name, path string) []subject {
	path = absolute(path)
	return []subject{
		{name, []string{path, "--quiet", "--watch", "0"}},
		{name + " watching", []string{path, "--quiet"}},
	}
}

// table prints one measurement of all subjects.
func table(what, unit string, subjects []subject, values []float64) {
	tini := 0.0
	for i, s := range subjects {
		if s.name == "tini" {
			tini = values[i]
		}
	}
	fmt.Printf("%-50s", what)
	for i, s := range subjects {
		ratio := ""
		if tini > 0 {
			ratio = fmt.Sprintf(" (%.2f)", values[i]/tini)
		}
		fmt.Printf("  %s %.2f%s%s", s.name, values[i], unit, ratio)
	}
	fmt.Println()
}

func median(list []float64) float64 { return quantile(list, 0.5) }

func quantile(list []float64, q float64) float64 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list[min(int(q*float64(len(list))), len(list)-1)]
}

// start measures the time to run X /bin/true, taking turns.
func start(subjects []subject) {
	const rounds = 400
	took := make([][]float64, len(subjects))
	for range rounds {
		for i, s := range subjects {
			cmd := isolated(append(slices.Clone(s.command), "--", "/bin/true")...)
			began := time.Now()
			if err := cmd.Run(); err != nil {
				fatal(s, err)
			}
			took[i] = append(took[i], ms(time.Since(began)))
		}
	}
	table("start: X /bin/true, p50", " ms", subjects, each(took, median))
	table("start: X /bin/true, fastest", " ms", subjects, each(took, slices.Min[[]float64]))
}

// each returns f of each list.
func each(lists [][]float64, f func([]float64) float64) []float64 {
	out := make([]float64, len(lists))
	for i, l := range lists {
		out[i] = f(l)
	}
	return out
}

// signals measures the time from kill of the init to the answer of the program. The
// init's share is that time less the time for a kill of the program itself.
func signals(subjects []subject) {
	pings(subjects, 2000, 200*time.Microsecond) // the subjects take turns, so each rests for longer
	pings(subjects, 500, 20*time.Millisecond)
}

// pings measures rounds signals to each init, each after a pause of rest.
func pings(subjects []subject, rounds int, rest time.Duration) {
	total, net := make([][]float64, len(subjects)), make([][]float64, len(subjects))
	var direct [][]float64
	runs := make([]*echo, len(subjects))
	for i, s := range subjects {
		runs[i] = newEcho(s)
		direct = append(direct, nil)
	}
	for range rounds {
		for i, r := range runs {
			total[i] = append(total[i], r.ping(r.init, rest))
			direct[i] = append(direct[i], r.ping(r.program, rest))
		}
	}
	for i, r := range runs {
		r.stop()
		base := median(direct[i])
		for _, t := range total[i] {
			net[i] = append(net[i], t-base)
		}
	}
	p99 := func(l []float64) float64 { return quantile(l, 0.99) }
	what := fmt.Sprintf("signal after %v idle: ", rest)
	table(what+"to the answer, p50", " µs", subjects, each(total, median))
	table(what+"init's share, p50", " µs", subjects, each(net, median))
	table(what+"to the answer, p99", " µs", subjects, each(total, p99))
}

// orphans measures how long 10,000 orphans that end at once take to be reaped.
func orphans(subjects []subject) {
	const rounds, count = 5, 10_000
	took := make([][]float64, len(subjects))
	for range rounds {
		for i, s := range subjects {
			took[i] = append(took[i], ms(drain(s, count)))
		}
	}
	table("10,000 orphans end at once, until all are reaped", " ms", subjects, each(took, median))
}

// memory measures the memory of the init after 50,000 and after 100,000 reaps.
func memory(subjects []subject) {
	var rss, dirty, grown []float64
	for _, s := range subjects {
		half, whole := reapMany(s, 50_000)
		rss, dirty, grown = append(rss, whole.rss), append(dirty, whole.dirty), append(grown, whole.rss-half.rss)
	}
	table("RSS after 100,000 reaps", " KiB", subjects, rss)
	table("anonymous memory after 100,000 reaps", " KiB", subjects, dirty)
	table("RSS growth from 50,000 to 100,000", " KiB", subjects, grown)
}

// idle counts the context switches of the init in ten seconds.
func idle(subjects []subject) {
	var counts []float64
	for _, s := range subjects {
		counts = append(counts, float64(switchesWhileIdle(s, 10*time.Second)))
	}
	table("context switches in 10 s idle", "", subjects, counts)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func fatal(s subject, err error) {
	fmt.Fprintln(os.Stderr, strings.Join(s.command, " ")+":", err)
	os.Exit(1)
}
