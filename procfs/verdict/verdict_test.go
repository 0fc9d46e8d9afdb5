package verdict_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
	"yinit/procfs/verdict"
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
	term = int(syscall.SIGTERM)
	usr1 = int(syscall.SIGUSR1)
	usr2 = int(syscall.SIGUSR2)
)

var setOf = procfs.NewSignalSet

// target returns a sleeping process with one thread that is not in sigwait.
func target(change ...func(*verdict.Target)) *verdict.Target {
	t := &verdict.Target{
		ID: procfs.ID{PID: 7}, State: procfs.StateSleeping, NSpid: []int{7}, PGRP: 7, Session: 7,
		Sigs: procfs.Signals{Known: true}, Tasks: []verdict.Task{{TID: 7, State: procfs.StateSleeping, Sigwait: verdict.No}},
		FDsRead: true, Orphaned: verdict.No,
	}
	for _, c := range change {
		c(t)
	}
	return t
}

func catches(n ...int) func(*verdict.Target) {
	return func(t *verdict.Target) { t.Sigs.Caught = setOf(n...) }
}

func ignores(n ...int) func(*verdict.Target) {
	return func(t *verdict.Target) { t.Sigs.Ignored = setOf(n...) }
}

func blocks(n ...int) func(*verdict.Target) {
	return func(t *verdict.Target) {
		t.Sigs.Blocked, t.MainBlocked = setOf(n...), setOf(n...)
		for i := range t.Tasks {
			t.Tasks[i].Blocked = setOf(n...)
		}
	}
}

func state(s procfs.State) func(*verdict.Target) {
	return func(t *verdict.Target) {
		t.State, t.Tasks[0].State = s, s
		if s.Zombie() {
			t.Tasks = nil
		}
	}
}

func pids(n ...int) func(*verdict.Target) {
	return func(t *verdict.Target) { t.ID.PID, t.NSpid = n[0], n }
}

func awaits(n ...int) func(*verdict.Target) {
	return func(t *verdict.Target) {
		t.Tasks[0].Sigwait, t.Tasks[0].Awaited, t.Tasks[0].AwaitedRead = verdict.Yes, setOf(n...), true
	}
}

// TestVerdict has a case for each rule, and cases that a test cannot bring about in the
// kernel. TestVerdictAgreesWithTheKernel of cmd/yinit has the rest.
func TestVerdict(t *testing.T) {
	anyone, host := verdict.Anyone(), verdict.Anyone()
	host.Depth = 1
	deep := verdict.Anyone()
	deep.Depth = 2
	stranger := verdict.Caller{PID: 9, UID: [4]uint32{1000, 1000, 1000, 1000}, Depth: 1, AllIDs: true, Session: 9}
	unasked := func(t *verdict.Target) { t.Sigs, t.Tasks[0].Sigwait = procfs.Signals{}, verdict.Unknown }
	hidden := func(t *verdict.Target) { t.Tasks[0].Sigwait = verdict.Unknown }
	inVfork := func(t *verdict.Target) { t.Tasks[0].Wchan = "wait_for_vfork_done.isra.0" }
	second := func(task verdict.Task) func(*verdict.Target) {
		return func(t *verdict.Target) { t.Tasks = append(t.Tasks, task) }
	}
	firstThread := func(t *verdict.Target) { t.Tasks[0].TID = 1 }
	open := second(verdict.Task{TID: 8, State: 'S', Sigwait: verdict.No})
	waits := second(verdict.Task{TID: 8, State: 'S', Sigwait: verdict.Yes, Awaited: setOf(term), AwaitedRead: true})
	for name, test := range map[string]struct {
		target *verdict.Target
		n      int
		caller verdict.Caller
		want   verdict.Outcome
		reason string // part of it
	}{
		"no signal":             {target(), 0, anyone, verdict.OutcomeUnknown, "no such signal"},
		"default":               {target(), term, anyone, verdict.OutcomeTerminate, "no handler"},
		"core":                  {target(), quit, anyone, verdict.OutcomeCore, "if allowed"},
		"core, off":             {target(func(t *verdict.Target) { t.CoreOff = verdict.Yes }), quit, anyone, verdict.OutcomeCore, "limit 0"},
		"core, on":              {target(func(t *verdict.Target) { t.CoreOff = verdict.No }), quit, anyone, verdict.OutcomeCore, "with a core dump"},
		"handler":               {target(catches(term)), term, anyone, verdict.OutcomeHandler, "the program's handler"},
		"handler of libc":       {target(catches(33)), 33, anyone, verdict.OutcomeHandler, "C library"},
		"ignored":               {target(ignores(term)), term, anyone, verdict.OutcomeIgnore, "ignores"},
		"ignored by default":    {target(), chld, anyone, verdict.OutcomeDefaultIgnore, "to ignore it"},
		"CONT, not stopped":     {target(), cont, anyone, verdict.OutcomeDefaultIgnore, "not stopped"},
		"TSTP":                  {target(), tstp, anyone, verdict.OutcomeStop, "SIGCONT"},
		"TSTP, orphaned":        {target(func(t *verdict.Target) { t.Orphaned = verdict.Yes }), tstp, anyone, verdict.OutcomeDefaultIgnore, "orphaned"},
		"TSTP, who knows":       {target(func(t *verdict.Target) { t.Orphaned = verdict.Unknown }), tstp, anyone, verdict.OutcomeUnknown, "orphaned"},
		"STOP, who knows":       {target(func(t *verdict.Target) { t.Orphaned = verdict.Unknown }), stop, anyone, verdict.OutcomeStop, "cannot be caught"},
		"real-time":             {target(), 64, anyone, verdict.OutcomeTerminate, ""},
		"blocked":               {target(blocks(term)), term, anyone, verdict.OutcomePending, "nothing reads"},
		"blocked, one pending":  {target(blocks(term), func(t *verdict.Target) { t.Sigs.SharedPending = setOf(term) }), term, anyone, verdict.OutcomePending, "already"},
		"blocked and ignored":   {target(blocks(term), ignores(term)), term, anyone, verdict.OutcomePending, ""},
		"signalfd":              {target(blocks(term), func(t *verdict.Target) { t.SignalFDs = setOf(term) }), term, anyone, verdict.OutcomeRead, "signalfd"},
		"signalfd, another one": {target(blocks(term), func(t *verdict.Target) { t.SignalFDs = setOf(hup) }), term, anyone, verdict.OutcomePending, ""},
		"signalfd not seen":     {target(blocks(term), func(t *verdict.Target) { t.FDsRead = false }), term, anyone, verdict.OutcomeUnknown, "signalfd"},
		"signalfd, not blocked, core": {
			target(func(t *verdict.Target) { t.SignalFDs = setOf(quit, term) }), quit, anyone, verdict.OutcomeUnknown, "not blocked",
		},
		"signalfd, not blocked, fatal": {
			target(func(t *verdict.Target) { t.SignalFDs = setOf(quit, term) }), term, anyone, verdict.OutcomeTerminate, "",
		},
		"sigwait":                   {target(awaits(term)), term, anyone, verdict.OutcomeRead, "sigwait"},
		"sigwait, another one":      {target(awaits(hup)), term, anyone, verdict.OutcomeTerminate, ""},
		"sigwait not seen":          {target(hidden), term, anyone, verdict.OutcomeUnknown, "sigwait"},
		"sigwait not seen, ignored": {target(hidden, ignores(term)), term, anyone, verdict.OutcomeIgnore, "unless it waits for it in sigwait"},
		"sigwait not seen, caught":  {target(hidden, catches(term)), term, anyone, verdict.OutcomeHandler, "unless it waits for it in sigwait"},
		"sigwait not seen, CHLD":    {target(hidden), chld, anyone, verdict.OutcomeUnknown, "sigwait"},
		"sigwait not seen, caught, another thread waits": {
			target(hidden, catches(term), second(verdict.Task{TID: 8, Sigwait: verdict.Yes})), term, anyone, verdict.OutcomeUnknown, "sigwait",
		},
		"sigwait not seen, caught, main blocks it": {
			target(catches(term), blocks(term), second(verdict.Task{TID: 8, Sigwait: verdict.Unknown})), term, anyone, verdict.OutcomeHandler, "unless",
		},
		"sigwait not seen, caught, traced": {
			target(hidden, catches(term), func(t *verdict.Target) { t.Tracer = 5 }), term, anyone, verdict.OutcomeUnknown, "",
		},
		"sigwait not seen, KILL":                 {target(hidden), kill, anyone, verdict.OutcomeTerminate, ""},
		"sigwait not seen, blocked: not awaited": {target(hidden, blocks(term)), term, anyone, verdict.OutcomePending, ""},
		"sigwait, for what is not seen": {
			target(func(t *verdict.Target) { t.Tasks[0].Sigwait = verdict.Yes }), term, anyone, verdict.OutcomeUnknown, "sigwait",
		},
		"two other threads, either": {
			target(blocks(term), second(verdict.Task{TID: 8, Sigwait: verdict.No}),
				second(verdict.Task{TID: 9, Sigwait: verdict.Yes, Awaited: setOf(term), AwaitedRead: true})),
			term, anyone, verdict.OutcomeUnknown, "or another thread",
		},
		"threads not read": {target(blocks(term), func(t *verdict.Target) { t.Partial = true }), term, anyone, verdict.OutcomeUnknown, ""},
		"threads not read, but the main one takes it": {target(func(t *verdict.Target) { t.Partial = true }), term, anyone, verdict.OutcomeTerminate, ""},

		"stopped":                  {target(state('T')), term, anyone, verdict.OutcomePending, "SIGCONT"},
		"stopped, KILL":            {target(state('T')), kill, anyone, verdict.OutcomeTerminate, ""},
		"stopped, STOP":            {target(state('T')), stop, anyone, verdict.OutcomePending, "already"},
		"stopped, CONT":            {target(state('T')), cont, anyone, verdict.OutcomeContinue, "resumes"},
		"stopped, CONT caught":     {target(state('T'), catches(cont)), cont, anyone, verdict.OutcomeContinue, "handler"},
		"stopped, CONT blocked":    {target(state('T'), blocks(cont)), cont, anyone, verdict.OutcomeContinue, "blocked"},
		"stopped, ignored":         {target(state('T'), ignores(term)), term, anyone, verdict.OutcomeIgnore, ""},
		"stopped, nothing known":   {target(state('T'), unasked), term, anyone, verdict.OutcomeUnknown, ""},
		"held by a debugger":       {target(state('t')), term, anyone, verdict.OutcomePending, "debugger"},
		"traced":                   {target(func(t *verdict.Target) { t.Tracer = 99 }), term, anyone, verdict.OutcomeUnknown, "pid 99"},
		"sigwait, ends it":         {target(awaits(term)), term, anyone, verdict.OutcomeRead, "in sigwait (if it was blocked before)"},
		"sigwait, dropped":         {target(awaits(term), ignores(term)), term, anyone, verdict.OutcomeRead, "(if it was"},
		"sigwait, PID 1":           {target(awaits(term), pids(1), func(t *verdict.Target) { t.Tasks[0].TID = 1 }), term, anyone, verdict.OutcomeRead, "(if it was"},
		"disk, KILL":               {target(state('D')), kill, anyone, verdict.OutcomeTerminate, "cannot be caught; uninterruptible sleep may delay it"},
		"disk, TERM":               {target(state('D')), term, anyone, verdict.OutcomeTerminate, "ends it; uninterruptible sleep"},
		"disk, core":               {target(state('D')), quit, anyone, verdict.OutcomeCore, "; uninterruptible sleep"},
		"disk, handler":            {target(state('D'), catches(term)), term, anyone, verdict.OutcomeHandler, "; uninterruptible sleep"},
		"disk, STOP":               {target(state('D')), stop, anyone, verdict.OutcomeStop, "; uninterruptible sleep"},
		"disk, blocked":            {target(state('D'), blocks(term)), term, anyone, verdict.OutcomePending, "nothing reads it"},
		"vfork, core":              {target(state('D'), inVfork), quit, anyone, verdict.OutcomeCore, "; not until its vfork child execs or exits"},
		"frozen, v1":               {target(func(t *verdict.Target) { t.Freezer = verdict.Freezer1 }), kill, anyone, verdict.OutcomePending, "thawed"},
		"frozen, v1, TERM":         {target(func(t *verdict.Target) { t.Freezer = verdict.Freezer1 }), term, anyone, verdict.OutcomePending, "thawed"},
		"frozen, v2, KILL":         {target(func(t *verdict.Target) { t.Freezer = verdict.Freezer2 }), kill, anyone, verdict.OutcomeTerminate, ""},
		"frozen, v2, fatal":        {target(func(t *verdict.Target) { t.Freezer = verdict.Freezer2 }), term, anyone, verdict.OutcomeTerminate, ""},
		"frozen, v2, caught":       {target(catches(term), func(t *verdict.Target) { t.Freezer = verdict.Freezer2 }), term, anyone, verdict.OutcomePending, "thawed"},
		"frozen, ignored":          {target(ignores(term), func(t *verdict.Target) { t.Freezer = verdict.Freezer1 }), term, anyone, verdict.OutcomeIgnore, ""},
		"zombie":                   {target(state('Z')), kill, anyone, verdict.OutcomeNoEffect, "ended"},
		"gVisor":                   {target(unasked), term, anyone, verdict.OutcomeUnknown, "does not report"},
		"gVisor, KILL":             {target(unasked), kill, anyone, verdict.OutcomeTerminate, ""},
		"gVisor, PID 1, KILL":      {target(unasked, pids(1)), kill, anyone, verdict.OutcomeShielded, ""},
		"thread of the kernel":     {target(func(t *verdict.Target) { t.Kernel = true }), kill, anyone, verdict.OutcomeIgnore, "kernel"},
		"by what it ignores":       {target(ignores(kill, term)), term, anyone, verdict.OutcomeIgnore, "kernel"},
		"kernel, allow_signal":     {target(catches(kill), func(t *verdict.Target) { t.Kernel = true }), kill, anyone, verdict.OutcomeUnknown, "kernel"},
		"PID 1":                    {target(pids(1)), term, anyone, verdict.OutcomeShielded, "drops"},
		"PID 1, KILL":              {target(pids(1)), kill, anyone, verdict.OutcomeShielded, "inside"},
		"PID 1, CHLD":              {target(pids(1)), chld, anyone, verdict.OutcomeDefaultIgnore, ""},
		"PID 1, blocked":           {target(pids(1), blocks(term)), term, anyone, verdict.OutcomePending, ""},
		"PID 1 below, KILL":        {target(pids(7, 1)), kill, host, verdict.OutcomeTerminate, "outside"},
		"PID 1 below, TERM":        {target(pids(7, 1)), term, host, verdict.OutcomeShielded, ""},
		"PID 1 two below, KILL":    {target(pids(7, 3, 1)), kill, host, verdict.OutcomeTerminate, ""},
		"PID 1 somewhere, KILL":    {target(pids(7, 1)), kill, deep, verdict.OutcomeUnknown, "in its namespace"},
		"PID 1 of the first, KILL": {target(pids(1)), kill, deep, verdict.OutcomeShielded, ""},
		"no NSpid, PID 1, KILL":    {target(func(t *verdict.Target) { t.ID.PID, t.NSpid = 1, nil }), kill, anyone, verdict.OutcomeShielded, ""},

		"PID 1, another thread takes it":         {target(pids(1), firstThread, blocks(term, quit, chld), open), term, anyone, verdict.OutcomeUnknown, "some kernels then end PID 1"},
		"PID 1, another thread, real-time":       {target(pids(1), firstThread, blocks(64), open), 64, anyone, verdict.OutcomeUnknown, "some kernels then end PID 1"},
		"PID 1, another thread, from outside":    {target(pids(7, 1), blocks(term), open), term, host, verdict.OutcomeUnknown, "some kernels then end PID 1"},
		"PID 1, another thread, core":            {target(pids(1), firstThread, blocks(quit), open), quit, anyone, verdict.OutcomeShielded, "drops"},
		"PID 1, another thread, TSTP":            {target(pids(1), firstThread, blocks(tstp), open), tstp, anyone, verdict.OutcomeShielded, "drops"},
		"PID 1, another thread, CHLD":            {target(pids(1), firstThread, blocks(chld), open), chld, anyone, verdict.OutcomeDefaultIgnore, ""},
		"PID 1, another thread, caught":          {target(pids(1), firstThread, blocks(term), catches(term), open), term, anyone, verdict.OutcomeHandler, ""},
		"PID 1, another thread, ignored":         {target(pids(1), firstThread, blocks(term), ignores(term), open), term, anyone, verdict.OutcomeIgnore, ""},
		"PID 1, another thread, main is open":    {target(pids(1), firstThread, open), term, anyone, verdict.OutcomeShielded, "drops"},
		"PID 1, another thread waits in sigwait": {target(pids(1), firstThread, blocks(term), waits), term, anyone, verdict.OutcomeRead, "sigwait"},
		"PID 1, another thread blocks it, too":   {target(pids(1), firstThread, open, blocks(term)), term, anyone, verdict.OutcomePending, ""},

		"denied":           {target(), term, stranger, verdict.OutcomeDenied, "uid 1000 may not signal uid 0 without CAP_KILL"},
		"denied, a zombie": {target(state('Z')), term, stranger, verdict.OutcomeDenied, ""},
		"cannot tell whether the caller": {
			target(func(t *verdict.Target) { t.UID = [4]uint32{procfs.NoID, procfs.NoID, procfs.NoID, procfs.NoID} }), term, stranger, verdict.OutcomeUnknown, "cannot tell whether the caller",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "denied" || name == "denied, a zombie" {
				test.target.UserNS = verdict.NSSame
			}
			got, reason := verdict.Of(test.target, test.n, test.caller)
			if got != test.want || !strings.Contains(reason, test.reason) {
				t.Errorf("Verdict(%s) = %v, %q, want %v, %q", procfs.SignalName(test.n), got, reason, test.want, test.reason)
			}
		})
	}
}

// TestSigwaitUnconditional checks that a signal which would neither end the process nor
// be dropped is read in any case.
func TestSigwaitUnconditional(t *testing.T) {
	const want = "a thread waits for it in sigwait"
	second := func(t *verdict.Target) {
		t.Tasks = append(t.Tasks, verdict.Task{TID: 8, State: 'S', Sigwait: verdict.Yes, Awaited: setOf(term), AwaitedRead: true})
	}
	for n, tg := range map[int]*verdict.Target{
		quit: target(awaits(quit)), tstp: target(awaits(tstp)), usr1: target(awaits(usr1), catches(usr1)),
		term: target(blocks(term), ignores(term), second),
	} {
		if got, reason := verdict.Of(tg, n, verdict.Anyone()); got != verdict.OutcomeRead || reason != want {
			t.Errorf("Verdict(%s) = %v, %q, want %q", procfs.SignalName(n), got, reason, want)
		}
	}
}

// TestFatalSignalsEndVfork checks that the reasons for fatal signals mention no delay,
// because they end vfork at once.
func TestFatalSignalsEndVfork(t *testing.T) {
	for _, n := range []int{term, kill} {
		tg := target(state('D'))
		tg.Tasks[0].Wchan = "kernel_clone"
		want := map[int]string{term: "it has no handler: the default action ends it", kill: "cannot be caught"}[n]
		if got, reason := verdict.Of(tg, n, verdict.Anyone()); got != verdict.OutcomeTerminate || reason != want {
			t.Errorf("Verdict(%s) = %v, %q, want %q", procfs.SignalName(n), got, reason, want)
		}
	}
}

func TestLanguageInTheReason(t *testing.T) {
	for _, test := range []struct {
		language verdict.Language
		n        int
		want     string
	}{
		{verdict.Go, term, "the Go runtime's handler"},
		{verdict.Node, term, "Node's handler"},
		{verdict.Node, hup, "the program's handler"},
		{verdict.Node, usr1, "debugger"},
		{verdict.Python, intr, "KeyboardInterrupt"},
		{verdict.Python, term, "the program's handler"},
		{verdict.Java, term, "shutdown hooks"},
		{verdict.Java, quit, "prints all thread stacks"},
		{verdict.Java, int(syscall.SIGSEGV), "the JVM's handler: reports a crash"},
		{verdict.Java, usr2, "the JVM's handler, which may crash the JVM"},
		{verdict.Java, int(syscall.SIGPIPE), "the JVM's handler, which does nothing"},
		{verdict.Java, 62, "the JVM's handler, which does nothing"},
		{verdict.Java, usr1, "the program's handler"},
		{verdict.Node, int(syscall.SIGSEGV), "Node's handler"},
	} {
		tg := target(catches(test.n))
		tg.Language = test.language
		if got, reason := verdict.Of(tg, test.n, verdict.Anyone()); got != verdict.OutcomeHandler || !strings.Contains(reason, test.want) {
			t.Errorf("%v: Verdict(%s) = %v, %q, want %q in it", test.language, procfs.SignalName(test.n), got, reason, test.want)
		}
	}
}

// TestOutcomeWords checks the words, which scripts rely on.
func TestOutcomeWords(t *testing.T) {
	want := strings.Fields("unknown terminate core stop continue handler ignore default-ignore read pending shielded no-effect denied")
	var got []string
	for o := verdict.OutcomeUnknown; o <= verdict.OutcomeDenied; o++ {
		got = append(got, o.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the outcomes are %q, want %q", got, want)
	}
}

// TestReasonsAreShort checks that a verdict and its reason fit on one line of 80
// columns.
func TestReasonsAreShort(t *testing.T) {
	for _, l := range []verdict.Language{verdict.NoLanguage, verdict.Go, verdict.Node, verdict.Python, verdict.Java} {
		for _, sigs := range []procfs.Signals{{}, {Known: true}, {Known: true, Caught: ^setOf(kill, stop)}, {Known: true, Ignored: ^setOf(kill, stop)}} {
			for _, off := range []verdict.Answer{verdict.Unknown, verdict.No, verdict.Yes} {
				for n := 1; n <= 64; n++ {
					tg := target()
					tg.Sigs, tg.Language, tg.CoreOff, tg.Orphaned, tg.Tracer = sigs, l, off, off, int(off)*4194304/2
					outcome, reason := verdict.Of(tg, n, verdict.Anyone())
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
		a := verdict.Answer(answers % 3)
		tg := &verdict.Target{
			ID: procfs.ID{PID: pid}, State: procfs.State(st), NSpid: []int{pid, pid}[:int(answers>>2)%3],
			Sigs:     procfs.Signals{Known: answers&1 == 0, Blocked: procfs.SignalSet(blocked), Caught: procfs.SignalSet(caught), Ignored: procfs.SignalSet(ignored)},
			Tasks:    []verdict.Task{{TID: pid, Blocked: procfs.SignalSet(blocked), Sigwait: a, Awaited: procfs.SignalSet(awaited), AwaitedRead: answers&2 == 0}},
			Language: verdict.Language(answers), UserNS: verdict.NSRelation(answers), Permitted: a, Freezer: verdict.Freezer(answers % 3),
		}
		outcome, reason := verdict.Of(tg, n, verdict.Caller{Depth: depth, Unrestricted: answers&4 == 0})
		if outcome > verdict.OutcomeDenied || reason == "" {
			t.Errorf("Verdict = %v, %q", outcome, reason)
		}
	})
}

func BenchmarkVerdict(b *testing.B) {
	tg, anyone := target(catches(hup)), verdict.Anyone()
	for b.Loop() {
		verdict.Of(tg, term, anyone)
	}
}
