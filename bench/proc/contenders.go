package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	prometheus "github.com/prometheus/procfs"
	"github.com/shirou/gopsutil/v3/process"

	"yinit/procfs"
)

// A contender is a way to read all processes repeatedly.
type contender struct {
	name string
	note string                   // what it does, for the output
	open func() (read func() int) // read reads all processes once and returns their number
}

// contenders returns the contenders. The first one, the bare pread, is the reference.
func contenders() []contender {
	return []contender{
		{"pread of kept descriptors", "no listing, no parsing", barePread},
		{"open, read, close", "no listing, no parsing", bareOpen},
		{"yinit, all kept", "lists if necessary, parses; as top does with enough memory", func() func() int {
			raiseLimit()
			return scanner(1 << 20)
		}},
		{fmt.Sprintf("yinit, %d kept", procfs.DefaultKeep), "as top does with little memory", func() func() int { return scanner(procfs.DefaultKeep) }},
		{"yinit, none kept", "lists, opens, parses", func() func() int { return scanner(0) }},
		{"prometheus/procfs", "AllProcs, Stat", viaPrometheus},
		{"gopsutil/v3", "Processes, six getters", viaGopsutil},
	}
}

// raiseLimit raises RLIMIT_NOFILE as far as permitted: a Scanner uses half of it.
func raiseLimit() {
	const plenty = 1 << 18
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: plenty, Max: plenty}) == nil {
		return
	}
	var r syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r))
	r.Cur = r.Max
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r))
}

func paths() []string {
	var list []string
	for _, pid := range pids() {
		list = append(list, "/proc/"+strconv.Itoa(pid)+"/stat")
	}
	return list
}

// barePread does the minimum that reading all processes can cost.
func barePread() func() int {
	raiseLimit()
	var fds []int
	for _, path := range paths() {
		if fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err == nil {
			fds = append(fds, fd)
		}
	}
	buf := make([]byte, 4096)
	return func() int {
		for _, fd := range fds {
			_, _ = syscall.Pread(fd, buf, 0)
		}
		return len(fds)
	}
}

func bareOpen() func() int {
	list, buf := paths(), make([]byte, 4096)
	return func() int {
		for _, path := range list {
			if fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err == nil {
				_, _ = syscall.Read(fd, buf)
				_ = syscall.Close(fd)
			}
		}
		return len(list)
	}
}

func scanner(keep int) func() int {
	s := procfs.NewScanner(procfs.FS{})
	s.Keep(keep)
	var stats []procfs.Stat
	return func() int {
		var err error
		stats, err = s.Scan(stats[:0])
		check(err)
		return len(stats)
	}
}

func viaPrometheus() func() int {
	fs, err := prometheus.NewDefaultFS()
	check(err)
	return func() int {
		procs, err := fs.AllProcs()
		check(err)
		for _, p := range procs {
			_, _ = p.Stat()
		}
		return len(procs)
	}
}

// viaGopsutil calls the getters for the fields that the file stat has.
func viaGopsutil() func() int {
	return func() int {
		procs, err := process.Processes()
		check(err)
		for _, p := range procs {
			_, _ = p.Name()
			_, _ = p.Ppid()
			_, _ = p.Status()
			_, _ = p.Times()
			_, _ = p.MemoryInfo()
			_, _ = p.NumThreads()
		}
		return len(procs)
	}
}

// pids returns the pids of all processes.
func pids() (list []int) {
	entries, err := os.ReadDir("/proc")
	check(err)
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			list = append(list, n)
		}
	}
	return list
}

func processes() int { return len(pids()) }
