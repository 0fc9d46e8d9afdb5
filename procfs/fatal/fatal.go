// Package fatal says why a signal ended a process. It derives the reasons from evidence:
// what /proc told about the process while it was a zombie, and about the machine just
// after. Where there is no evidence there is no reason.
package fatal

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"yinit/procfs"
)

// Facts are what is known about a process that a signal ended. The zero value of a
// field means that nothing is known.
type Facts struct {
	Status  procfs.WaitStatus // how it ended
	PID     int               // its process ID, in the PID namespace of the core pattern's %p
	Comm    string            // its command name
	CPU     time.Duration     // user and system time that it had used
	Runtime time.Duration     // from its start to its end
	Zombie  Zombie            // what /proc told before it was reaped
	Host    Host              // what was found out about the machine after its end

	Sender    string // who sent the signal, in words; then nothing else has raised it
	HungUp    bool   // its terminal has hung up
	Readers   []Peer // processes that may have read from it, and ended just before it
	Killers   []Peer // processes that may have sent the signal: kill(1), timeout(1) and their like
	NoStop    bool   // no stop signal had come before; known only to an init
	StopAsked string // the stop signal that had come before, and when: "SIGTERM had come 5s before"
}

// A Peer is another process that may have to do with the end.
type Peer struct {
	PID     int
	Command string        // its command line, or else its command name
	Ended   string        // how it ended, in words; "" if it is not known to have ended
	Before  time.Duration // how long before the end it ended
}

// A Reason is one statement about why a process ended.
type Reason struct {
	Text string
	// Perhaps is true for a frequent cause that the evidence suggests but does not prove.
	Perhaps bool
}

// String returns the statement; "perhaps" marks one that is not proved.
func (r Reason) String() string {
	if r.Perhaps {
		return "perhaps " + r.Text
	}
	return r.Text
}

// Why returns the reasons in words, separated by semicolons; "" if there are none.
func (f *Facts) Why() string {
	var texts []string
	for _, r := range f.Reasons() {
		texts = append(texts, r.String())
	}
	return strings.Join(texts, "; ")
}

// Reasons returns the reasons, the most important first.
func (f *Facts) Reasons() (all []Reason) {
	sig := syscall.Signal(f.Status.Signal())
	if sig == 0 {
		return nil
	}
	if f.Sender != "" {
		all = append(all, Reason{Text: "sender was " + f.Sender})
	} else if rule := ruleOf(sig); rule != nil {
		all = rule(f)
	}
	if DumpsCore(int(sig)) {
		all = append(all, f.core()...)
	}
	return all
}

// ruleOf returns the rule that explains a signal that the kernel sends. It returns nil for signals
// that only processes send, such as SIGUSR1.
func ruleOf(sig syscall.Signal) func(*Facts) []Reason {
	switch sig {
	case syscall.SIGKILL:
		return (*Facts).killed
	case syscall.SIGILL:
		return (*Facts).illegal
	case syscall.SIGBUS:
		return (*Facts).bus
	case syscall.SIGSYS:
		return (*Facts).badCall
	case syscall.SIGXCPU:
		return (*Facts).cpuLimit
	case syscall.SIGXFSZ:
		return (*Facts).fileLimit
	case syscall.SIGPIPE:
		return (*Facts).brokenPipe
	case syscall.SIGHUP:
		return (*Facts).hangup
	case syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGPROF:
		return (*Facts).timer
	}
	return nil
}

// DumpsCore reports whether the default action of a signal is to dump core, see
// signal(7).
func DumpsCore(sig int) bool {
	switch syscall.Signal(sig) {
	case syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGFPE, syscall.SIGBUS,
		syscall.SIGSEGV, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGSYS:
		return true
	}
	return false
}

func (f *Facts) killed() (all []Reason) {
	if hard := f.Zombie.Limits.MaxCPU; f.Zombie.Known && hard <= longestCPU && f.used(hard) {
		return []Reason{f.usedUp(hard, "hard limit", "(RLIMIT_CPU, ulimit -H -t)")}
	}
	if mode := f.Zombie.Seccomp; mode == seccompStrict || mode == seccompDead {
		return []Reason{{"its seccomp mode does not allow a system call that it made", mode == seccompStrict}}
	}
	for _, p := range f.Killers {
		all = append(all, Reason{fmt.Sprintf("by %d (%s), which ran at that time", p.PID, p.Command), true})
	}
	switch {
	case len(all) > 0:
	case f.NoStop:
		all = append(all, Reason{Text: "no sender is known for SIGKILL; no stop signal had come before"})
	case f.StopAsked != "":
		all = append(all, Reason{Text: "no sender is known for SIGKILL; " + f.StopAsked})
	}
	return all
}

const (
	longestCPU = 1 << 32                // in seconds; a higher limit is none
	cpuError   = 100 * time.Millisecond // inexactness of the CPU time
)

func seconds(n uint64) time.Duration { return time.Duration(n) * time.Second }

// used reports whether the process may have reached a limit of its CPU time. The kernel
// compares the limit with whole timer ticks, each charged to the process that runs at
// that moment. On a busy machine that sum may be far above the exact time that the
// process is said to have used.
func (f *Facts) used(limit uint64) bool {
	if f.CPU == 0 { // unknown
		return limit > 0 && f.Runtime >= seconds(limit)
	}
	return limit > 0 && f.CPU >= seconds(limit)/2
}

func (f *Facts) usedUp(limit uint64, what, option string) Reason {
	whose := "its " + what
	if f.Zombie.Parent {
		whose = "the " + what + " of its parent"
	}
	return Reason{
		Text:    fmt.Sprintf("it had used %v of CPU time, %s %s", seconds(limit), whose, option),
		Perhaps: f.Zombie.Parent || f.CPU+cpuError < seconds(limit),
	}
}

func (f *Facts) cpuLimit() []Reason {
	soft := f.Zombie.Limits.CPU
	if !f.Zombie.Known || soft > longestCPU {
		return nil
	}
	if !f.Zombie.Parent && soft > 0 {
		soft-- // the kernel has raised it by one when it sent the signal
	}
	if !f.used(soft) {
		return nil // somebody else sent the signal
	}
	return []Reason{f.usedUp(soft, "limit", "(RLIMIT_CPU, ulimit -t)")}
}

func (f *Facts) fileLimit() []Reason {
	if !f.Zombie.Known || f.Zombie.Limits.FileSize == procfs.Unlimited {
		return nil
	}
	// Somebody may have sent the signal as well.
	return []Reason{{fmt.Sprintf("it wrote beyond %s, the size limit of its files (RLIMIT_FSIZE, ulimit -f)", f.Zombie.Limits.FileSize), true}}
}

// Modes of seccomp(2), as /proc/[pid]/status shows them.
const (
	seccompStrict = 1
	seccompFilter = 2
	seccompDead   = 3 // the thread made a call that is not allowed; since Linux 5.16
)

func (f *Facts) badCall() []Reason {
	if f.Zombie.Seccomp < seccompFilter {
		return nil
	}
	// In mode 2 the filter has raised the signal, or somebody has sent it.
	return []Reason{{
		Text:    fmt.Sprintf("a seccomp filter forbids a system call that it made (Seccomp: %d); strace or the audit log of the host shows which", f.Zombie.Seccomp),
		Perhaps: f.Zombie.Seccomp == seccompFilter,
	}}
}

func (f *Facts) brokenPipe() []Reason {
	text := "it wrote to a pipe or socket whose reader had gone"
	for _, p := range f.Readers {
		text += fmt.Sprintf(": %d (%s) %s %s before", p.PID, p.Command, p.Ended, procfs.Span(p.Before))
		break
	}
	return []Reason{{text, true}}
}

func (f *Facts) hangup() []Reason {
	if !f.HungUp {
		return nil
	}
	return []Reason{{Text: "its terminal had hung up"}}
}

func (f *Facts) timer() []Reason {
	return []Reason{{"its own timer expired, for which it has no handler; see alarm(2) and setitimer(2)", true}}
}

// bus blames a full file system: the kernel raises SIGBUS if there is no memory or disk
// for a page of a mapped file.
func (f *Facts) bus() (all []Reason) {
	shm := f.Host.Shm
	switch {
	case shm.full():
		all = append(all, Reason{Text: fmt.Sprintf("/dev/shm is full (%s of %s used): make it larger, for example with docker run --shm-size", shm.Size-shm.Free, shm.Size)})
	case shm.Size > 0 && shm.Size <= smallShm:
		all = append(all, Reason{fmt.Sprintf("/dev/shm was full, it holds %s only: docker run --shm-size makes it larger", shm.Size), true})
	}
	for _, dir := range f.Host.Full {
		all = append(all, Reason{"the file system of " + dir + " is full, so that a file mapped from it could not grow", true})
	}
	return all
}

// smallShm is the size of /dev/shm that Docker and Kubernetes give to a container.
const smallShm = 64 * procfs.MiB

func (f *Facts) illegal() []Reason {
	if len(f.Host.Lacks) == 0 {
		return nil
	}
	return []Reason{{fmt.Sprintf("%s needs %s, and this CPU lacks %s", f.Host.Needing, f.Host.Needs, strings.Join(f.Host.Lacks, ", ")), true}}
}

// core says where the core dump went, or why there is none.
func (f *Facts) core() []Reason {
	pattern := f.Host.CorePattern
	if !f.Host.HasCorePattern {
		return nil
	}
	program, piped := strings.CutPrefix(pattern, "|")
	if piped {
		program, _, _ = strings.Cut(strings.TrimSpace(program), " ")
	}
	var text string
	switch {
	case f.Status.CoreDumped() && piped:
		text = "the kernel passed the core to " + program + " outside the container (core_pattern)"
	case f.Status.CoreDumped():
		text = "the core is in " + f.corePath(pattern)
	case f.limited(): // a core would tell nothing more
		return nil
	case piped:
		text = "no core was written: core_pattern passes it to " + program + ", which took none"
	case pattern == "":
		text = "no core was written: core_pattern is empty"
	case f.Zombie.Known && f.Zombie.Limits.Core == 0:
		text = "no core was written: the limit of its size is 0 (ulimit -c, docker run --ulimit core=-1)"
	default:
		return nil
	}
	return []Reason{{Text: text}}
}

// limited reports whether the signal is explained without a core: by a limit or a
// filter.
func (f *Facts) limited() bool {
	switch syscall.Signal(f.Status.Signal()) {
	case syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGSYS:
		return true
	}
	return false
}

// corePath returns the path of the core file as far as it is known, see core(5).
func (f *Facts) corePath(pattern string) string {
	path := strings.NewReplacer("%%", "%", "%p", fmt.Sprint(f.PID), "%e", f.Comm, "%s", fmt.Sprint(f.Status.Signal())).Replace(pattern)
	if f.Host.CoreUsesPID && !strings.Contains(pattern, "%p") {
		path += fmt.Sprintf(".%d", f.PID)
	}
	if !strings.HasPrefix(path, "/") {
		return path + " in its working directory"
	}
	return path
}
