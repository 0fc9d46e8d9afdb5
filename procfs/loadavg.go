package procfs

import (
	"bytes"
	"fmt"
)

// Loadavg is the content of /proc/loadavg, see proc_loadavg(5). All fields but
// LastPID are of the whole machine.
type Loadavg struct {
	One, Five, Fifteen float64 // load average over as many minutes: tasks in state R or D
	Running            int     // tasks that are running or runnable
	Tasks              int     // processes and threads
	// LastPID is the pid or tid that was allocated last in the PID namespace of the
	// reader. If it has not changed, no process or thread was started. It wraps
	// around at [FS.PIDMax].
	LastPID int
}

// Loadavg reads /proc/loadavg. The error matches [ErrCovered] if another file system is
// mounted over it, such as lxcfs.
func (f FS) Loadavg() (Loadavg, error) {
	at := place{name: "loadavg"}
	b, err := f.readUncovered(at.name, make([]byte, 0, 128), smallFile)
	if err != nil {
		return Loadavg{}, err
	}
	l, err := ParseLoadavg(b)
	if err != nil {
		return Loadavg{}, f.wrap(at, err)
	}
	return l, nil
}

// ParseLoadavg parses the content of /proc/loadavg. The error matches
// [ErrFormat].
func ParseLoadavg(b []byte) (Loadavg, error) {
	c := cursor{rest: bytes.TrimSuffix(b, []byte{'\n'})}
	l := Loadavg{One: c.decimal(), Five: c.decimal(), Fifteen: c.decimal()}
	running, tasks, _ := bytes.Cut(c.word(), []byte{'/'})
	l.LastPID = c.int()
	var runningOK, tasksOK bool
	l.Running, runningOK = parseInt(running)
	l.Tasks, tasksOK = parseInt(tasks)
	if c.bad || !runningOK || !tasksOK {
		return Loadavg{}, fmt.Errorf("loadavg: %w", ErrFormat)
	}
	return l, nil
}

// PIDMax reads /proc/sys/kernel/pid_max, see proc_sys_kernel(5). Pids are lower than
// this number.
func (f FS) PIDMax() (int, error) {
	at := place{name: "sys/kernel/pid_max"}
	var path [64]byte
	var content [32]byte
	b, err := readFileAt(atCWD, appendPath(path[:0], f.Root(), f.outside(at)), content[:0], smallFile)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	n, ok := parseInt(bytes.TrimSuffix(b, []byte{'\n'}))
	if !ok || n < 1 {
		return 0, f.wrap(at, fmt.Errorf("pid_max: %w", ErrFormat))
	}
	return n, nil
}
