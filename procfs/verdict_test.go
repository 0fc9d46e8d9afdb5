package procfs_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
)

const (
	hup  = int(syscall.SIGHUP)
	intr = int(syscall.SIGINT)
	quit = int(syscall.SIGQUIT)
	kill = int(syscall.SIGKILL)
	chld = int(syscall.SIGCHLD)
	cont = int(syscall.SIGCONT)
	stop = int(syscall.SIGSTOP)
	tstp = int(syscall.SIGTSTP)
)

var setOf = procfs.NewSignalSet

// target is a sleeping process with one thread that is in no sigwait.
func target(change ...func(*procfs.Target)) *procfs.Target {
	t := &procfs.Target{
		ID: procfs.ID{PID: 7}, State: procfs.StateSleeping, NSpid: []int{7}, PGRP: 7, Session: 7,
		Sigs: procfs.Signals{Known: true}, Tasks: []procfs.Task{{TID: 7, State: procfs.StateSleeping, Sigwait: procfs.No}},
		FDsRead: true, Orphaned: procfs.No,
	}
	for _, c := range change {
		c(t)
	}
	return t
}

func catches(n ...int) func(*procfs.Target) {
	return func(t *procfs.Target) { t.Sigs.Caught = setOf(n...) }
}

func ignores(n ...int) func(*procfs.Target) {
	return func(t *procfs.Target) { t.Sigs.Ignored = setOf(n...) }
}

func blocks(n ...int) func(*procfs.Target) {
	return func(t *procfs.Target) {
		t.Sigs.Blocked, t.MainBlocked = setOf(n...), setOf(n...)
		for i := range t.Tasks {
			t.Tasks[i].Blocked = setOf(n...)
		}
	}
}

func state(s procfs.State) func(*procfs.Target) {
	return func(t *procfs.Target) {
		t.State, t.Tasks[0].State = s, s
		if s.Zombie() {
			t.Tasks = nil
		}
	}
}

func pids(n ...int) func(*procfs.Target) {
	return func(t *procfs.Target) { t.ID.PID, t.NSpid = n[0], n }
}

func awaits(n ...int) func(*procfs.Target) {
	return func(t *procfs.Target) {
		t.Tasks[0].Sigwait, t.Tasks[0].Awaited, t.Tasks[0].AwaitedRead = procfs.Yes, setOf(n...), true
	}
}

// TestVerdict has what the kernel cannot be made to show in a test, and one case
// of each rule; the rest is in TestVerdictAgreesWithTheKernel of cmd/yinit.
func TestVerdict(t *testing.T) {
	anyone, host := procfs.Anyone(), procfs.Anyone()
	host.Depth = 1
	deep := procfs.Anyone()
	deep.Depth = 2
	stranger := procfs.Caller{PID: 9, UID: [4]uint32{1000, 1000, 1000, 1000}, Depth: 1, AllIDs: true, Session: 9}
	unasked := func(t *procfs.Target) { t.Sigs, t.Tasks[0].Sigwait = procfs.Signals{}, procfs.Untold }
	hidden := func(t *procfs.Target) { t.Tasks[0].Sigwait = procfs.Untold }
	inVfork := func(t *procfs.Target) { t.Tasks[0].Wchan = "wait_for_vfork_done.isra.0" }
	second := func(task procfs.Task) func(*procfs.Target) {
		return func(t *procfs.Target) { t.Tasks = append(t.Tasks, task) }
	}
	for name, test := range map[string]struct {
		target *procfs.Target
		n      int
		caller procfs.Caller
		want   procfs.Outcome
		reason string // part of it
	}{
		"no signal":             {target(), 0, anyone, procfs.OutcomeUnknown, "no such signal"},
		"default":               {target(), term, anyone, procfs.OutcomeTerminate, "no handler"},
		"core":                  {target(), quit, anyone, procfs.OutcomeCore, "if allowed"},
		"core, off":             {target(func(t *procfs.Target) { t.CoreOff = procfs.Yes }), quit, anyone, procfs.OutcomeCore, "limit 0"},
		"core, on":              {target(func(t *procfs.Target) { t.CoreOff = procfs.No }), quit, anyone, procfs.OutcomeCore, "with a core dump"},
		"handler":               {target(catches(term)), term, anyone, procfs.OutcomeHandler, "the program's handler"},
		"handler of libc":       {target(catches(33)), 33, anyone, procfs.OutcomeHandler, "C library"},
		"ignored":               {target(ignores(term)), term, anyone, procfs.OutcomeIgnore, "ignores"},
		"by default nothing":    {target(), chld, anyone, procfs.OutcomeDefaultIgnore, "nothing happens"},
		"CONT, not stopped":     {target(), cont, anyone, procfs.OutcomeDefaultIgnore, "not stopped"},
		"TSTP":                  {target(), tstp, anyone, procfs.OutcomeStop, "SIGCONT"},
		"TSTP, orphaned":        {target(func(t *procfs.Target) { t.Orphaned = procfs.Yes }), tstp, anyone, procfs.OutcomeDefaultIgnore, "orphaned"},
		"TSTP, who knows":       {target(func(t *procfs.Target) { t.Orphaned = procfs.Untold }), tstp, anyone, procfs.OutcomeUnknown, "orphaned"},
		"STOP, who knows":       {target(func(t *procfs.Target) { t.Orphaned = procfs.Untold }), stop, anyone, procfs.OutcomeStop, "cannot be caught"},
		"real-time":             {target(), 64, anyone, procfs.OutcomeTerminate, ""},
		"blocked":               {target(blocks(term)), term, anyone, procfs.OutcomePending, "nobody reads"},
		"blocked, one pending":  {target(blocks(term), func(t *procfs.Target) { t.Sigs.SharedPending = setOf(term) }), term, anyone, procfs.OutcomePending, "already"},
		"blocked and ignored":   {target(blocks(term), ignores(term)), term, anyone, procfs.OutcomePending, ""},
		"signalfd":              {target(blocks(term), func(t *procfs.Target) { t.SignalFDs = setOf(term) }), term, anyone, procfs.OutcomeRead, "signalfd"},
		"signalfd, another one": {target(blocks(term), func(t *procfs.Target) { t.SignalFDs = setOf(hup) }), term, anyone, procfs.OutcomePending, ""},
		"signalfd not seen":     {target(blocks(term), func(t *procfs.Target) { t.FDsRead = false }), term, anyone, procfs.OutcomeUnknown, "signalfd"},
		"signalfd, not blocked, core": {
			target(func(t *procfs.Target) { t.SignalFDs = setOf(quit, term) }), quit, anyone, procfs.OutcomeUnknown, "not blocked",
		},
		"signalfd, not blocked, fatal": {
			target(func(t *procfs.Target) { t.SignalFDs = setOf(quit, term) }), term, anyone, procfs.OutcomeTerminate, "",
		},
		"sigwait":              {target(awaits(term)), term, anyone, procfs.OutcomeRead, "sigwait"},
		"sigwait, another one": {target(awaits(hup)), term, anyone, procfs.OutcomeTerminate, ""},
		"sigwait not seen":     {target(hidden), term, anyone, procfs.OutcomeUnknown, "sigwait"},
		"sigwait not seen, ignored: it may be kept": {target(hidden, ignores(term)), term, anyone, procfs.OutcomeUnknown, "sigwait"},
		"sigwait not seen, KILL":                    {target(hidden), kill, anyone, procfs.OutcomeTerminate, ""},
		"sigwait not seen, blocked: not awaited":    {target(hidden, blocks(term)), term, anyone, procfs.OutcomePending, ""},
		"sigwait, for what is not seen": {
			target(func(t *procfs.Target) { t.Tasks[0].Sigwait = procfs.Yes }), term, anyone, procfs.OutcomeUnknown, "sigwait",
		},
		"two other threads, either": {
			target(blocks(term), second(procfs.Task{TID: 8, Sigwait: procfs.No}),
				second(procfs.Task{TID: 9, Sigwait: procfs.Yes, Awaited: setOf(term), AwaitedRead: true})),
			term, anyone, procfs.OutcomeUnknown, "by chance",
		},
		"threads not read": {target(blocks(term), func(t *procfs.Target) { t.Partial = true }), term, anyone, procfs.OutcomeUnknown, ""},
		"threads not read, but the main one takes it": {target(func(t *procfs.Target) { t.Partial = true }), term, anyone, procfs.OutcomeTerminate, ""},

		"stopped":                  {target(state('T')), term, anyone, procfs.OutcomePending, "SIGCONT"},
		"stopped, KILL":            {target(state('T')), kill, anyone, procfs.OutcomeTerminate, ""},
		"stopped, STOP":            {target(state('T')), stop, anyone, procfs.OutcomePending, "already"},
		"stopped, CONT":            {target(state('T')), cont, anyone, procfs.OutcomeContinue, "resumes"},
		"stopped, CONT caught":     {target(state('T'), catches(cont)), cont, anyone, procfs.OutcomeContinue, "handler"},
		"stopped, CONT blocked":    {target(state('T'), blocks(cont)), cont, anyone, procfs.OutcomeContinue, "blocked"},
		"stopped, ignored":         {target(state('T'), ignores(term)), term, anyone, procfs.OutcomeIgnore, ""},
		"stopped, nothing known":   {target(state('T'), unasked), term, anyone, procfs.OutcomeUnknown, ""},
		"held by a debugger":       {target(state('t')), term, anyone, procfs.OutcomePending, "debugger"},
		"traced":                   {target(func(t *procfs.Target) { t.Tracer = 99 }), term, anyone, procfs.OutcomeUnknown, "pid 99"},
		"sigwait, ends it":         {target(awaits(term)), term, anyone, procfs.OutcomeRead, "in sigwait (if it was blocked before)"},
		"sigwait, dropped":         {target(awaits(term), ignores(term)), term, anyone, procfs.OutcomeRead, "(if it was"},
		"sigwait, PID 1":           {target(awaits(term), pids(1), func(t *procfs.Target) { t.Tasks[0].TID = 1 }), term, anyone, procfs.OutcomeRead, "(if it was"},
		"disk, KILL":               {target(state('D')), kill, anyone, procfs.OutcomeTerminate, "cannot be caught; it may have to wait in the kernel first"},
		"disk, TERM":               {target(state('D')), term, anyone, procfs.OutcomeTerminate, "ends it; it may have to wait"},
		"disk, core":               {target(state('D')), quit, anyone, procfs.OutcomeCore, "; it may have to wait"},
		"disk, handler":            {target(state('D'), catches(term)), term, anyone, procfs.OutcomeHandler, "; it may have to wait"},
		"disk, STOP":               {target(state('D')), stop, anyone, procfs.OutcomeStop, "; it may have to wait"},
		"disk, blocked":            {target(state('D'), blocks(term)), term, anyone, procfs.OutcomePending, "nobody reads it"},
		"vfork, core":              {target(state('D'), inVfork), quit, anyone, procfs.OutcomeCore, "; not before its vfork child execs or ends"},
		"frozen, v1":               {target(func(t *procfs.Target) { t.Freezer = procfs.Freezer1 }), kill, anyone, procfs.OutcomePending, "thawed"},
		"frozen, v1, TERM":         {target(func(t *procfs.Target) { t.Freezer = procfs.Freezer1 }), term, anyone, procfs.OutcomePending, "thawed"},
		"frozen, v2, KILL":         {target(func(t *procfs.Target) { t.Freezer = procfs.Freezer2 }), kill, anyone, procfs.OutcomeTerminate, ""},
		"frozen, v2, fatal":        {target(func(t *procfs.Target) { t.Freezer = procfs.Freezer2 }), term, anyone, procfs.OutcomeTerminate, ""},
		"frozen, v2, caught":       {target(catches(term), func(t *procfs.Target) { t.Freezer = procfs.Freezer2 }), term, anyone, procfs.OutcomePending, "thawed"},
		"frozen, ignored":          {target(ignores(term), func(t *procfs.Target) { t.Freezer = procfs.Freezer1 }), term, anyone, procfs.OutcomeIgnore, ""},
		"zombie":                   {target(state('Z')), kill, anyone, procfs.OutcomeNoEffect, "ended"},
		"gVisor":                   {target(unasked), term, anyone, procfs.OutcomeUnknown, "does not tell"},
		"gVisor, KILL":             {target(unasked), kill, anyone, procfs.OutcomeTerminate, ""},
		"gVisor, PID 1, KILL":      {target(unasked, pids(1)), kill, anyone, procfs.OutcomeShielded, ""},
		"thread of the kernel":     {target(func(t *procfs.Target) { t.Kernel = true }), kill, anyone, procfs.OutcomeIgnore, "kernel"},
		"by what it ignores":       {target(ignores(kill, term)), term, anyone, procfs.OutcomeIgnore, "kernel"},
		"kernel, allow_signal":     {target(catches(kill), func(t *procfs.Target) { t.Kernel = true }), kill, anyone, procfs.OutcomeUnknown, "kernel"},
		"PID 1":                    {target(pids(1)), term, anyone, procfs.OutcomeShielded, "drops"},
		"PID 1, KILL":              {target(pids(1)), kill, anyone, procfs.OutcomeShielded, "inside"},
		"PID 1, CHLD":              {target(pids(1)), chld, anyone, procfs.OutcomeDefaultIgnore, ""},
		"PID 1, blocked":           {target(pids(1), blocks(term)), term, anyone, procfs.OutcomePending, ""},
		"PID 1 below, KILL":        {target(pids(7, 1)), kill, host, procfs.OutcomeTerminate, "outside"},
		"PID 1 below, TERM":        {target(pids(7, 1)), term, host, procfs.OutcomeShielded, ""},
		"PID 1 two below, KILL":    {target(pids(7, 3, 1)), kill, host, procfs.OutcomeTerminate, ""},
		"PID 1 somewhere, KILL":    {target(pids(7, 1)), kill, deep, procfs.OutcomeUnknown, "from where"},
		"PID 1 of the first, KILL": {target(pids(1)), kill, deep, procfs.OutcomeShielded, ""},
		"no NSpid, PID 1, KILL":    {target(func(t *procfs.Target) { t.ID.PID, t.NSpid = 1, nil }), kill, anyone, procfs.OutcomeShielded, ""},

		"denied":           {target(), term, stranger, procfs.OutcomeDenied, "may not"},
		"denied, a zombie": {target(state('Z')), term, stranger, procfs.OutcomeDenied, ""},
		"not known": {
			target(func(t *procfs.Target) { t.UID = [4]uint32{procfs.NoID, procfs.NoID, procfs.NoID, procfs.NoID} }), term, stranger, procfs.OutcomeUnknown, "not known",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "denied" || name == "denied, a zombie" {
				test.target.UserNS = procfs.KinSame
			}
			got, reason := procfs.Verdict(test.target, test.n, test.caller)
			if got != test.want || !strings.Contains(reason, test.reason) {
				t.Errorf("Verdict(%s) = %v, %q, want %v, %q", procfs.SignalName(test.n), got, reason, test.want, test.reason)
			}
		})
	}
}

// TestSigwaitForSure: what would neither end the process nor be dropped is read in
// any case.
func TestSigwaitForSure(t *testing.T) {
	const want = "a thread waits for it in sigwait"
	second := func(t *procfs.Target) {
		t.Tasks = append(t.Tasks, procfs.Task{TID: 8, State: 'S', Sigwait: procfs.Yes, Awaited: setOf(term), AwaitedRead: true})
	}
	for n, tg := range map[int]*procfs.Target{
		quit: target(awaits(quit)), tstp: target(awaits(tstp)), usr1: target(awaits(usr1), catches(usr1)),
		term: target(blocks(term), ignores(term), second),
	} {
		if got, reason := procfs.Verdict(tg, n, procfs.Anyone()); got != procfs.OutcomeRead || reason != want {
			t.Errorf("Verdict(%s) = %v, %q, want %q", procfs.SignalName(n), got, reason, want)
		}
	}
}

// TestFatalSignalsEndVfork: at once, so nothing is added to their reasons.
func TestFatalSignalsEndVfork(t *testing.T) {
	for _, n := range []int{term, kill} {
		tg := target(state('D'))
		tg.Tasks[0].Wchan = "kernel_clone"
		want := map[int]string{term: "it has no handler: the default action ends it", kill: "cannot be caught"}[n]
		if got, reason := procfs.Verdict(tg, n, procfs.Anyone()); got != procfs.OutcomeTerminate || reason != want {
			t.Errorf("Verdict(%s) = %v, %q, want %q", procfs.SignalName(n), got, reason, want)
		}
	}
}

func TestLanguageInTheReason(t *testing.T) {
	for _, test := range []struct {
		language procfs.Language
		n        int
		want     string
	}{
		{procfs.Go, term, "the Go runtime's handler"},
		{procfs.Node, term, "Node's handler"},
		{procfs.Node, hup, "the program's handler"},
		{procfs.Node, usr1, "debugger"},
		{procfs.Python, intr, "KeyboardInterrupt"},
		{procfs.Python, term, "the program's handler"},
		{procfs.Java, term, "shutdown hooks"},
		{procfs.Java, quit, "prints all stacks"},
		{procfs.Java, int(syscall.SIGSEGV), "the JVM's handler: it reports a crash"},
		{procfs.Java, usr2, "the JVM's handler, which may crash it"},
		{procfs.Java, int(syscall.SIGPIPE), "the JVM's handler: nothing happens"},
		{procfs.Java, 62, "the JVM's handler: nothing happens"},
		{procfs.Java, usr1, "the program's handler"},
		{procfs.Node, int(syscall.SIGSEGV), "Node's handler"},
	} {
		tg := target(catches(test.n))
		tg.Language = test.language
		if got, reason := procfs.Verdict(tg, test.n, procfs.Anyone()); got != procfs.OutcomeHandler || !strings.Contains(reason, test.want) {
			t.Errorf("%v: Verdict(%s) = %v, %q, want %q in it", test.language, procfs.SignalName(test.n), got, reason, test.want)
		}
	}
}

// TestOutcomeWords: scripts rely on them.
func TestOutcomeWords(t *testing.T) {
	want := strings.Fields("unknown terminate core stop continue handler ignore default-ignore read pending shielded no-effect denied")
	var got []string
	for o := procfs.OutcomeUnknown; o <= procfs.OutcomeDenied; o++ {
		got = append(got, o.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the outcomes are %q, want %q", got, want)
	}
}

// TestReasonsAreShort: they stand beside a verdict, on one line of 80 columns.
func TestReasonsAreShort(t *testing.T) {
	for _, l := range []procfs.Language{procfs.NoLanguage, procfs.Go, procfs.Node, procfs.Python, procfs.Java} {
		for _, sigs := range []procfs.Signals{{}, {Known: true}, {Known: true, Caught: ^setOf(kill, stop)}, {Known: true, Ignored: ^setOf(kill, stop)}} {
			for _, off := range []procfs.Answer{procfs.Untold, procfs.No, procfs.Yes} {
				for n := 1; n <= 64; n++ {
					tg := target()
					tg.Sigs, tg.Language, tg.CoreOff, tg.Orphaned, tg.Tracer = sigs, l, off, off, int(off)*4194304/2
					outcome, reason := procfs.Verdict(tg, n, procfs.Anyone())
					if reason == "" || len(reason) > 62 || len(outcome.String()) > 14 {
						t.Errorf("%s: %v, %q is too long, or nothing", procfs.SignalName(n), outcome, reason)
					}
				}
			}
		}
	}
}

func FuzzVerdict(f *testing.F) {
	f.Add(uint64(0), uint64(1<<14), uint64(0), uint64(0), byte('S'), 15, 7, 1, byte(0))
	f.Fuzz(func(t *testing.T, blocked, caught, ignored, awaited uint64, st byte, n, pid, depth int, answers byte) {
		a := procfs.Answer(answers % 3)
		tg := &procfs.Target{
			ID: procfs.ID{PID: pid}, State: procfs.State(st), NSpid: []int{pid, pid}[:int(answers>>2)%3],
			Sigs:     procfs.Signals{Known: answers&1 == 0, Blocked: procfs.SignalSet(blocked), Caught: procfs.SignalSet(caught), Ignored: procfs.SignalSet(ignored)},
			Tasks:    []procfs.Task{{TID: pid, Blocked: procfs.SignalSet(blocked), Sigwait: a, Awaited: procfs.SignalSet(awaited), AwaitedRead: answers&2 == 0}},
			Language: procfs.Language(answers), UserNS: procfs.Kinship(answers), Permitted: a, Freezer: procfs.Freezer(answers % 3),
		}
		outcome, reason := procfs.Verdict(tg, n, procfs.Caller{Depth: depth, May: answers&4 == 0})
		if outcome > procfs.OutcomeDenied || reason == "" {
			t.Errorf("Verdict = %v, %q", outcome, reason)
		}
	})
}

func BenchmarkVerdict(b *testing.B) {
	tg, anyone := target(catches(hup)), procfs.Anyone()
	for b.Loop() {
		procfs.Verdict(tg, term, anyone)
	}
}
