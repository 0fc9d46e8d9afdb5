package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// viewers are the programs that draw all processes once a second. The first one is ours.
func viewers(yinit string) []viewer {
	return []viewer{
		{"yinit top", yinit + " top"},
		{"htop", "htop -d 10"},
		{"procps top", "top -d 1"},
	}
}

type viewer struct{ name, command string }

// A screen is a viewer in a terminal of its own.
type screen struct {
	viewer
	pid int
	cpu []float64 // CPU time for each refresh, in ms
}

const (
	columns, lines = 160, 50
	looks          = 5
	lookFor        = 4 * time.Second // for how long, with about one refresh a second
)

// compareScreens runs the viewers beside each other under tmux, and prints what a
// refresh costs each, with drawing. They run at the same time, so that what else the
// machine does costs them the same.
func compareScreens(yinit string, count int) {
	if _, err := exec.LookPath("tmux"); err != nil {
		fmt.Println("tmux is not installed: no screens are compared")
		return
	}
	stop := spawn(count - processes() - 8)
	defer stop()
	home, err := os.MkdirTemp("", "bench-proc")
	check(err)
	defer os.RemoveAll(home)
	terminals := tmux{filepath.Join(home, "tmux")}
	defer terminals.run("kill-server")
	var screens []*screen
	for _, v := range viewers(yinit) {
		if _, err := exec.LookPath(strings.Fields(v.command)[0]); err != nil {
			fmt.Printf("%s is not installed\n", v.name)
			continue
		}
		screens = append(screens, terminals.open(v, home))
	}
	time.Sleep(10 * time.Second) // The first refreshes read more.
	for range looks {
		before := make([]time.Duration, len(screens))
		for i, s := range screens {
			before[i] = cpuTime(s.pid)
		}
		time.Sleep(lookFor)
		for i, s := range screens {
			s.cpu = append(s.cpu, (cpuTime(s.pid)-before[i]).Seconds()*1000/lookFor.Seconds())
		}
	}
	fmt.Printf("\n%d processes, refreshed and drawn once a second at %d×%d, medians\n%-12s %14s %12s %10s %8s\n",
		processes(), columns, lines, "", "ms a refresh", "µs a process", "yinit/this", "RSS MB")
	for _, s := range screens {
		ms := median(s.cpu)
		fmt.Printf("%-12s %14.2f %12.2f %10.2f %8.1f\n", s.name, ms, 1000*ms/float64(processes()), median(screens[0].cpu)/ms, residentMB(s.pid))
	}
	fmt.Printf("%-12s from a key to the end of the output that follows: %v\n", "yinit top", keyToFrame(yinit))
}

// tmux is a tmux server of our own, with the path of its socket.
type tmux struct{ socket string }

func (t tmux) run(args ...string) string {
	out, err := exec.Command("tmux", append([]string{"-S", t.socket, "-f", "/dev/null"}, args...)...).Output()
	check(err)
	return strings.TrimSpace(string(out))
}

func (t tmux) open(v viewer, home string) *screen {
	pid := t.run("new-session", "-d", "-P", "-F", "#{pane_pid}", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(lines),
		"-e", "HOME="+home, "exec "+v.command)
	n, err := strconv.Atoi(pid)
	check(err)
	return &screen{viewer: v, pid: n}
}

// cpuTime returns the CPU time of all threads of a process, see clock_getcpuclockid(3).
func cpuTime(pid int) time.Duration {
	const sched = 2
	var ts unix.Timespec
	check(unix.ClockGettime(int32(^pid<<3|sched), &ts))
	return time.Duration(ts.Nano())
}

func residentMB(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	check(err)
	_, after, _ := bytes.Cut(b, []byte("VmRSS:"))
	kb, err := strconv.Atoi(string(bytes.Fields(after)[0]))
	check(err)
	return float64(kb) / 1024
}

// keyToFrame presses a key again and again in yinit top on a terminal of our own, and
// returns the median time until the frame has been written. A frame ends when nothing
// more comes for a while; that while does not count.
func keyToFrame(yinit string) time.Duration {
	terminal, cmd := startOnTerminal(yinit, "top", "--interval", "1h")
	defer terminal.Close()
	frame := make(chan time.Time, 1<<12)
	go func() {
		buf := make([]byte, 1<<16)
		for {
			if _, err := terminal.Read(buf); err != nil {
				close(frame)
				return
			}
			frame <- time.Now()
		}
	}()
	last := func(quiet time.Duration) (at time.Time) {
		for {
			select {
			case at = <-frame:
			case <-time.After(quiet):
				return at
			}
		}
	}
	last(3 * time.Second)
	var took []float64
	for i := range 41 {
		began := time.Now()
		_, err := terminal.WriteString([]string{"\x1b[B", "\x1b[6~", "\x1b[A", "\x1b[5~"}[i%4])
		check(err)
		if at := last(150 * time.Millisecond); !at.IsZero() {
			took = append(took, float64(at.Sub(began)))
		}
	}
	_, err := terminal.WriteString("q")
	check(err)
	check(cmd.Wait())
	return time.Duration(median(took)).Round(100 * time.Microsecond)
}

// startOnTerminal starts a program on a new pseudoterminal, see pts(4).
func startOnTerminal(name string, args ...string) (*os.File, *exec.Cmd) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	check(err)
	check(unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	check(err)
	check(unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns}))
	other, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR, 0)
	check(err)
	defer other.Close()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = other, other, other
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	check(cmd.Start())
	return terminal, cmd
}
