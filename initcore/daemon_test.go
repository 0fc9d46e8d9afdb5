package initcore

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// leaving is a world in which the programs leave these processes.
type leaving struct {
	*world
	procs []procfs.Stat
	lists int // how often they were listed
}

func (l *leaving) anyLeft() bool  { return len(l.procs) > 0 }
func (l *leaving) anyChild() bool { return len(l.procs) > 0 }
func (l *leaving) list() (living []procfs.Stat, known bool) {
	l.lists++
	return l.procs, true
}

// ended is the exit of the first program with this status after a time.
func (l *leaving) ended(after time.Duration, comm string, status procfs.WaitStatus) {
	l.pass(after)
	p := l.programs[0]
	l.died(&death{PID: p.pid, Status: status, Stat: procfs.Stat{PID: p.pid, Comm: comm, Session: 1, PPID: 1}}, l.clock)
}

func orphan(pid int, comm string, session int) procfs.Stat {
	return procfs.Stat{PID: pid, PPID: 1, Comm: comm, Session: session, State: 'S', Threads: 1}
}

// TestServiceLeft: a program that ends with 0 and leaves its service is explained; a program
// that leaves something else in the background, or ends as it was told to, is not.
func TestServiceLeft(t *testing.T) {
	nginx := []procfs.Stat{orphan(20, "nginx", 20), {PID: 21, PPID: 20, Comm: "nginx", Session: 20}, {PID: 22, PPID: 20, Comm: "nginx", Session: 20}}
	const ms = time.Millisecond
	for _, tt := range []struct {
		name    string
		command string
		comm    string // at its end
		after   time.Duration
		status  procfs.WaitStatus
		script  string
		left    []procfs.Stat
		says    string
	}{
		{"nginx", "nginx", "nginx", 40 * ms, 0, "start", nginx, "nginx exited 0 after 40ms and left 3 processes (nginx): stopping them; run it in the foreground: nginx -g 'daemon off;'"},
		{"redis-server", "/usr/bin/redis-server --daemonize yes", "redis-server", 9 * ms, 0, "start", []procfs.Stat{orphan(20, "redis-server", 20)}, "redis-server exited 0 after 9ms and left 1 process (redis-server): stopping it; run it in the foreground: redis-server --daemonize no"},
		{"service", "service ssh start", "service", time.Second, 0, "start", []procfs.Stat{orphan(20, "sshd", 20)}, "service exited 0 after 1s and left 1 process (sshd): stopping it; run it in the foreground: /usr/sbin/sshd -D -e"},
		{"init.d", "/etc/init.d/mysql start", "mysql", time.Second, 0, "start", []procfs.Stat{orphan(20, "mysqld", 20)}, "mysql exited 0 after 1s and left 1 process (mysqld): stopping it; run it in the foreground: mysqld without --daemonize"},
		{"a script", "/start.sh", "start.sh", time.Second, 0, "start", []procfs.Stat{orphan(20, "php-fpm8.2", 20)}, "start.sh exited 0 after 1s and left 1 process (php-fpm8.2): stopping it; run it in the foreground: php-fpm --nodaemonize"},
		{"a daemon of one's own", "mydaemon", "mydaemon", 5 * ms, 0, "start", []procfs.Stat{orphan(20, "worker", 20)}, "mydaemon exited 0 after 5ms and left 1 process (worker): stopping it; run it in the foreground, for which most services have an option, or go on with what it left: --follow-fork"},
		{"a new binary", "gunicorn app", "gunicorn", time.Hour, 0, "start", []procfs.Stat{orphan(20, "gunicorn", 1)}, "gunicorn exited 0 after 1h00m and left 1 process (gunicorn): stopping it; if it replaced itself, let yinit go on with its successor: --follow-fork"},
		{"a job in the background", "sh -c x", "sh", 5 * ms, 0, "start", []procfs.Stat{orphan(20, "sleep", 1)}, ""},
		{"a subshell", "sh -c x", "sh", 5 * ms, 0, "start", []procfs.Stat{orphan(20, "sh", 1)}, ""},
		{"an agent, after a long run", "app", "app", time.Hour, 0, "start", []procfs.Stat{orphan(20, "agent", 20)}, ""},
		{"an exec'd process", "nginx", "nginx", 5 * ms, 0, "start", []procfs.Stat{{PID: 20, PPID: 0, Comm: "nginx", Session: 20}}, ""},
		{"it failed", "nginx", "nginx", 5 * ms, 1 << 8, "start", nginx, ""},
		{"it was stopped", "nginx", "nginx", 5 * ms, 0, "start; TERM", nginx, ""},
		{"nothing is left", "nginx", "nginx", 5 * ms, 0, "start", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := strings.Fields(tt.command)
			var b bytes.Buffer
			l := &leaving{newWorld(t, Config{Programs: []Program{{Args: args}}, Grace: time.Second}), tt.left, 0}
			l.leftovers = l
			l.log = slog.New(&textHandler{w: &b, level: slog.LevelWarn})
			l.play(tt.script)
			l.ended(tt.after, tt.comm, tt.status)
			if got := strings.TrimPrefix(strings.TrimSpace(b.String()), "yinit: warning: "); got != tt.says {
				t.Errorf("the log says\n%q, want\n%q", got, tt.says)
			}
			if l.phase != endingLeftovers && len(tt.left) > 0 {
				t.Errorf("phase %d, want the leftover processes to be stopped", l.phase)
			}
		})
	}
}

// TestFollowFork: with --follow-fork the program goes on as its successor: signals reach it,
// and its exit status counts.
func TestFollowFork(t *testing.T) {
	for _, tt := range []struct {
		name   string
		left   []procfs.Stat
		script string
		status int // -1: the init goes on
		did    []string
	}{
		{"a daemon", []procfs.Stat{orphan(20, "nginx", 20)}, "HUP; TERM; nginx exits 3", 3, []string{"start nginx", "HUP nginx", "TERM nginx"}},
		{"a daemon and something else", []procfs.Stat{orphan(19, "cron", 19), orphan(20, "nginx", 20)}, "HUP", -1, []string{"start nginx", "HUP nginx"}},
		{"of another name", []procfs.Stat{orphan(20, "worker", 20)}, "USR1", -1, []string{"start nginx", "USR1 nginx"}},
		{"two of them", []procfs.Stat{orphan(19, "nginx", 19), orphan(20, "nginx", 20)}, "5s", 0, []string{"start nginx", "TERM all", "KILL all"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Programs: []Program{{Args: []string{"nginx"}}}, Grace: time.Second, FollowFork: true}
			l := &leaving{newWorld(t, cfg), tt.left, 0}
			l.leftovers = l
			l.play("start")
			l.ended(time.Millisecond, "nginx", 0)
			if tt.status > 0 {
				l.procs = nil
			}
			l.play(tt.script)
			l.did = slices.Compact(l.did)
			l.want(tt.status, tt.did...)
		})
	}
	twice := &leaving{newWorld(t, Config{Programs: []Program{{Args: []string{"nginx"}}}, FollowFork: true}), []procfs.Stat{orphan(20, "nginx", 20)}, 0}
	twice.leftovers = twice
	twice.play("start")
	twice.ended(time.Millisecond, "nginx", 0)
	twice.procs = []procfs.Stat{orphan(30, "nginx", 30)}
	twice.ended(time.Hour, "nginx", 0)
	if got := twice.programs[0].pid; got != 30 {
		t.Errorf("after the second fork the program is pid %d, want 30", got)
	}
}

// TestServiceStays: only what the init stops is said to be stopped.
func TestServiceStays(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cfg   func(*Config)
		pid   int // of the init
		says  string
		lists int
		goes  bool // the init goes on
	}{
		{"restarted", func(c *Config) { c.Programs[0].OnExit = Restart }, 1, "yinit: warning: restarting nginx (status exited 0, in 1s)\n", 0, true},
		{
			"restarted, not followed", func(c *Config) { c.Programs[0].OnExit, c.FollowFork = Restart, true },
			1, "yinit: warning: restarting nginx (status exited 0, in 1s)\n", 1, true,
		},
		{
			"no grace", func(c *Config) { c.Grace = 0 }, 1,
			"yinit: warning: nginx exited 0 after 1ms and left 2 processes (nginx): the kernel kills them when yinit ends; run it in the foreground: nginx -g 'daemon off;'\n", 1, false,
		},
		{
			"no grace, not PID 1", func(c *Config) { c.Grace = 0 }, 9,
			"yinit: warning: nginx exited 0 after 1ms and left 2 processes (nginx): yinit does not stop them (--grace 0); run it in the foreground: nginx -g 'daemon off;'\n", 1, false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Programs: []Program{{Args: []string{"nginx"}}}, Grace: time.Second}
			tt.cfg(&cfg)
			var b bytes.Buffer
			l := &leaving{world: newWorld(t, cfg), procs: []procfs.Stat{orphan(20, "nginx", 20), orphan(30, "nginx", 30)}}
			l.leftovers, l.pid = l, tt.pid
			for i := range l.procs {
				l.procs[i].PPID = tt.pid
			}
			l.log = slog.New(&textHandler{w: &b, level: slog.LevelWarn})
			l.play("start")
			l.ended(time.Millisecond, "nginx", 0)
			if got := b.String(); got != tt.says {
				t.Errorf("the log says\n%q, want\n%q", got, tt.says)
			}
			if l.lists != tt.lists || (l.phase == running) != tt.goes {
				t.Errorf("/proc was read %d times, phase %d; want %d times, goes on %v", l.lists, l.phase, tt.lists, tt.goes)
			}
		})
	}
}

// TestFollowedExit: the exit of a successor is recorded as that of the process it is, and
// the success of the program that left it hides nothing.
func TestFollowedExit(t *testing.T) {
	cfg := Config{Programs: []Program{{Args: []string{"/usr/sbin/nginx", "-c", "f"}}}, FollowFork: true}
	l := &leaving{world: newWorld(t, cfg), procs: []procfs.Stat{orphan(20, "nginx", 20)}}
	l.leftovers, l.hist = l, reporting(t, one()).hist
	l.play("start")
	l.pass(time.Hour)
	l.died(&death{PID: 11, Stat: procfs.Stat{PID: 11, PGRP: 11, Comm: "nginx", Session: 1}}, l.clock)
	if l.programs[0].pid != 20 || len(l.successes) > 0 {
		t.Fatalf("the program is pid %d, and %d successes are to be looked at; want 20 and none", l.programs[0].pid, len(l.successes))
	}
	l.procs = nil
	l.pass(time.Minute)
	l.died(&death{PID: 20, Status: 3 << 8, Runtime: time.Minute, Stat: procfs.Stat{PID: 20, PGRP: 20, Comm: "worker"}}, l.clock)
	exits := lastRecords(t, l.hist, 2, history.KindExit)
	if r := exits[0]; r.PID != 11 || r.Runtime != time.Hour || r.OriginPPID != 1 || r.Cmdline != "/usr/sbin/nginx -c f" {
		t.Errorf("the exit of the program is %+v", r)
	}
	if r := exits[1]; r.PID != 20 || r.Runtime != time.Minute || r.OriginPPID != 0 || r.Cmdline != "" {
		t.Errorf("the exit of its successor is %+v, want a runtime of 1m, and its origin and command line unknown", r)
	}
}

func TestForeground(t *testing.T) {
	for name, want := range map[string]string{
		"php-fpm8.2": "php-fpm --nodaemonize", "php-fpm": "php-fpm --nodaemonize", "apache2": "apache2ctl -DFOREGROUND",
		"fail2ban-server": "fail2ban-server -f", "": "", "sh": "", "n": "",
	} {
		if got := foreground(name); got != want {
			t.Errorf("foreground(%q) = %q, want %q", name, got, want)
		}
	}
	if !slices.IsSortedFunc(foregrounds[:], func(a, b struct{ name, advice string }) int { return strings.Compare(a.name, b.name) }) {
		t.Error("foregrounds is not sorted by name")
	}
}
