package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// guestCases run in the virtual machine of [TestVM]: as root, on a kernel that does not
// report the exits of other processes' children, and with control groups of version 2.
var guestCases = []struct {
	name string
	run  func(t *testing.T)
}{
	{"the kernel is Linux 6.1", guestKernel},
	{"the end of another's child is known or unknown, never wrong", exitsOfOthers},
	{"with process accounting every end is known", exitsAccounted},
	{"out of memory in a group", outOfMemory},
	{"out of memory in a container with its own root of the groups", outOfMemoryBelowRoot},
	{"out of memory in a group beside that of the init", outOfMemoryElsewhere},
	{"out of memory ends a whole group", outOfMemoryOfAll},
	{"the pids limit is hit", pidsLimit},
	{"signals to a frozen container arrive when it is thawed", frozenContainer},
	{"a frozen program is killed after its stop signal", frozenProgram},
	{"zombies", guestZombies},
	{"top --once", guestTop},
	{"demo", guestDemo},
	{"a stop is rehearsed", guestRehearsal},
	{"a scene", guestScene},
	{"a look that reads few files", func(t *testing.T) { compareLooks(t, newGroup) }},
	{"an init that waits in the freezer", TestContainersFrozen},
}

// inGuest says that this is the virtual machine.
var inGuest = os.Getenv("YINIT_GUEST") != ""

// TestGuest runs the cases in the virtual machine.
func TestGuest(t *testing.T) {
	if !inGuest {
		t.Skip("only in the virtual machine of make vm")
	}
	for _, c := range guestCases {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), c.run)
	}
}

func guestKernel(t *testing.T) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	release := unix.ByteSliceToString(u.Release[:])
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	const getInfo = 0xC040FF0B // PIDFD_GET_INFO
	if _, err := unix.IoctlRetInt(fd, getInfo); err != unix.ENOTTY {
		t.Errorf("Linux %s: PIDFD_GET_INFO gives %v; boot a kernel before 6.13", release, err)
	}
	if os.Getppid() != 1 || stateOf(1) == 0 {
		t.Errorf("the parent is %d, want the init of the machine", os.Getppid())
	}
	t.Log("Linux", release)
}

// inGroup returns a command that runs args as PID 1 of a namespace, in a control group.
func inGroup(group string, args ...string) *exec.Cmd {
	return namespaced(append([]string{"sh", "-c", `echo 0 >"$0/cgroup.procs" && exec "$@"`, group}, args...)...)
}

// limitedGroup creates a control group with these values in its files.
func limitedGroup(t *testing.T, files map[string]string) string {
	t.Helper()
	group := newGroup(t)
	for name, value := range files {
		if err := os.WriteFile(filepath.Join(group, name), []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return group
}

// says runs a command, and checks its exit status and that it prints all the words.
func says(t *testing.T, cmd *exec.Cmd, status int, words ...string) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if got := exitStatus(err); got != status {
		t.Errorf("exit status %d, want %d\n%s", got, status, out)
	}
	for _, word := range words {
		if !strings.Contains(string(out), word) {
			t.Errorf("it does not say %q:\n%s", word, out)
		}
	}
	return string(out)
}

// endsScript starts processes that end in different ways, and whose parents are blocked in a
// wait. Each appends its pid and the exit status that a shell would show to the file wanted.
const endsScript = `
for code in 0 1 2 42 127 255; do
	sh -c 'echo $$ '$code' >>wanted; sleep 2; exit '$code &
done
for signal in 1 6 9 11 15 64; do # in the background INT and QUIT are ignored
	sh -c 'echo $$ '$((128+signal))' >>wanted; sleep 2; kill -'$signal' $$' &
done
wait`

// endsSeen runs endsScript under an init, and returns how many of the processes have an exit
// record, and in how many of these the exit status is known. It must be right then.
func endsSeen(t *testing.T, wrapper ...string) (wanted map[int]int, recorded, known int) {
	t.Helper()
	t.Chdir(t.TempDir())
	says(t, namespaced(append(wrapper, binary, "--watch=20ms", "--history=ring", "--", "sh", "-c", endsScript)...), 0)
	b, err := os.ReadFile("wanted")
	if err != nil {
		t.Fatal(err)
	}
	wanted = map[int]int{}
	for line := range strings.Lines(string(b)) {
		var pid, status int
		if _, err := fmt.Sscan(line, &pid, &status); err != nil {
			t.Fatal(err)
		}
		wanted[pid] = status
	}
	out, err := exec.Command(binary, "history", "--file=ring", "--json", "--kind=exit").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var r struct {
			PID, Code int
			Signal    string
			Known     bool
		}
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		want, ok := wanted[r.PID]
		switch {
		case !ok: // a sleep, or the program itself
			continue
		case r.Known && r.Code != want:
			t.Errorf("pid %d: code %d (%s), want %d", r.PID, r.Code, r.Signal, want)
		case r.Known:
			known++
		case r.Code != 0 || r.Signal != "":
			t.Errorf("pid %d: unknown, but code %d (%s)", r.PID, r.Code, r.Signal)
		}
		recorded++
	}
	return wanted, recorded, known
}

func exitsOfOthers(t *testing.T) {
	wanted, recorded, known := endsSeen(t, "setpriv", "--bounding-set=-sys_pacct")
	if len(wanted) != 12 || recorded == 0 {
		t.Errorf("%d of %d ends are in the history", recorded, len(wanted))
	}
	t.Logf("%d of %d ends are in the history, %d are known", recorded, len(wanted), known)
}

func exitsAccounted(t *testing.T) {
	wanted, recorded, known := endsSeen(t)
	if len(wanted) != 12 || recorded != len(wanted) || known != recorded {
		history, _ := exec.Command(binary, "history", "--file=ring").Output()
		t.Errorf("%d of %d ends are in the history, %d are known: %v\n%s", recorded, len(wanted), known, wanted, history)
	}
}

const limitWasHit = "the memory limit was hit (oom_kill 0 → 1, memory.max 24 MiB)"

// hungry is a program that needs more memory than it may have.
const hungry = "sleep 0.5; exec tail /dev/zero"

func outOfMemory(t *testing.T) {
	group := limitedGroup(t, map[string]string{"memory.max": "24M"})
	says(t, inGroup(group, binary, "--", "sh", "-c", hungry), 137, "killed by SIGKILL: "+limitWasHit)
	group = limitedGroup(t, map[string]string{"memory.max": "24M"})
	says(t, inGroup(group, binary, "--", "sh", "-c", "sh -c '"+hungry+"'; exit 0"), 0, "exit status 0, but ", limitWasHit)
}

// outOfMemoryBelowRoot runs the init as container engines do with version 2: the control
// group of the container is the root of the only hierarchy that it sees.
func outOfMemoryBelowRoot(t *testing.T) {
	group := limitedGroup(t, map[string]string{"memory.max": "24M", "pids.max": "50"})
	const contained = `unshare --cgroup --mount sh -c 'umount /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"`
	says(t, inGroup(group, "sh", "-c", "exec "+contained, "sh", binary, "--", "sh", "-c", "cat /proc/self/cgroup; yinit top --once; "+hungry), 137,
		"0::/\n", "/50", "/24", "killed by SIGKILL: "+limitWasHit)
}

// outOfMemoryElsewhere: the counters of the init's group say nothing about its program's.
func outOfMemoryElsewhere(t *testing.T) {
	group := limitedGroup(t, map[string]string{"memory.max": "24M"})
	out := says(t, namespaced(binary, "--", "sh", "-c", `echo 0 >"$0/cgroup.procs"; `+hungry, group), 137, "killed by SIGKILL")
	if strings.Contains(out, "limit was hit") {
		t.Errorf("it blames the limit of another group:\n%s", out)
	}
}

// outOfMemoryOfAll: with memory.oom.group the kernel ends PID 1 too. The next run tells.
func outOfMemoryOfAll(t *testing.T) {
	t.Chdir(t.TempDir())
	group := limitedGroup(t, map[string]string{"memory.max": "24M", "memory.oom.group": "1"})
	says(t, inGroup(group, binary, "--history=ring", "--", "sh", "-c", "sh -c '"+hungry+"'; exit 0"), 137)
	out := says(t, inGroup(group, binary, "--history=ring", "--", "true"), 0, "the last run (run 1) ended hard")
	t.Log(out)
}

func pidsLimit(t *testing.T) {
	group := limitedGroup(t, map[string]string{"pids.max": "12"})
	says(t, inGroup(group, binary, "--", "sh", "-c",
		`sleep 0.1; sh -c "for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.5; true) & done; wait"; exit 0`), 0,
		"exit status 0, but ", "the limit on processes and threads (pids.max 12) was hit ")
}

// background starts a command with its output in a buffer.
func background(t *testing.T, cmd *exec.Cmd) (said *lockedBuffer, ended chan int) {
	t.Helper()
	said, ended = &lockedBuffer{}, make(chan int, 1)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	go func() { ended <- exitStatus(cmd.Wait()) }()
	eventually(t, "the program is ready", func() bool { return strings.Contains(said.String(), "ready\n") })
	return said, ended
}

func wantEnd(t *testing.T, ended chan int, want int, said *lockedBuffer) {
	t.Helper()
	select {
	case got := <-ended:
		if got != want {
			t.Errorf("exit status %d, want %d:\n%s", got, want, said)
		}
	case <-time.After(time.Minute):
		t.Errorf("it did not end:\n%s", said)
	}
}

func thaw(t *testing.T, group string) {
	t.Helper()
	if err := os.WriteFile(group+"/cgroup.freeze", []byte("0"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// frozenContainer sends signals to an init that is frozen with its program, as docker
// pause does.
func frozenContainer(t *testing.T) {
	group := newGroup(t)
	cmd := inGroup(group, binary, "--", "actor", "listen")
	said, ended := background(t, cmd)
	freeze(t, group, cmd.Process.Pid)
	for _, sig := range []unix.Signal{unix.SIGUSR1, unix.SIGTERM, 40} {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	if got := said.String(); got != "ready\n" {
		t.Errorf("a frozen program has received signals: %q", got)
	}
	thaw(t, group)
	eventually(t, "the program has all signals", func() bool {
		got := said.String()
		return strings.Contains(got, "10 0\n") && strings.Contains(got, "15 0\n") && strings.Contains(got, "40 0\n")
	})
	_ = cmd.Process.Kill()
	wantEnd(t, ended, 137, said)
}

// frozenProgram stops a program whose control group is frozen: SIGKILL still ends it.
func frozenProgram(t *testing.T) {
	group := newGroup(t)
	cmd := namespaced(binary, "--kill-after=1s", "--", "sh", "-c", `trap : TERM; echo ready; while :; do sleep 1; done`)
	said, ended := background(t, cmd)
	freeze(t, group, childOf(cmd.Process.Pid))
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, ended, 137, said)
	if want := "frozen"; !strings.Contains(said.String(), want) {
		t.Errorf("it does not say that the program is %s:\n%s", want, said)
	}
}

func guestZombies(t *testing.T) {
	// A parent that has just been started may still be about to wait.
	const never = `sh -c 'sh -c "exit 3" & sh -c "kill -KILL \$\$" & exec sleep 101' & actor settle 2
		for i in $(seq 100); do yinit zombies | grep -q 'does not wait' && break; sleep 0.1; done; yinit zombies`
	says(t, namespaced(binary, "--", "sh", "-c", never), 0,
		"sleep 101: 2 zombies\n", "  why  it runs, but does not wait for its children\n", "exited 3", "killed by SIGKILL")
}

func guestTop(t *testing.T) {
	group := limitedGroup(t, map[string]string{"memory.max": "64M", "pids.max": "50"})
	out := says(t, inGroup(group, binary, "--", "sh", "-c", "trap '' TERM; sleep 100 & yinit top --once; kill -KILL $!"), 0,
		"forward", "IGNORE", "sleep 100", "/64", "/50")
	t.Log(out)
}

func guestDemo(t *testing.T) {
	zombie := regexp.MustCompile(`not reaped by [0-9]+ gunicorn`)
	eventually(t, "the demo shows a zombie", func() bool { // it waits for one for 5 s
		out := says(t, exec.Command(binary, "demo"), 0, "IGNORE ", "forward")
		return zombie.MatchString(out)
	})
}

// guestRehearsal: as root the ends of all processes are known; of another user's some may be
// in doubt, but none is wrong.
func guestRehearsal(t *testing.T) {
	const script = "trap 'exit 3' TERM; sleep 101 & sleep 102 & wait"
	for range 5 {
		says(t, exec.Command(binary, "rehearse", "--json", "--ready", "sleep 0.5", "--", "sh", "-c", script), 1,
			`"exit_status":3,"killed_hard":2,"left_behind":2,"in_doubt":0,`)
		says(t, exec.Command(binary, "rehearse", "--ready", "sleep 0.5", "--init", "yinit", "--", "sh", "-c", script), 0,
			"killed by SIGTERM", "a clean stop")
	}
	as := []string{"--reuid", "1000", "--regid", "1000", "--clear-groups", binary, "rehearse", "--ready", "sleep 0.5", "--grace", "1s", "--"}
	says(t, exec.Command("setpriv", append(as, "sh", "-c", "sleep 101 & sleep 102; true")...), 1, "killed hard   1 (sh), ", "(sleep)")
	for range 5 {
		out, _ := exec.Command("setpriv", append(as, "sh", "-c", script)...).CombinedOutput() // its status depends on what is known
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, " sleep ") && strings.Contains(line, "terminate") &&
				!strings.Contains(line, "left behind by PID 1") && !strings.Contains(line, "by itself, or killed with PID 1") {
				t.Errorf("this is wrong: %s", line)
			}
		}
		if !strings.Contains(string(out), "exit status   3") {
			t.Errorf("the rehearsal failed:\n%s", out)
		}
	}
}

func guestScene(t *testing.T) {
	says(t, exec.Command(binary, "demo", "stranger"), 0, "restarted its worker once without yinit, and not at all with")
	says(t, exec.Command(binary, "demo", "pids"), 0, "40 of 40 jobs and left")
}
