package early

//lint:file-ignore U1000 used in assembly

import "golang.org/x/sys/unix"

// A Limit is a resource limit, see getrlimit(2).
type Limit struct {
	Resource uintptr // RLIMIT_NOFILE ...
	unix.Rlimit
}

// A need is a limit below which the Go runtime does not start: it would end with a stack
// dump or by a signal. entry raises the soft limit as far as the hard limit permits. If
// that is too low, it ends the process with a message of one line. The assembly knows the
// layout.
type need struct {
	resource uint64
	least    uint64    // the hard limit that is needed
	ample    uint64    // a soft limit of this or more is left unchanged
	was      [2]uint64 // soft and hard limit, as inherited
	here     [2]uint64 // as entry set them; zero: unchanged
	says     string
}

var needs = [...]need{
	// Measured on amd64 with Go 1.26.8 and 1.27.4, GOMAXPROCS=1: the runtime never
	// starts with 650 MiB or less (1.27: 716 MiB), always with 750 to 1100 MiB, never
	// with 1200, and always with 1300 or more. With 800 MiB it started 40 times of 40.
	// If the hard limit is less than ample, the soft limit becomes least.
	{
		resource: unix.RLIMIT_AS, least: 800 << 20, ample: 1500 << 20,
		says: "yinit: the Go runtime reserves 800 MiB of address space, which it does not use, and the limit is less; raise it: ulimit -v\n",
	},
	// Go 1.26.8 never starts with 44 MB or less, and always with 50 MB or more; Go 1.27.4
	// never with 70 MB or less, 13 times of 16 with 80 MB, and always with 90 MB or more. It
	// reserves most of that for the map of its heap, and uses one page.
	{
		resource: unix.RLIMIT_DATA, least: 96 << 20, ample: 96 << 20,
		says: "yinit: the Go runtime reserves 96 MiB of data, most of which it does not use, and the limit is less; raise it: ulimit -d\n",
	},
}

// inheritedLimits returns the limits, as inherited, that entry or the runtime has raised.
func inheritedLimits() []Limit {
	var list []Limit
	if nofile[1] != 0 {
		list = append(list, Limit{unix.RLIMIT_NOFILE, unix.Rlimit{Cur: nofile[0], Max: nofile[1]}})
	}
	for i := range needs {
		if n := &needs[i]; n.here[1] != 0 {
			list = append(list, Limit{uintptr(n.resource), unix.Rlimit{Cur: n.was[0], Max: n.was[1]}})
		}
	}
	return list
}

// Tried returns how many threads entry could create, up to threadsRoom, where there is a
// limit for the user. It returns 0 where there is none, and if entry did not run.
func Tried() int { return int(threadsMade) }
