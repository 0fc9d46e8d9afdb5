package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs"
)

// The state of a process that a child inherits, in a form that can be compared.
const dirtyScript = `trap "" HUP PIPE USR1 TTOU TSTP
ulimit -n 100
umask 027
exec 5</dev/null
exec nice -n 5 "$@"
`

const stateScript = `grep -E '^(Sig(Blk|Ign)|Umask)' /proc/self/status
ulimit -a
cut -d' ' -f19 /proc/self/stat
cat /proc/self/oom_score_adj
pwd
env | grep -v -E '^(_|PWD|LISTEN_PID)=' | sort
ls /proc/self/fd
`

func writeScripts(dir string) error {
	return errors.Join(os.WriteFile(dir+"/dirty", []byte(dirtyScript), 0o644), os.WriteFile(dir+"/state", []byte(stateScript), 0o644))
}

func cleanChild(s subject, dir string) error {
	if err := writeScripts(dir); err != nil {
		return err
	}
	run := func(args ...string) (string, error) {
		out, err := namespacedIn(dir, append([]string{"sh", "dirty"}, args...)...).Output()
		return string(out), err
	}
	plain, err := run("sh", "state")
	if err != nil {
		return err
	}
	under, err := run(s.with("", "sh", "state")...)
	if err != nil {
		return err
	}
	return difference(under, plain)
}

func difference(got, want string) error {
	if got == want {
		return nil
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Errorf("%q, plainly %q", g[i], w[i])
		}
	}
	return fmt.Errorf("%d lines, plainly %d", len(g), len(w))
}

// look runs a shell script in the child that inspects the init, its parent.
func look(s subject, dir, script string) (string, error) {
	out, err := namespacedIn(dir, append([]string{"sh", "-c", `exec 5</dev/null; exec "$@"`, "sh"}, s.with("", "sh", "-c", script)...)...).Output()
	return strings.TrimSpace(string(out)), err
}

func descriptors(s subject, dir string) error {
	out, err := look(s, dir, "sleep 0.2; own=$(readlink /proc/self/fd/5) && echo child; test \"$(readlink /proc/1/fd/5)\" = \"$own\" && echo init; true")
	if err != nil || out != "child" {
		return fmt.Errorf("descriptor 5 is open in: %s (%v)", strings.Join(strings.Fields(out), " and "), err)
	}
	return nil
}

func rootDirectory(s subject, dir string) error {
	if out, err := look(s, dir, "sleep 0.2; readlink /proc/1/cwd"); err != nil || out != "/" {
		return fmt.Errorf("it is %s (%v)", out, err)
	}
	return nil
}

func sentFaults(s subject, dir string) error {
	out, err := look(s, dir, "trap : ILL TRAP ABRT BUS FPE SEGV SYS; for n in 4 5 6 7 8 11 31; do kill -$n 1; done; sleep 0.1; echo alive")
	if err != nil || out != "alive" {
		return fmt.Errorf("it printed %q (%v)", out, err)
	}
	return nil
}

// arrive returns a case which checks that the program gets each signal once.
func arrive(signals ...unix.Signal) func(subject, string) error {
	return func(s subject, dir string) error {
		r, err := start(s, dir, "", "actor", "listen")
		if err != nil {
			return err
		}
		defer r.kill()
		for _, sig := range signals {
			if err := r.send(sig); err != nil {
				return err
			}
			if line, want := r.line(r.most), fmt.Sprintf("%d 0", sig); line != want {
				return fmt.Errorf("%s came as %q", procfs.SignalName(int(sig)), line)
			}
		}
		return nil
	}
}

const hundredOrphans = "i=0; while [ $i -lt 100 ]; do (sleep 0.3 &); i=$((i+1)); done; sleep 0.8; actor zombies"

func noZombies(cmd *exec.Cmd) error {
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(string(out)); got != "0" {
		return fmt.Errorf("zombies: %s", got)
	}
	return nil
}

func orphans(s subject, dir string) error {
	return noZombies(namespacedIn(dir, s.with("", "sh", "-c", hundredOrphans)...))
}

// PID 1 is a shell, which never waits for adopted orphans.
func orphansSubreaper(s subject, dir string) error {
	return noZombies(namespacedIn(dir, append([]string{"sh", "-c", `"$@"; exit $?`, "sh"}, s.with("subreaper", "sh", "-c", hundredOrphans)...)...))
}

func orphansNested(s subject, dir string) error {
	return noZombies(namespacedIn(dir, append(s.with(""), s.with("subreaper", "sh", "-c", hundredOrphans)...)...))
}

func burst(s subject, dir string) error {
	rounds := 10
	if inGuest { // an emulated CPU is slow
		rounds = 3
	}
	for range rounds {
		script := "i=0; while [ $i -lt 50 ]; do (sh -c 'kill -STOP $$' &); i=$((i+1)); done; sleep 0.1; kill -CONT -1; exit 33"
		if got, errs := statusOf(namespacedIn(dir, s.with("", "sh", "-c", script)...)); got != 33 {
			return fmt.Errorf("exit status %d, want 33 (%s)", got, errs)
		}
	}
	return nil
}

func leftoverFinishes(s subject, dir string) error {
	script := `setsid sh -c 'trap "sleep 0.2; touch finished; exit" TERM; touch ready; while :; do sleep 0.02; done' & actor await ready`
	if got, errs := statusOf(namespacedIn(dir, s.with("", "sh", "-c", script)...)); got != 0 {
		return fmt.Errorf("exit status %d (%s)", got, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "finished")); err != nil {
		return fmt.Errorf("it was killed before it had finished")
	}
	return nil
}

func leftoverStubborn(s subject, dir string) error {
	script := `setsid sh -c 'trap "" TERM; touch ready; while :; do sleep 0.02; done' & actor await ready; exit 9`
	began := time.Now()
	if got, errs := statusOf(namespacedIn(dir, s.with("grace", "sh", "-c", script)...)); got != 9 {
		return fmt.Errorf("exit status %d, want 9 (%s)", got, errs)
	}
	if took := time.Since(began); took > 5*time.Second {
		return fmt.Errorf("it took %v", took)
	}
	return nil
}

// cpuOf returns the CPU time that a process has used.
func cpuOf(pid int) time.Duration {
	st, err := procfs.FS{}.Stat(pid)
	if err != nil {
		return 0
	}
	return (st.UTime + st.STime).Duration()
}

func brokenStderr(s subject, dir string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := namespacedIn(dir, s.with("verbose", "sh", "-c", "exec 2>/dev/null; sleep 0.5; (true &); sleep 0.5; actor zombies; exit 6")...)
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		return err
	}
	r.Close()
	w.Close()
	_ = await(time.Minute, func() bool { return childOf(cmd.Process.Pid) != 0 })
	before, began := cpuOf(cmd.Process.Pid), time.Now()
	for range 5 {
		time.Sleep(100 * time.Millisecond)
		_ = cmd.Process.Signal(unix.SIGWINCH)
	}
	used, took := cpuOf(cmd.Process.Pid)-before, time.Since(began)
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if got := exitStatus(cmd.Wait()); got != 6 {
		return fmt.Errorf("exit status %d, want 6", got)
	}
	share := 0.4
	if inGuest { // there the time that the host takes from the emulated CPU counts, too
		share = 0.9
	}
	if used.Seconds() > share*took.Seconds() {
		return fmt.Errorf("it used %v of processor time in %v", used, took)
	}
	return nil
}

func fullStderr(s subject, dir string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	fd := int(w.Fd()) // from here on it blocks, as stderr does
	for {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, _ := unix.Poll(poll, 0); n == 0 {
			break
		}
		if _, err := unix.Write(fd, make([]byte, 4096)); err != nil {
			return err
		}
	}
	cmd := namespacedIn(dir, s.with("verbose", "sh", "-c", "exec 2>/dev/null; trap 'exit 8' TERM; while :; do sleep 0.02; done")...)
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		return err
	}
	w.Close()
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	// Wait until the program can receive it.
	if err := await(time.Minute, func() bool { return childOf(cmd.Process.Pid) != 0 }); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return fmt.Errorf("the program never started")
	}
	time.Sleep(200 * time.Millisecond)
	for range 50 {
		_ = cmd.Process.Signal(unix.SIGWINCH)
	}
	_ = cmd.Process.Signal(unix.SIGTERM)
	if got := exitStatus(cmd.Wait()); got != 8 {
		return fmt.Errorf("exit status %d, want 8", got)
	}
	return nil
}

func closedStdio(s subject, dir string) error {
	got, errs := statusOf(namespacedIn(dir, append([]string{"sh", "-c", `exec "$@" <&- >&- 2>&-`, "sh"},
		s.with("", "sh", "-c", "test ! -e /proc/self/fd/1 && test ! -e /proc/self/fd/2 && exit 12")...)...))
	if got != 12 {
		return fmt.Errorf("exit status %d, want 12 (%s)", got, errs)
	}
	return nil
}

// idle counts how often the init's threads are scheduled in two seconds.
func idle(s subject, dir string) error {
	cmd := namespacedIn(dir, s.with("", "sleep", "100")...)
	cmd.Env = append(cmd.Env, "YINIT_WATCH=0")
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if err := await(time.Minute, func() bool { return childOf(cmd.Process.Pid) != 0 }); err != nil {
		return err
	}
	time.Sleep(1500 * time.Millisecond) // yinit tidies up once, a second after the start
	before := switches(cmd.Process.Pid)
	time.Sleep(2 * time.Second)
	if n := switches(cmd.Process.Pid) - before; n > 0 {
		return fmt.Errorf("%d context switches in 2 s", n)
	}
	return nil
}

// switches returns how often the threads of a process were scheduled in total.
func switches(pid int) int {
	total := 0
	tids, _ := procfs.FS{}.Threads(pid)
	for _, tid := range tids {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", pid, tid))
		for line := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.HasSuffix(k, "ctxt_switches") {
				n, _ := strconv.Atoi(strings.TrimSpace(v))
				total += n
			}
		}
	}
	return total
}

// TestConformance checks that yinit passes every case.
func TestConformance(t *testing.T) {
	requireNamespaces(t)
	s := yinit
	s.command = []string{binary}
	for _, c := range conformances {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			if err := c.run(s, t.TempDir()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestConformanceAsUser does the same without root, in user namespaces.
func TestConformanceAsUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("TestConformance runs without root already")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Where that user may go.
	dir, err := os.MkdirTemp("", "yinit-user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	test := filepath.Join(dir, "test")
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	if err := errors.Join(os.WriteFile(test, b, 0o755), os.Chown(dir, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(test, "-test.run=^TestConformance$", "-test.timeout=20m")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), builtIn+"="+filepath.Dir(binary), "TMPDIR="+dir, "HOME="+dir,
		"PATH="+filepath.Dir(binary)+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") // no directories that only root can read
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestConformanceTable prints the results of other inits: `make conform`. INIT adds one
// more, like INIT="tini -s".
func TestConformanceTable(t *testing.T) {
	out := os.Getenv("YINIT_CONFORM_TABLE")
	if out == "" {
		t.Skip("only for make conform")
	}
	requireNamespaces(t)
	self := yinit
	self.name, self.command = "yinit", []string{binary}
	subjects := []subject{self}
	for _, s := range rivals {
		program(t, s.name, s.name)
		subjects = append(subjects, s)
	}
	if custom := strings.Fields(os.Getenv("INIT")); len(custom) > 0 {
		subjects = append(subjects, subject{name: strings.Join(custom, " "), command: custom})
	}
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tabwriter.NewWriter(f, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "# What each init does\n\nWritten by `make conform`, each case as PID 1 of a PID namespace. `–`: it has no option for it.")
	fmt.Fprint(w, "\n| case ")
	for _, s := range subjects {
		fmt.Fprintf(w, "\t| %s ", s.name)
	}
	fmt.Fprintln(w, "\t|\n|"+strings.Repeat("---|", len(subjects)+1))
	var notes []string
	for _, c := range conformances {
		fmt.Fprintf(w, "| %s ", c.name)
		for _, s := range subjects {
			word := "holds"
			if _, ok := s.options[c.needs]; c.needs != "" && !ok {
				word = "–"
			} else if err := c.run(s, t.TempDir()); err != nil {
				notes = append(notes, fmt.Sprintf("%s. %s, %s: %s", strconv.Itoa(len(notes)+1), s.name, c.name, strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")))
				word = fmt.Sprintf("**no** (%d)", len(notes))
			}
			fmt.Fprintf(w, "\t| %s ", word)
		}
		fmt.Fprintln(w, "\t|")
		w.Flush()
	}
	fmt.Fprintln(w, "\n"+strings.Join(notes, "\n"))
	w.Flush()
}
