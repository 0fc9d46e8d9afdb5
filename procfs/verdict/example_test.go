package verdict_test

import (
	"fmt"

	"yinit/procfs"
	"yinit/procfs/verdict"
)

// A process that was asked to end does not, since it ignores SIGTERM.
func Example() {
	t := verdict.NewTarget(
		&procfs.Stat{PID: 7, Comm: "worker", State: procfs.StateStopped, Threads: 1},
		&procfs.Status{PID: 7, NSpid: []int{7}, Sigs: procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(15)}},
	)
	for _, name := range []string{"TERM", "KILL", "CONT"} {
		n, err := procfs.ParseSignal(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		outcome, why := verdict.Of(t, n, verdict.Anyone())
		fmt.Printf("%s: %v (%s)\n", name, outcome, why)
	}
	// Output:
	// TERM: ignore (the program ignores it)
	// KILL: terminate (cannot be caught)
	// CONT: continue (it is stopped and resumes)
}
