package doctor

import (
	"testing"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

// reads makes p a process that blocks all signals and reads them.
func reads(p *snapshot.Process) { p.Sigs.Blocked = ^procfs.SignalSet(0) }

// readInit returns PID 1 that reads its signals.
func readInit(words ...string) snapshot.Process {
	p := proc(1, 0, words[0], reads, runs(words...))
	for i := range p.Target.Tasks {
		task := &p.Target.Tasks[i]
		task.Blocked, task.Sigwait, task.Awaited, task.AwaitedRead = 0, verdict.Yes, ^procfs.SignalSet(0), true
	}
	p.Term, _ = verdict.Of(p.Target, sigTERM, verdict.Anyone())
	return p
}

// grouped puts p into a process group.
func grouped(pgrp int) func(*snapshot.Process) {
	return func(p *snapshot.Process) { p.PGRP = pgrp }
}

// TestKnownInits plays a stop by inits other than yinit.
func TestKnownInits(t *testing.T) {
	app, job := proc(7, 1, "app", grouped(7)), proc(8, 7, "job", grouped(7))
	const (
		alone = "1 init SIGTERM read ends at 0s; 7 program SIGTERM terminate ends at 0s; 8 rest killed by kernel at 0s; takes 0s, 1 hard, status 143"
		group = "1 init SIGTERM read ends at 0s; 7 program SIGTERM terminate ends at 0s; 8 rest SIGTERM terminate ends at 0s; takes 0s, 0 hard, status 143"
	)
	for _, tt := range []struct {
		name  string
		words []string
		rest  []snapshot.Process
		want  string
	}{
		{"tini", []string{"tini", "--", "app", "-g"}, []snapshot.Process{app, job}, alone},
		{"docker-init", []string{"docker-init", "--", "app"}, []snapshot.Process{app, job}, alone},
		{"tini -g", []string{"tini", "-g", "app"}, []snapshot.Process{app, job}, group},
		{"tini, letters", []string{"tini", "-svg", "-p", "SIGTERM", "--", "app"}, []snapshot.Process{app, job}, group},
		{"tini -e", []string{"tini", "-e143", "--", "app"}, []snapshot.Process{app}, "1 init SIGTERM read ends at 0s; 7 program SIGTERM terminate ends at 0s; takes 0s, 0 hard, status 0"},
		{"dumb-init", []string{"dumb-init", "app"}, []snapshot.Process{app, job}, group},
		{"dumb-init -c", []string{"dumb-init", "-vc", "app"}, []snapshot.Process{app, job}, alone},
		{"dumb-init, long", []string{"dumb-init", "--single-child", "--", "app"}, []snapshot.Process{app, job}, alone},
		{"dumb-init -r", []string{"dumb-init", "-r", "15:3", "app"}, []snapshot.Process{app}, "1 init SIGTERM read ends at 0s; 7 program SIGQUIT core ends at 0s; takes 0s, 0 hard, status 131"},
		{"dumb-init drops", []string{"dumb-init", "--rewrite", "15:0", "app"}, []snapshot.Process{app}, "1 init SIGTERM read killed by engine at 10s; 7 rest killed by engine at 10s; takes 10s, 2 hard, status 137"},
		{"catatonit", []string{"catatonit", "--", "app"}, []snapshot.Process{app, job}, alone},
		{"catatonit, pause", []string{"catatonit", "-P"}, nil, "1 init SIGTERM read handler at 0s; takes 0s or more, 0 hard, status unknown"},
		{
			"a handler",
			[]string{"tini", "--", "sh"},
			[]snapshot.Process{proc(7, 1, "sh", catches(sigTERM)), job},
			"1 init SIGTERM read handler at 0s; 7 program SIGTERM handler handler at 0s; 8 rest last by kernel at 0s; takes 0s or more, 0 hard, status unknown",
		},
		{
			"a stubborn child",
			[]string{"tini", "-g", "--", "sh"},
			[]snapshot.Process{proc(7, 1, "sh", grouped(7), ignores(sigTERM)), job},
			"1 init SIGTERM read killed by engine at 10s; 7 program SIGTERM ignore killed by engine at 10s; 8 rest SIGTERM terminate ends at 0s; takes 10s, 2 hard, status 137",
		},
		{
			"an orphan and a session from outside",
			[]string{"tini", "--", "app"},
			[]snapshot.Process{app, proc(9, 1, "orphan"), proc(5, 0, "bash")},
			"1 init SIGTERM read ends at 0s; 7 program SIGTERM terminate ends at 0s; 5 rest killed by kernel at 0s; 9 rest killed by kernel at 0s; takes 0s, 2 hard, status 143",
		},
		{"not known", []string{"s6-svscan"}, []snapshot.Process{app}, "1 init SIGTERM read handler at 0s; 7 rest last by kernel at 0s; takes 0s or more, 0 hard, status unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Simulate(&Facts{Procs: append([]snapshot.Process{readInit(tt.words...)}, tt.rest...)})
			if got := story(&s); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
