// Package historytest provides records and the phrases that describe them. The tests
// of every program part that shows records compare with these phrases, so that all
// parts describe a record in the same words.
package historytest

import (
	"time"

	"yinit/initcore/history"
	"yinit/procfs"
)

// A Case is a record and the phrases that must describe it wherever it is shown.
type Case struct {
	Name   string         // name of the subtest
	Record history.Record // Seq and Time are set
	Words  []string       // whole phrases, not escaped
}

// Deaths returns records of processes that ended. The report of the init contains
// only the first phrase of each.
func Deaths() []Case {
	exit := history.Record{Kind: history.KindExit, PID: 31, Comm: "git", Cmdline: "git gc", PPID: 12, Parent: "gunicorn", OriginPPID: 12, Known: true}
	with := func(change func(*history.Record)) history.Record {
		r := exit
		change(&r)
		return r
	}
	return number([]Case{
		{"exit 0", exit, []string{"exited 0", "reaped by 12 (gunicorn)"}},
		{"exit 1", with(func(r *history.Record) { r.Status = 1 << 8 }), []string{"exited 1", "reaped by 12 (gunicorn)"}},
		{"signal", with(func(r *history.Record) { r.Status = 9 }), []string{"killed by SIGKILL"}},
		{"core", with(func(r *history.Record) { r.Status = 11 | 0x80 }), []string{"killed by SIGSEGV (core dumped)"}},
		{"unknown", with(func(r *history.Record) { r.Known = false }), []string{"exit status unknown"}},
		{
			"reason", with(func(r *history.Record) { r.Status, r.Text = 9, "killed by SIGKILL: the memory limit was hit" }),
			[]string{"killed by SIGKILL: the memory limit was hit"},
		},
		{
			"not started", with(func(r *history.Record) { r.Status, r.Text = 127<<8, "cannot run /app: no such file" }),
			[]string{"exited 127: cannot run /app: no such file"},
		},
		{"by the init", with(func(r *history.Record) { r.ReapedByInit, r.PPID, r.Parent = true, 1, "yinit" }), []string{"exited 0", "reaped by the init"}},
		{
			"by the kernel", with(func(r *history.Record) { r.ReapedByKernel = true }),
			[]string{"exited 0", "reaped by the kernel: 12 (gunicorn) ignores SIGCHLD or has set SA_NOCLDWAIT, so it cannot get the status"},
		},
		{
			"an orphan, by PID 1", with(func(r *history.Record) { r.PPID, r.Parent, r.OriginPPID = 1, "python3", 0 }),
			[]string{"exited 0", "PID 1 (python3) reaped a process that it did not start"},
		},
		{
			"an orphan, by a subreaper", with(func(r *history.Record) { r.OriginPPID = 20 }),
			[]string{"exited 0", "12 (gunicorn) reaped a process that it did not start"},
		},
		{
			"an orphan, by another init", with(func(r *history.Record) { r.PPID, r.Parent, r.OriginPPID = 1, "tini", 20 }),
			[]string{"exited 0", "reaped by 1 (tini)"},
		},
		{
			"a child of PID 1", with(func(r *history.Record) { r.PPID, r.Parent, r.OriginPPID = 1, "python3", 1 }),
			[]string{"exited 0", "reaped by 1 (python3)"},
		},
		{"from outside", with(func(r *history.Record) { r.PPID, r.Parent = 0, "" }), []string{"exited 0", "reaped by a process outside the container"}},
		{"nameless parent", with(func(r *history.Record) { r.Parent = "" }), []string{"exited 0", "reaped by 12"}},
		{"long a zombie", with(func(r *history.Record) { r.ZombieFor = 12 * time.Second }), []string{"exited 0", "zombie for 12s"}},
		{"what it used", with(func(r *history.Record) {
			r.Runtime, r.CPU, r.MaxRSS = 5*time.Second, 310*time.Millisecond, 8*procfs.MiB
		}), []string{"exited 0", "ran 5s", "cpu 310ms", "peak 8 MiB"}},
	})
}

// Signals returns records of signals that the init received.
func Signals() []Case {
	signal := history.Record{Kind: history.KindSignal, Signal: 15, Passed: 15, Action: history.ActionForwarded, To: []int{11}}
	with := func(change func(*history.Record)) history.Record {
		r := signal
		change(&r)
		return r
	}
	return number([]Case{
		{"from outside", signal, []string{"SIGTERM", "outside the container", "forwarded to 11"}},
		{"process", with(func(r *history.Record) { r.PID, r.Comm = 18, "sh" }), []string{"SIGTERM", "pid 18 (sh)", "forwarded to 11"}},
		{"nameless process", with(func(r *history.Record) { r.PID = 18 }), []string{"SIGTERM", "pid 18", "forwarded to 11"}},
		{"unknown", with(func(r *history.Record) { r.PID = -1 }), []string{"SIGTERM", "an unknown sender", "forwarded to 11"}},
		{"claimed", with(func(r *history.Record) { r.PID, r.Comm, r.Code = 18, "sh", -1 }), []string{"SIGTERM", "pid 18 (sh), as claimed", "forwarded to 11"}},
		{"kernel", with(func(r *history.Record) { r.Code = 0x80 }), []string{"SIGTERM", "the kernel", "forwarded to 11"}},
		{"terminal", with(func(r *history.Record) { r.Signal, r.Passed, r.Code = 3, 3, 0x80 }), []string{"SIGQUIT", "the kernel (terminal)", "forwarded to 11"}},
		{"timer", with(func(r *history.Record) { r.Signal, r.Passed, r.Code = 14, 14, 0x80 }), []string{"SIGALRM", "the kernel (timer)", "forwarded to 11"}},
		{"several", with(func(r *history.Record) { r.To = []int{11, 12} }), []string{"forwarded to 11, 12"}},
		{"repeated", with(func(r *history.Record) {
			r.Count, r.Last = 4500, time.Date(2026, 11, 23, 8, 0, 20, 0, time.UTC)
		}), []string{"SIGTERM", "outside the container", "forwarded to 11 (4500 times in "}},
		{"rewritten", with(func(r *history.Record) { r.Action, r.Passed = history.ActionRewritten, 10 }), []string{"SIGTERM", "forwarded as SIGUSR1 to 11"}},
		{"dropped", with(func(r *history.Record) { r.Action, r.To = history.ActionDropped, nil }), []string{"SIGTERM", "dropped"}},
		{"delayed", with(func(r *history.Record) { r.Action, r.To = history.ActionDelayed, nil }), []string{"SIGTERM", "waits for --delay"}},
		{"stop", with(func(r *history.Record) { r.Action = history.ActionStop }), []string{"SIGTERM", "shutdown begins: stop signals to 11"}},
		{"stop without a program", with(func(r *history.Record) { r.Action, r.To = history.ActionStop, nil }), []string{"shutdown begins"}},
	})
}

// Others returns records of the other kinds.
func Others() []Case {
	process := history.Record{PID: 40, Comm: "git", Cmdline: "git repack", PPID: 1, Parent: "yinit", OriginPPID: 31}
	with := func(kind history.Kind, change func(*history.Record)) history.Record {
		r := process
		r.Kind = kind
		change(&r)
		return r
	}
	return number([]Case{
		{"adopted", with(history.KindAdopt, func(*history.Record) {}), []string{"orphan of 31, now a child of 1 (yinit)"}},
		{"adopted, parent unknown", with(history.KindAdopt, func(r *history.Record) { r.OriginPPID = 0 }), []string{"orphan, now a child of 1 (yinit)"}},
		{
			"zombie", with(history.KindZombie, func(r *history.Record) {
				r.PPID, r.Parent, r.ZombieFor, r.Known, r.Status = 11, "gunicorn", 10*time.Second, true, 1<<8
				r.Text = "11 (gunicorn) has not waited for it; it holds 3 zombies"
			}),
			[]string{"exited 1; 11 (gunicorn) has not waited for it; it holds 3 zombies", "zombie for 10s"},
		},
		{"zombie without a text", with(history.KindZombie, func(r *history.Record) { r.PPID, r.Parent = 11, "gunicorn" }), []string{"11 (gunicorn) has not waited for it"}},
		{"out of memory", history.Record{Kind: history.KindOOM, Text: "the memory limit was hit"}, []string{"the memory limit was hit"}},
		{"note", history.Record{Kind: history.KindNote, Text: "no /sys/fs/cgroup"}, []string{"no /sys/fs/cgroup"}},
	})
}

// number sets the number and the time of each record.
func number(cases []Case) []Case {
	for i := range cases {
		cases[i].Record.Seq = uint64(i + 1)
		cases[i].Record.Time = time.Date(2026, 11, 23, 8, 0, i, 0, time.UTC)
	}
	return cases
}
