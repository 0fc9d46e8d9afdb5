package procfs

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// The real-time signals as glibc numbers them: it reserves 32 and 33 for its own use.
// musl also reserves 34. See signal(7).
const (
	rtMin = 34
	rtMax = maxSignal
)

// DefaultAction is what a signal does to a process that has not set a disposition for
// it, see signal(7).
type DefaultAction uint8

// The default actions.
const (
	Terminate DefaultAction = iota // end the process
	Core                           // end the process with a core dump
	Stop                           // stop the process
	Continue                       // resume the process if it is stopped
	Ignore                         // do nothing
)

// String returns the action in a word.
func (a DefaultAction) String() string {
	switch a {
	case Core:
		return "core"
	case Stop:
		return "stop"
	case Continue:
		return "continue"
	case Ignore:
		return "ignore"
	default:
		return "terminate"
	}
}

type signalInfo struct {
	name   string // without SIG
	action DefaultAction
}

// signalTable has the standard signals. Their numbers come from package syscall
// because they differ by architecture. The files signalnames_*.go have the signals
// that only some architectures have.
var signalTable = [maxSignal + 1]signalInfo{
	syscall.SIGHUP:    {"HUP", Terminate},
	syscall.SIGINT:    {"INT", Terminate},
	syscall.SIGQUIT:   {"QUIT", Core},
	syscall.SIGILL:    {"ILL", Core},
	syscall.SIGTRAP:   {"TRAP", Core},
	syscall.SIGABRT:   {"ABRT", Core},
	syscall.SIGBUS:    {"BUS", Core},
	syscall.SIGFPE:    {"FPE", Core},
	syscall.SIGKILL:   {"KILL", Terminate},
	syscall.SIGUSR1:   {"USR1", Terminate},
	syscall.SIGSEGV:   {"SEGV", Core},
	syscall.SIGUSR2:   {"USR2", Terminate},
	syscall.SIGPIPE:   {"PIPE", Terminate},
	syscall.SIGALRM:   {"ALRM", Terminate},
	syscall.SIGTERM:   {"TERM", Terminate},
	oddSignal:         {oddSignalName, Terminate},
	syscall.SIGCHLD:   {"CHLD", Ignore},
	syscall.SIGCONT:   {"CONT", Continue},
	syscall.SIGSTOP:   {"STOP", Stop},
	syscall.SIGTSTP:   {"TSTP", Stop},
	syscall.SIGTTIN:   {"TTIN", Stop},
	syscall.SIGTTOU:   {"TTOU", Stop},
	syscall.SIGURG:    {"URG", Ignore},
	syscall.SIGXCPU:   {"XCPU", Core},
	syscall.SIGXFSZ:   {"XFSZ", Core},
	syscall.SIGVTALRM: {"VTALRM", Terminate},
	syscall.SIGPROF:   {"PROF", Terminate},
	syscall.SIGWINCH:  {"WINCH", Ignore},
	syscall.SIGIO:     {"IO", Terminate},
	syscall.SIGPWR:    {"PWR", Terminate},
	syscall.SIGSYS:    {"SYS", Core},
}

// DefaultActionOf returns the default action of signal n. It is [Terminate] for all
// real-time signals.
func DefaultActionOf(n int) DefaultAction {
	if n < 1 || n > maxSignal {
		return Terminate
	}
	return signalTable[n].action
}

// SignalName returns the name of signal n: "SIGTERM", "SIGRTMIN+3", or "SIG32" for a
// number without a name. For 0, which is not a signal, it returns "0".
func SignalName(n int) string {
	switch {
	case n == 0:
		return "0"
	case n == rtMin:
		return "SIGRTMIN"
	case n == rtMax:
		return "SIGRTMAX"
	case n > rtMin && n < rtMax:
		return "SIGRTMIN+" + strconv.Itoa(n-rtMin)
	case n > 0 && n < rtMin && signalTable[n].name != "":
		return "SIG" + signalTable[n].name
	default:
		return "SIG" + strconv.Itoa(n)
	}
}

// ParseSignal returns the number, from 1 to 64, of the signal that s names: "TERM",
// "SIGTERM", "sigterm", "15", "SIG15", "RTMIN+3", "RTMAX-1", or one of the aliases
// CLD, IOT and POLL. The error says what is accepted.
func ParseSignal(s string) (int, error) {
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	n, ok := signalNumber(name)
	if !ok || n < 1 || n > maxSignal {
		return 0, fmt.Errorf("unknown signal %q: use a name such as TERM or RTMIN+3, or a number from 1 to %d", s, maxSignal)
	}
	return n, nil
}

// signalNumber returns the number for a name in upper case without SIG.
func signalNumber(name string) (int, bool) {
	if offset, ok := strings.CutPrefix(name, "RTMIN"); ok {
		n, ok := realTimeOffset(offset, '+')
		return rtMin + n, ok
	}
	if offset, ok := strings.CutPrefix(name, "RTMAX"); ok {
		n, ok := realTimeOffset(offset, '-')
		return rtMax - n, ok
	}
	switch name {
	case "":
		return 0, false
	case "CLD":
		return int(syscall.SIGCHLD), true
	case "IOT":
		return int(syscall.SIGABRT), true
	case "POLL":
		return int(syscall.SIGIO), true
	}
	for n := range signalTable {
		if signalTable[n].name == name {
			return n, true
		}
	}
	return parseInt([]byte(name))
}

// realTimeOffset parses what may follow RTMIN and RTMAX: nothing, or sign and a
// number that gives a real-time signal.
func realTimeOffset(s string, sign byte) (int, bool) {
	if s == "" {
		return 0, true
	}
	n, ok := parseUint([]byte(s[1:]))
	if s[0] != sign || !ok || n > rtMax-rtMin {
		return 0, false
	}
	return int(n), true
}
