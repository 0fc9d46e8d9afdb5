package doctor

import (
	"cmp"
	"slices"
	"syscall"
	"time"

	"yinit/procfs"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

const (
	sigTERM = int(syscall.SIGTERM)
	sigKILL = int(syscall.SIGKILL)
	sigHalt = 37 // SIGRTMIN+3, at which systemd(1) halts
)

// How long an engine waits before it sends SIGKILL, unless it is told otherwise.
const (
	DockerTimeout     = 10 * time.Second
	KubernetesTimeout = 30 * time.Second
)

// Policy is what yinit as PID 1 does at a stop, by its options.
type Policy struct {
	Known     bool          // the options were read; else these are the defaults
	Delay     time.Duration // --delay
	KillAfter time.Duration // --kill-after; 0: never
	Grace     time.Duration // --grace; 0: what is left is left to the kernel
	StopOK    bool          // --stop-ok
	Stays     bool          // it may outlive a program: it restarts or ignores one (on_exit)
}

// A Role is the part that a process has in a stop.
type Role uint8

// The roles, in the order in which a stop treats them.
const (
	RoleInit    Role = iota // PID 1, which gets the signal from the engine
	RoleProgram             // a program of yinit, or the child of another known init, which gets the stop signal
	RoleRest                // gets SIGTERM and SIGCONT when the programs of yinit have ended, or nothing
)

// String returns the role in a word.
func (r Role) String() string { return [...]string{"init", "program", "rest"}[min(r, RoleRest)] }

// A Fate is how a process ends in a stop.
type Fate uint8

// The fates.
const (
	FateUnknown Fate = iota // what decides is not known
	FateEnds                // the signal ends it at once
	FateHandler             // its handler runs, and may end it
	FateKilled              // SIGKILL ends it
	FateLast                // it gets no signal; the kernel kills it when PID 1 ends, if PID 1 has not ended it
)

// A Killer sends the SIGKILL.
type Killer uint8

// The killers.
const (
	NoKiller Killer = iota
	ByEngine        // at the engine's timeout, or the kernel, because the engine has killed PID 1
	ByInit          // --kill-after
	ByGrace         // --grace
	ByKernel        // because PID 1 has ended
)

// String returns the killer in a word, "" for none.
func (k Killer) String() string {
	return [...]string{"", "engine", "kill-after", "grace", "kernel"}[min(k, ByKernel)]
}

// A Step is what a stop does to one process.
type Step struct {
	Process *snapshot.Process
	At      time.Duration   // from the begin of the stop until its end, at least
	Signal  int             // the signal that it gets; 0: none
	Outcome verdict.Outcome // what that does
	Role    Role
	Fate    Fate
	By      Killer // of a process with FateKilled or FateLast
}

// Reason says why the signal has this outcome; "" if there is none, or it is not known.
func (s *Step) Reason() string {
	if s.Signal == 0 || s.Process.Target == nil {
		return ""
	}
	o, why := verdict.Of(target(s.Process, s.Role != RoleInit), s.Signal, verdict.Anyone())
	if o != s.Outcome {
		return ""
	}
	return why
}

// Hard reports whether the process gets SIGKILL.
func (s *Step) Hard() bool { return s.Fate == FateKilled }

// A Stop is what docker stop, or another engine, would do.
type Stop struct {
	Possible bool           // PID 1 is that of a container, and has been read
	Relayed  bool           // PID 1 is yinit
	Reacts   verdict.Answer // PID 1 acts on the signal
	Signal   int            // that the engine sends
	Timeout  time.Duration  // of the engine
	Steps    []Step         // in the order of the stop
	Takes    time.Duration  // until PID 1 has ended
	AtLeast  bool           // Takes is a lower bound: handlers run for a time that is not known
	Hard     int            // how many processes get SIGKILL
	Doubt    int            // how many may get it
	Status   int            // the exit status that the engine sees, if Known
	Known    bool
}

// Follows reports whether a stop depends on what the signals do to other processes than PID 1,
// or the advice on their command lines: PID 1 is yinit, another init that is known, or a shell.
func Follows(first *snapshot.Process) bool {
	_, known := knownInitOf(first.Comm)
	return known || first.Target != nil && first.Target.Relay != nil || slices.Contains(shells[:], first.Comm)
}

// Simulate says what a stop would do.
func Simulate(f *Facts) Stop {
	s := Stop{Signal: cmp.Or(f.Signal, sigTERM), Timeout: cmp.Or(f.Timeout, DockerTimeout)}
	first := f.find(1)
	if first == nil || f.Reader == 1 || f.Machine() {
		return s
	}
	s.Possible = true
	init := Step{Process: first, Role: RoleInit, Signal: s.Signal}
	init.Outcome = effect(first, s.Signal, false)
	forward, drop := first.Target.Relayed(s.Signal, init.Outcome)
	s.Relayed = first.Target != nil && first.Target.Relay != nil && init.Outcome == verdict.OutcomeHandler
	fate := fateOf(first, init.Outcome)
	if cannotGo(first) {
		fate = FateUnknown
	}
	switch {
	case s.Signal == sigKILL && fate != FateUnknown: // from outside nothing shields PID 1 from it
		s.Reacts, init.Outcome = verdict.Yes, verdict.OutcomeTerminate
		s.killed(f, init, 0)
	case drop, fate == FateKilled:
		s.Reacts = verdict.No
		s.killed(f, init, s.Timeout)
	case s.Relayed:
		s.relayed(f, init, forward)
	case s.forwarded(f, init, forwarderOf(first, init.Outcome)):
	default:
		s.alone(f, init, fate)
	}
	s.sum()
	return s
}

// killed is a stop at which the engine sends SIGKILL to PID 1 after this time.
func (s *Stop) killed(f *Facts, init Step, after time.Duration) {
	init.Fate, init.At, init.By = FateKilled, after, ByEngine
	s.Steps = append(make([]Step, 0, len(f.others())+1), init)
	for _, p := range f.others() {
		s.Steps = append(s.Steps, Step{Process: p, Role: RoleRest, Fate: FateKilled, At: after, By: ByEngine})
	}
	s.Takes, s.Status, s.Known = after, 128+sigKILL, true
}

// alone is a stop at which PID 1 is not yinit, and either handles the signal in its own way or ends.
func (s *Stop) alone(f *Facts, init Step, fate Fate) {
	init.Fate = fate
	s.Steps = append(make([]Step, 0, len(f.others())+1), init)
	s.Reacts = verdict.Unknown
	rest := FateUnknown
	switch fate {
	case FateEnds:
		s.Reacts, rest = verdict.Yes, FateKilled
		s.Status, s.Known = 128+s.Signal, true
	case FateHandler:
		s.Reacts, rest, s.AtLeast = verdict.Yes, FateLast, true
	default:
		s.AtLeast = true
	}
	for _, p := range f.others() {
		step := Step{Process: p, Role: RoleRest, Fate: rest}
		if rest == FateKilled || rest == FateLast {
			step.By = ByKernel
		}
		s.Steps = append(s.Steps, step)
	}
}

// relayed is a stop by yinit. forward is the signal that its program gets.
func (s *Stop) relayed(f *Facts, init Step, forward int) {
	s.Reacts = verdict.Yes
	programs, rest := f.programs()
	policy := f.policy(len(programs))
	shutdown := begins(s.Signal, forward, len(programs))
	if !shutdown {
		policy.Delay, policy.KillAfter = 0, 0
	}
	ended := policy.Delay                               // when all programs have ended
	steps := make([]Step, 1, 1+len(programs)+len(rest)) // PID 1 comes first
	for _, p := range programs {
		n := forward
		if shutdown {
			n = cmp.Or(f.Stops[p.ID], forward)
		}
		step := Step{Process: p, Role: RoleProgram, Signal: n, At: policy.Delay}
		step.Outcome = effect(p, n, shutdown || n == sigTERM)
		if step.Fate = fateOf(p, step.Outcome); n == 0 {
			step.Fate = FateKilled
		}
		if step.Fate == FateKilled {
			step.At, step.By = s.Timeout, ByEngine
			if after := policy.Delay + policy.KillAfter; policy.KillAfter > 0 && after < s.Timeout {
				step.At, step.By = after, ByInit
			}
		}
		ended = max(ended, step.At)
		steps = append(steps, step)
	}
	if ended >= s.Timeout {
		s.cutOff(init, steps, rest)
		return
	}
	end := ended // when PID 1 ends
	for _, p := range rest {
		step := restStep(p, ended, policy, s.Timeout)
		if parent := f.find(p.PPID); step.Hard() && parent != nil {
			step.endedBy(parent, ended)
		}
		end = max(end, step.At)
		steps = append(steps, step)
	}
	init.Fate, init.At = FateEnds, end
	if slices.ContainsFunc(steps[1:], func(x Step) bool { return x.Fate == FateHandler || x.Fate == FateUnknown }) {
		init.Fate = FateHandler // it waits for these
	}
	if end >= s.Timeout {
		init.Fate, init.By = FateKilled, ByEngine
	}
	steps[0] = init
	s.Steps, s.Takes = steps, end
	s.status(policy, forward)
}

// begins reports whether a signal begins the shutdown of yinit, at which each program gets its
// stop signal. All other signals it only forwards.
func begins(signal, forward, programs int) bool {
	switch signal {
	case sigTERM:
		return true
	case sigHalt:
		return forward == sigTERM
	case int(syscall.SIGINT), int(syscall.SIGQUIT):
		return programs != 1
	}
	return false
}

// cutOff is a stop by yinit in which a program does not end before the engine's timeout.
// The first of the steps of programs has room for PID 1.
func (s *Stop) cutOff(init Step, programs []Step, rest []*snapshot.Process) {
	init.Fate, init.At, init.By = FateKilled, s.Timeout, ByEngine
	programs[0] = init
	s.Steps = programs
	for _, p := range rest {
		s.Steps = append(s.Steps, Step{Process: p, Role: RoleRest, Fate: FateKilled, At: s.Timeout, By: ByEngine})
	}
	s.Takes, s.Status, s.Known = s.Timeout, 128+sigKILL, true
}

// restStep is what happens to a process that is left when the programs have ended.
func restStep(p *snapshot.Process, ended time.Duration, policy Policy, timeout time.Duration) Step {
	step := Step{Process: p, Role: RoleRest, Signal: sigTERM, At: ended}
	if policy.Grace == 0 {
		step.Signal, step.Fate, step.By = 0, FateKilled, ByKernel
		return step
	}
	step.Outcome = effect(p, sigTERM, true)
	if step.Fate = fateOf(p, step.Outcome); step.Fate == FateKilled {
		step.At, step.By = ended+policy.Grace, ByGrace
		if step.At >= timeout {
			step.At, step.By = timeout, ByEngine
		}
	}
	return step
}

// status derives the exit status of yinit from what happens to its programs. If none of them
// is known although a signal is forwarded, the program may be the one that looks.
func (s *Stop) status(policy Policy, forward int) {
	if s.Steps[0].Hard() {
		s.Status, s.Known = 128+sigKILL, true
		return
	}
	n, killed, sure := 0, false, true
	by := 0
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Role != RoleProgram {
			continue
		}
		n++
		killed = killed || step.Hard()
		sure = sure && (step.Fate == FateEnds || step.Hard())
		by = step.Signal
	}
	switch {
	case killed:
		s.Status, s.Known = 128+sigKILL, true
	case !sure || !policy.Known || n == 0 && forward != 0:
	case n == 1 && !policy.StopOK:
		s.Status, s.Known = 128+by, true
	default:
		s.Status, s.Known = 0, true
	}
}

// sum adds up the steps.
func (s *Stop) sum() {
	for i := range s.Steps {
		switch step := &s.Steps[i]; step.Fate {
		case FateKilled:
			s.Hard++
		case FateLast:
			s.Doubt++
		case FateUnknown:
			s.Doubt++
			s.AtLeast = true
		case FateHandler:
			s.AtLeast = true
		}
	}
	if s.Takes >= s.Timeout {
		s.AtLeast = false
	}
}

// effect returns what signal n does to p, if whoever sends it may. With resumed, SIGCONT
// follows if p is stopped.
func effect(p *snapshot.Process, n int, resumed bool) verdict.Outcome {
	known := n == sigTERM && p.Term != verdict.OutcomeDenied && p.Term != verdict.OutcomeUnknown
	switch {
	case n == 0:
		return verdict.OutcomeUnknown
	case known && (p.State != procfs.StateStopped || !resumed): // the reader may have looked more closely
		return p.Term
	case p.Target == nil:
		return verdict.OutcomeUnknown
	}
	o, _ := verdict.Of(target(p, resumed), n, verdict.Anyone())
	return o
}

// target returns what decides the verdicts on p, after SIGCONT if resumed.
func target(p *snapshot.Process, resumed bool) *verdict.Target {
	if !resumed || p.State != procfs.StateStopped {
		return p.Target
	}
	running := *p.Target
	running.State = procfs.StateSleeping
	running.Tasks = slices.Clone(running.Tasks)
	for i := range running.Tasks {
		running.Tasks[i].State = procfs.StateSleeping
	}
	return &running
}

// fateOf returns what becomes of a process that gets a signal with this outcome, if nothing
// else is done.
func fateOf(p *snapshot.Process, o verdict.Outcome) Fate {
	if o == verdict.OutcomePending && isForking(p) {
		return FateEnds
	}
	switch o {
	case verdict.OutcomeTerminate, verdict.OutcomeCore, verdict.OutcomeNoEffect:
		return FateEnds
	case verdict.OutcomeHandler, verdict.OutcomeRead:
		return FateHandler
	case verdict.OutcomeUnknown, verdict.OutcomeDenied:
		return FateUnknown
	default:
		return FateKilled
	}
}

// forkTime is the age below which a process that blocks all signals may still be made.
const forkTime = time.Second

// isForking reports whether p is being made: the C library and the runtimes of languages block
// all signals around fork(2) and vfork(2). A signal that is pending takes effect soon after.
func isForking(p *snapshot.Process) bool {
	most := procfs.SignalSet(0).Add(int(syscall.SIGHUP)).Add(int(syscall.SIGINT)).Add(int(syscall.SIGQUIT)).Add(sigTERM).
		Add(int(syscall.SIGUSR1)).Add(int(syscall.SIGUSR2)).Add(int(syscall.SIGALRM)).Add(int(syscall.SIGWINCH))
	return p.Age < forkTime && !p.State.Stopped() && most&^p.Sigs.Blocked == 0
}
