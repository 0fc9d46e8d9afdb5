package zombie_test

import (
	"fmt"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/zombie"
)

// A server blocks SIGCHLD and has not waited for a child that ended a minute ago.
func ExampleBlameFor() {
	child := procfs.Stat{PID: 38, PPID: 12, State: procfs.StateZombie, Threads: 1, ExitSignal: int(syscall.SIGCHLD)}
	server := zombie.Reaper{
		Stat: procfs.Stat{PID: 12, PPID: 1, State: procfs.StateSleeping},
		Sigs: procfs.Signals{Known: true, Blocked: procfs.NewSignalSet(int(syscall.SIGCHLD))},
	}
	blame := zombie.BlameFor(zombie.Dead{Stat: child, For: time.Minute}, server)
	fmt.Println(blame.Culprit, blame.Cause)
	fmt.Println(blame.Why())
	fmt.Println(blame.Advice(zombie.InitReaps))
	// Output:
	// 12 blocks-chld
	// it blocks CHLD, so no handler can run, and it has not waited
	// make it wait, or unblock CHLD; or end it: PID 1 then reaps its zombies
}
