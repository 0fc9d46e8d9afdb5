package procfs_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"yinit/procfs"
)

// A scan of /proc finds the process that runs it.
func Example() {
	var fs procfs.FS // /proc
	scanner := procfs.NewScanner(fs)
	defer scanner.Close()
	stats, err := scanner.Scan(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, stat := range stats {
		if stat.PID == os.Getpid() {
			fmt.Println("found", stat.PID == stat.ID().PID, stat.Zombie())
		}
	}
	// Output: found true false
}

// A process that does not exist, or ends during the read, gives ErrGone.
func ExampleFS_Stat() {
	_, err := procfs.FS{}.Stat(1 << 30) // higher than any pid
	fmt.Println(errors.Is(err, procfs.ErrGone), err)
	// Output: true /proc/1073741824/stat: process is gone
}

func ExampleParseSignal() {
	for _, s := range []string{"term", "SIGRTMIN+3", "9", "TREM"} {
		n, err := procfs.ParseSignal(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(n, procfs.SignalName(n), procfs.DefaultActionOf(n))
	}
	// Output:
	// 15 SIGTERM terminate
	// 37 SIGRTMIN+3 terminate
	// 9 SIGKILL terminate
	// unknown signal "TREM": use a name such as TERM or RTMIN+3, or a number from 1 to 64
}

func ExampleFlatten() {
	type process struct {
		pid, parent int
		name        string
	}
	processes := []process{{1, 0, "init"}, {7, 1, "server"}, {9, 7, "worker"}, {12, 0, "sh"}}
	rows := procfs.Flatten(len(processes),
		func(i int) int { return processes[i].pid },
		func(i int) int { return processes[i].parent }, nil, nil)
	for row := range rows {
		fmt.Println(strings.Repeat("  ", row.Depth)+processes[row.Index].name, row.Below)
	}
	// Output:
	// init 2
	//   server 1
	//     worker 0
	// sh 0
}

func ExamplePrintable() {
	fmt.Println(procfs.Printable("nginx\n\x1b[2J"))
	// Output: nginx\n\x1b[2J
}
