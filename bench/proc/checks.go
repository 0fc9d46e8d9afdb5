package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"time"
)

// compareChecks compares what one call of yinit health costs with ps and pgrep, with which
// probes are often written.
func compareChecks(yinit string, count int) {
	stop := spawn(count - processes() - 1)
	defer stop()
	commands := [][]string{{yinit, "health"}, {"ps", "-eo", "pid,stat"}, {"pgrep", "-c", "."}, {"ps", "aux"}}
	const rounds = 200
	wall, cpu := make([][]float64, len(commands)), make([][]float64, len(commands))
	order := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		for _, i := range order.Perm(len(commands)) {
			c := commands[i]
			if _, err := exec.LookPath(c[0]); err != nil {
				continue
			}
			cmd := exec.Command(c[0], c[1:]...)
			began := time.Now()
			check(cmd.Run())
			wall[i] = append(wall[i], float64(time.Since(began).Microseconds())/1000)
			used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			cpu[i] = append(cpu[i], float64(used.Microseconds())/1000)
		}
	}
	fmt.Printf("\n%d processes, one call\n%-27s %12s %12s\n", processes(), "", "ms wall", "ms CPU")
	for i, c := range commands {
		name := c[0]
		if i == 0 {
			name = "yinit"
		}
		for _, word := range c[1:] {
			name += " " + word
		}
		if len(wall[i]) == 0 {
			fmt.Printf("%-27s not installed\n", name)
			continue
		}
		fmt.Printf("%-27s %12.2f %12.2f\n", name, median(wall[i]), median(cpu[i]))
	}
}
