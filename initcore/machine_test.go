package initcore

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/initcore/early"
	"yinit/procfs"
	"yinit/procfs/fatal"
)

// world is a scripted kernel. It notes what the machine does, and its processes
// end when the script says so. Time stands still until the script moves it.
type world struct {
	*machine
	t       *testing.T
	did     []string
	nextPID int
	refuse  map[string]error // names of programs that cannot be forked
	lost    bool             // signals have no effect on what is left
	hasTTY  bool             // the shell has put the init into the foreground
	noShell bool             // no shell would continue the init
	noTTY   bool             // no standard descriptor is a terminal
	using   bool             // the program is in the foreground of the terminal
	unnamed bool             // the other processes are gone
	full    bool             // no more signals can be queued
	gone    bool             // the programs have left their process groups
	empty   bool             // the process groups of the programs are empty
	noQueue bool             // the kernel cannot queue signals to a process group
	left    []string         // comms of what the programs leave behind
	halted  []string         // what is stopped: programs, "group of app", "leftovers"
	clock   time.Time

	about    fatal.Host   // what host returns
	peers    []fatal.Peer // what killers returns
	initName string       // what the program is, if it works as PID 1 only
	tornDown bool         // what hungUp returns

	blocks map[string]stopAnswer // what the looks at a program find
	asked  []stopAnswer          // the looks that have begun
	slow   time.Duration         // how long each takes
	ready  time.Time
	saved  string // the report before the end

	saveBusyTill time.Time // until when the helper is busy
	noLooks      bool      // there is no helper
	tries        struct{ check, save int }
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	w := &world{t: t, nextPID: 10, refuse: map[string]error{}, clock: time.Unix(1_000_000, 0)}
	cfg.stopSession()
	w.machine = newMachine(cfg)
	w.looks = w
	w.proc, w.leftovers, w.terminal, w.facts, w.evidence, w.pid = w, w, w, w, w, 1
	w.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	return w
}

func (w *world) note(format string, args ...any) { w.did = append(w.did, fmt.Sprintf(format, args...)) }

func (w *world) start(p *program) (int, error) {
	if err := w.refuse[p.Name]; err != nil {
		return 0, err
	}
	w.nextPID++
	w.note("start %s", p.Name)
	return w.nextPID, nil
}

func (w *world) kill(pid int, sig unix.Signal) error {
	name := fmt.Sprint(pid)
	for _, p := range w.programs {
		if p.pid == pid {
			name = p.Name
		} else if p.pid == -pid {
			name = "group of " + p.Name
			if w.empty {
				return unix.ESRCH
			}
		}
	}
	w.note("%s %s", strings.TrimPrefix(procfs.SignalName(int(sig)), "SIG"), name)
	if sig == unix.SIGCONT {
		w.resumes(name)
	}
	return nil
}

// resumes reports whether SIGCONT resumes what is called name.
func (w *world) resumes(name string) bool {
	i := slices.Index(w.halted, name)
	if i >= 0 {
		w.halted = slices.Delete(w.halted, i, i+1)
	}
	return i >= 0
}

func (w *world) stopped(pid int) bool {
	return slices.ContainsFunc(w.programs, func(p *program) bool { return p.pid == pid && slices.Contains(w.halted, p.Name) })
}

func (w *world) continueGroup(group int) {
	for _, p := range w.programs {
		if p.pid == group && w.resumes("group of "+p.Name) {
			w.note("CONT stopped in group of %s", p.Name)
		}
	}
}

func (w *world) continueStopped() {
	if w.resumes("leftovers") {
		w.note("CONT stopped leftovers")
	}
}

func (w *world) queue(pid int, info early.Info, sig unix.Signal) error {
	if pid < 0 && w.noQueue {
		return unix.EINVAL
	}
	before := len(w.did)
	err := w.kill(pid, sig)
	if len(w.did) > before {
		w.did[before] += fmt.Sprintf(" with %d", info.Value)
	}
	return err
}

func (w *world) group(pid int) int {
	if w.gone {
		return 5
	}
	return pid
}

func (w *world) check(pid int, sig unix.Signal, _ time.Time) beginning {
	w.tries.check++
	if w.noLooks {
		return never
	}
	for _, p := range w.programs {
		if p.pid == pid {
			a := w.blocks[p.Name]
			a.sig = sig
			w.asked, w.ready = append(w.asked, a), w.now.Add(w.slow)
		}
	}
	return begun
}

func (w *world) checkDone() (stopAnswer, bool) {
	if w.now.Before(w.ready) {
		return stopAnswer{}, false
	}
	return w.asked[len(w.asked)-1], true
}

func (w *world) saveReport(report, _ string) beginning {
	w.tries.save++
	if w.saveBusyTill.After(w.now) {
		return busy
	}
	if w.noLooks {
		return never
	}
	w.saved = report
	return begun
}

func (w *world) reap(*death) error { return unix.ECHILD }

func (w *world) signalAll(sig unix.Signal) {
	w.note("%s all", strings.TrimPrefix(procfs.SignalName(int(sig)), "SIG"))
	if sig == unix.SIGKILL && !w.lost {
		w.left = nil
	}
}
func (w *world) endTrial()      {}
func (w *world) anyLeft() bool  { return len(w.left) > 0 }
func (w *world) anyChild() bool { return len(w.left) > 0 }
func (w *world) list() (living []procfs.Stat, known bool) {
	for i, comm := range w.left {
		switch comm {
		case "unseen":
			continue
		case "dead":
		default:
			living = append(living, procfs.Stat{PID: 100 + i, Comm: comm})
		}
		known = true
	}
	return living, known
}
func (w *world) everyProcess() []procfs.Stat { living, _ := w.list(); return living }
func (w *world) tracer(int) int              { return 0 }
func (w *world) name(pid int) string {
	if w.find(pid) != nil {
		return "" // as the program was called
	}
	if w.unnamed {
		return ""
	}
	return "killer"
}

func (w *world) queueFull() bool                                { return w.full }
func (w *world) explain(e *StartError, _ *Program) string       { return e.Error() }
func (w *world) outOfMemoryUnseen(time.Time) unseenKills        { return unseenKills{} }
func (w *world) host(int, *Program, []string) fatal.Host        { return w.about }
func (w *world) killers(int) []fatal.Peer                       { return w.peers }
func (w *world) failedSoon([]string, *Program) (string, string) { return w.initName, "" }
func (w *world) hungUp() bool                                   { return w.tornDown }
func (w *world) outOfMemory(procfs.WaitStatus, time.Time, bool) string {
	return ""
}
func (w *world) suspend()              { w.note("suspend") }
func (w *world) present() bool         { return !w.noTTY }
func (w *world) stopInit()             { w.note("stopInit") }
func (w *world) underShell() bool      { return !w.noShell }
func (w *world) usedBy(int) bool       { return w.using }
func (w *world) resume(int)            { w.note("resume") }
func (w *world) takeTerminal()         {}
func (w *world) giveTerminal(int) bool { w.note("giveTerminal"); return w.hasTTY }

// play runs a script: "start", "TERM", "TERM with 5" (queued), "web exits 3", "web dies of
// KILL", "web stops by TSTP", "orphan exits 0", "1s" (time passes), "left a b",
// "none left", "foreground", "noshell" (no shell is above the init, and the program has
// the terminal), "background" (it has not),
// "redirected" (no standard descriptor is the terminal), "key TSTP" (from the terminal),
// "halt web" (it stops, and the kernel does not say so).
func (w *world) play(script string) *world {
	w.t.Helper()
	for line := range strings.SplitSeq(script, ";") {
		w.event(strings.Fields(line))
	}
	return w
}

func (w *world) event(f []string) {
	w.t.Helper()
	if d, err := time.ParseDuration(f[0]); err == nil {
		w.pass(d)
		return
	}
	switch {
	case f[0] == "start":
		w.machine.start(w.clock)
	case f[0] == "halt":
		w.halted = append(w.halted, strings.Join(f[1:], " "))
	case f[0] == "left":
		w.left = f[1:]
	case f[0] == "foreground":
		w.hasTTY = true
	case f[0] == "noshell":
		w.noShell, w.using = true, true
	case f[0] == "redirected":
		w.noTTY = true
	case f[0] == "background":
		w.using = false
	case f[0] == "key": // the terminal sends the signal to the init
		sig, _ := procfs.ParseSignal(f[1])
		w.signal(early.Info{Signal: int32(sig), Code: 0x80}, false, w.clock)
	case f[0] == "none":
		w.left = nil
	case len(f) >= 3 && slices.Contains([]string{"exits", "dies", "fails", "stops"}, f[1]):
		w.death(f)
	default:
		sig, err := procfs.ParseSignal(f[0])
		if err != nil {
			w.t.Fatalf("script: %v: %v", f, err)
		}
		info := early.Info{Signal: int32(sig), PID: 77}
		if len(f) == 3 && f[1] == "with" {
			info.Code = siQueue
			fmt.Sscan(f[2], &info.Value)
		}
		w.signal(info, false, w.clock)
	}
}

// pass lets time pass, stopping at every deadline, as the loop does.
func (w *world) pass(d time.Duration) {
	end := w.clock.Add(d)
	for range 10_000 {
		due := w.deadline()
		if due.IsZero() || due.After(end) {
			w.clock = end
			return
		}
		if due.After(w.clock) {
			w.clock = due
		}
		w.tick(w.clock)
	}
	w.t.Fatalf("the machine spins: the deadline %v does not move on", w.deadline())
}

func (w *world) death(f []string) {
	w.t.Helper()
	d := death{PID: 999}
	for _, p := range w.programs {
		if p.Name == f[0] {
			d.PID = p.pid
		}
	}
	if d.PID == 0 {
		w.t.Fatalf("script: %v: %s does not run", f, f[0])
	}
	switch f[1] {
	case "exits":
		var code int
		fmt.Sscan(f[2], &code)
		d.Status = procfs.WaitStatus(code << 8)
	case "dies":
		sig, _ := procfs.ParseSignal(f[len(f)-1])
		d.Status = procfs.WaitStatus(sig)
	case "stops":
		sig, _ := procfs.ParseSignal(f[len(f)-1])
		d.Stopped = unix.Signal(sig)
	case "fails":
		d.Status = 125 << 8
		d.Failure = &StartError{step: stepExec, Path: f[0], Err: unix.ENOENT}
		if err, ok := map[string]unix.Errno{"EACCES": unix.EACCES, "EAGAIN": unix.EAGAIN, "ENOMEM": unix.ENOMEM}[f[2]]; ok {
			d.Failure.Err = err
		}
	}
	w.died(&d, w.clock)
}

// want compares what was done and how it ended; status -1 means that it goes on.
func (w *world) want(status int, did ...string) {
	w.t.Helper()
	if !slices.Equal(w.did, did) {
		w.t.Errorf("did\n\t%q, want\n\t%q", w.did, did)
	}
	if status < 0 {
		if w.phase == over {
			w.t.Errorf("it is over with %d, want it to go on", w.exitStatus())
		}
		return
	}
	if w.phase != over {
		w.t.Fatalf("it goes on in phase %d, want it to end with %d", w.phase, status)
	}
	if got := w.exitStatus(); got != status {
		w.t.Errorf("exit status %d, want %d", got, status)
	}
}

func one(options ...func(*Config)) Config {
	c := Config{Programs: []Program{{Name: "app", Args: []string{"app"}}}, Grace: 3 * time.Second}
	for _, o := range options {
		o(&c)
	}
	return c
}

func TestOneProgram(t *testing.T) {
	delay := func(c *Config) { c.Delay = 5 * time.Second }
	killAfter := func(c *Config) { c.KillAfter = 2 * time.Second }
	group := func(c *Config) { c.Group = true }
	swap := func(c *Config) {
		c.Rewrite[unix.SIGTERM], c.Rewrite[unix.SIGINT] = int8(unix.SIGINT), int8(unix.SIGTERM)
	}
	drop := func(c *Config) { c.Rewrite[unix.SIGTERM] = Drop }
	expect := func(c *Config) { c.Expect.Add(143) }
	noGrace := func(c *Config) { c.Grace = 0 }
	restart := func(c *Config) { c.Programs[0].OnExit = Restart }

	for _, tt := range []struct {
		name   string
		cfg    Config
		script string
		status int
		did    []string
	}{
		{"it ends with 0", one(), "start; app exits 0", 0, []string{"start app"}},
		{"it ends with 7", one(), "start; app exits 7", 7, []string{"start app"}},
		{"killed", one(), "start; app dies of KILL", 137, []string{"start app"}},
		{"not found", one(), "start; app fails ENOENT", 127, []string{"start app"}},
		{"not executable", one(), "start; app fails EACCES", 126, []string{"start app"}},
		{"TERM, and it dies of it", one(), "start; TERM; app dies of TERM", 143, []string{"start app", "TERM app"}},
		{"TERM that is expected", one(expect), "start; TERM; app dies of TERM", 0, []string{"start app", "TERM app"}},
		{"TERM before the start", one(), "TERM", 143, nil},
		{"INT is forwarded, nothing more", one(), "start; INT; 1h", -1, []string{"start app", "INT app"}},
		{"HUP, USR1, WINCH", one(), "start; HUP; USR1; WINCH; 1h", -1, []string{"start app", "HUP app", "USR1 app", "WINCH app"}},
		{"a second TERM goes on again", one(), "start; TERM; TERM; app exits 0", 0, []string{"start app", "TERM app", "TERM app"}},
		{"the group", one(group), "start; TERM; app exits 0", 0, []string{"start app", "TERM group of app"}},
		{"swapped", one(swap), "start; INT; TERM; app exits 0", 0, []string{"start app", "TERM app", "INT app"}},
		{"dropped", one(drop), "start; TERM; 1h", -1, []string{"start app"}},
		{"delayed", one(delay), "start; TERM; 4s", -1, []string{"start app"}},
		{"delay over", one(delay), "start; TERM; 5s; app exits 0", 0, []string{"start app", "TERM app"}},
		{"delay cut short", one(delay), "start; TERM; 1s; TERM; app exits 0", 0, []string{"start app", "TERM app"}},
		{"it ends during the delay", one(delay), "start; TERM; 1s; app exits 3", 3, []string{"start app"}},
		{"INT during the delay", one(delay), "start; TERM; 1s; INT; 1s", -1, []string{"start app", "INT app"}},
		{"never killed without --kill-after", one(), "start; TERM; 1h", -1, []string{"start app", "TERM app"}},
		{"killed after", one(killAfter), "start; TERM; 2s; app dies of KILL", 137, []string{"start app", "TERM app", "KILL app"}},
		{"KILL is lost", one(killAfter), "start; TERM; 13s", -1, []string{"start app", "TERM app", "KILL app", "KILL app"}},
		{"kill-after counts from the first TERM", one(killAfter), "start; TERM; 1s; TERM; 1s", -1, []string{"start app", "TERM app", "TERM app", "KILL app"}},
		{"kill-after and delay", one(killAfter, delay), "start; TERM; 6s", -1, []string{"start app", "TERM app"}},
		{"kill-after after delay", one(killAfter, delay), "start; TERM; 7s; app dies of KILL", 137, []string{"start app", "TERM app", "KILL app"}},
		{"an orphan's death means nothing", one(), "start; orphan exits 3; app exits 0", 0, []string{"start app"}},
		{"left behind, ends in time", one(), "left nc; start; app exits 0; 1s; none left; 1s", 0, []string{"start app", "TERM all"}},
		{"left behind, must be killed", one(), "left nc; start; app exits 4; 4s", 4, []string{"start app", "TERM all", "KILL all"}},
		{"left behind, TERM during the grace", one(), "left nc; start; app exits 0; TERM; 4s", 0, []string{"start app", "TERM all", "TERM all", "KILL all"}},
		{"left behind, left to the kernel", one(noGrace), "left nc; start; app exits 0", 0, []string{"start app"}},
		{"restart", one(restart), "start; app exits 1; 1s", -1, []string{"start app", "start app"}},
		{"restart, TERM while it rests", one(restart), "start; app exits 1; TERM", 0, []string{"start app"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newWorld(t, tt.cfg).play(tt.script).want(tt.status, tt.did...)
		})
	}
}

// TestStopped: yinit stops itself when all its programs are stopped, unless the program
// waited for a terminal that it can have now.
func TestStopped(t *testing.T) {
	session := func(c *Config) { c.Session = true }
	two := Config{Programs: []Program{{Name: "a", Args: []string{"a"}}, {Name: "b", Args: []string{"b"}, OnExit: Ignore}}}
	for _, tt := range []struct {
		name   string
		cfg    Config
		script string
		did    []string
	}{
		{"Ctrl-Z", one(), "start; app stops by TSTP; CONT", []string{"start app", "suspend", "resume", "CONT app"}},
		{"in the background", one(), "start; app stops by TTIN", []string{"start app", "giveTerminal", "suspend"}},
		{"in the foreground by now", one(), "start; foreground; app stops by TTIN; app stops by TTOU", []string{"start app", "giveTerminal", "giveTerminal"}},
		{"Ctrl-Z in the foreground", one(), "start; foreground; app stops by TSTP", []string{"start app", "suspend"}},
		{"it goes on by itself", one(), "start; app stops by CONT", []string{"start app"}},
		{"an orphan", one(), "start; orphan stops by TSTP", []string{"start app"}},
		{"one of two", two, "start; a stops by TSTP", []string{"start a", "start b"}},
		{"both", two, "start; a stops by TSTP; b stops by STOP", []string{"start a", "start b", "suspend"}},
		{"one after the other", two, "start; a stops by TSTP; a stops by CONT; b stops by TSTP", []string{"start a", "start b"}},
		{"those that run", two, "start; b exits 0; a stops by TTIN", []string{"start a", "start b", "suspend"}},
		{"Ctrl-Z without a shell", one(), "noshell; start; app stops by TSTP", []string{"start app", "CONT group of app"}},
		{"TSTP that was sent, without a shell", one(), "noshell; start; TSTP; app stops by TSTP", []string{"start app", "TSTP app"}},
		{"Ctrl-Z after a TSTP that was sent", one(), "noshell; start; TSTP; app stops by TSTP; CONT; app stops by CONT; app stops by TSTP", []string{"start app", "TSTP app", "resume", "CONT app", "CONT group of app"}},
		{"TSTP without a terminal", one(), "noshell; background; start; app stops by TSTP", []string{"start app"}},
		{"STOP without a shell", one(), "noshell; start; app stops by STOP", []string{"start app"}},
		{"background without a shell", one(), "noshell; foreground; start; app stops by TTIN", []string{"start app", "giveTerminal"}},
		{"Ctrl-Z, redirected", one(), "redirected; start; key TSTP; app stops by TSTP", []string{"start app", "TSTP app", "suspend"}},
		{"STOP, redirected", one(), "redirected; start; app stops by STOP", []string{"start app"}},
		{"Ctrl-Z of several", two, "start; key TSTP; a stops by TSTP; b stops by TSTP", []string{"start a", "start b", "TSTP a", "TSTP b", "suspend"}},
		{"Ctrl-Z of several without a shell", two, "noshell; start; key TSTP", []string{"start a", "start b"}},
		{"a session", one(session), "start; key TSTP; app stops by STOP; CONT", []string{"start app", "STOP group of app", "stopInit", "CONT group of app"}},
		{"a session, by kill", one(session), "noshell; start; TTOU", []string{"start app", "STOP group of app", "stopInit"}},
		{"a session without a shell", one(session), "noshell; start; key TSTP", []string{"start app"}},
		{"a session with a rule", one(session, func(c *Config) { c.Rewrite[unix.SIGTSTP] = int8(unix.SIGUSR1) }), "start; key TSTP", []string{"start app", "USR1 group of app", "stopInit"}},
		{"a session with TSTP dropped", one(session, func(c *Config) { c.Rewrite[unix.SIGTSTP] = Drop }), "start; key TSTP", []string{"start app"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newWorld(t, tt.cfg).play(tt.script).want(-1, tt.did...)
		})
	}
}

func TestKillIsLost(t *testing.T) {
	w := newWorld(t, one())
	w.lost = true
	w.play("left dstate; start; app exits 5; 10s")
	w.did = slices.Compact(w.did) // it is tried again and again, until it is too late
	w.want(5, "start app", "TERM all", "KILL all")
}

// TestWhoIsLeft: the log names each leftover process once, and does not name zombies.
func TestWhoIsLeft(t *testing.T) {
	late := one(func(c *Config) { c.KillAfter = 2 * time.Second })
	for _, tt := range []struct {
		cfg    Config
		script string
		says   string
	}{
		{one(), "left nc dead; start; app exits 0; 4s", "yinit: stopping leftover processes (processes 100 (nc))\nyinit: warning: killing leftover processes after 3s (processes 100 (nc))\n"},
		{one(), "left dead; start; app exits 0; 1s; none left; 1s", ""},
		{one(), "left unseen; start; app exits 0; 4s", "yinit: stopping leftover processes (processes unknown)\nyinit: warning: killing leftover processes after 3s (processes unknown)\n"},
		{late, "start; TERM; 2s", "yinit: warning: killing app, pid 11: still running 2s after SIGTERM\n"},
	} {
		var b bytes.Buffer
		w := newWorld(t, tt.cfg)
		w.log = slog.New(&textHandler{w: &b, level: slog.LevelInfo})
		w.play(tt.script)
		got := ""
		for line := range strings.Lines(b.String()) {
			if strings.Contains(line, "killing") || strings.Contains(line, "stopping leftover") {
				got += line
			}
		}
		if got != tt.says {
			t.Errorf("%s: the log says\n%s, want\n%s", tt.script, got, tt.says)
		}
	}
	list := []procfs.Stat{{PID: 7, Comm: "nc"}, {PID: 8}}
	if got, want := names(list), "7 (nc), 8"; got != want {
		t.Errorf("names(%v) = %q, want %q", list, got, want)
	}
}

func TestPause(t *testing.T) {
	for _, sig := range []string{"TERM", "INT"} {
		w := newWorld(t, Config{Pause: true, Grace: time.Second})
		w.play("start; HUP; USR1; orphan exits 1; 1h").want(-1)
		w.play(sig).want(0)
	}
}

func TestForkFails(t *testing.T) {
	w := newWorld(t, one())
	w.refuse["app"] = unix.EAGAIN
	w.play("start").want(125)
}
