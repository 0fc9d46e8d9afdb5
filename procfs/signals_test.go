package procfs_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"yinit/procfs"
)

func TestSignalNames(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", int(syscall.SIGHUP): "SIGHUP", int(syscall.SIGTERM): "SIGTERM", int(syscall.SIGSYS): "SIGSYS",
		int(syscall.SIGIO): "SIGIO", int(syscall.SIGABRT): "SIGABRT", int(syscall.SIGCHLD): "SIGCHLD",
		32: "SIG32", 33: "SIG33", 34: "SIGRTMIN", 35: "SIGRTMIN+1", 63: "SIGRTMIN+29", 64: "SIGRTMAX",
		65: "SIG65", -1: "SIG-1",
	} {
		if got := procfs.SignalName(n); got != want {
			t.Errorf("SignalName(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseSignal(t *testing.T) {
	for operand, want := range map[string]int{
		"TERM": int(syscall.SIGTERM), "SIGTERM": int(syscall.SIGTERM), "sigterm": int(syscall.SIGTERM),
		"Term": int(syscall.SIGTERM), "15": 15, "1": 1, "64": 64, "SIG15": 15, "SIG32": 32, "SIG33": 33,
		"IOT": int(syscall.SIGABRT), "CLD": int(syscall.SIGCHLD), "SIGPOLL": int(syscall.SIGIO),
		"RTMIN": 34, "SIGRTMIN": 34, "rtmin+0": 34, "RTMIN+3": 37, "RTMIN+30": 64,
		"RTMAX": 64, "SIGRTMAX-1": 63, "RTMAX-30": 34,
	} {
		if got, err := procfs.ParseSignal(operand); err != nil || got != want {
			t.Errorf("ParseSignal(%q) = %d, %v, want %d", operand, got, err, want)
		}
	}
}

func TestParseSignalRejects(t *testing.T) {
	for _, operand := range []string{
		"", "SIG", "0", "65", "-1", "-15", "TERMX", " TERM", "SIGSIGTERM", "RTMIN-1", "RTMIN+31", "RTMAX+1",
		"RTMAX-31", "RTMIN+", "RTMIN+x", "RTMIN3", "RTMIN+-1", "1.5", "99999999999999999999", "0x0f", "TERM\n",
	} {
		got, err := procfs.ParseSignal(operand)
		if err == nil {
			t.Errorf("ParseSignal(%q) = %d, want an error", operand, got)
			continue
		}
		if !strings.Contains(err.Error(), "number from 1 to 64") {
			t.Errorf("ParseSignal(%q) = %v, which does not say what to do", operand, err)
		}
	}
}

func TestParseSignalInvertsSignalName(t *testing.T) {
	for n := 1; n <= 64; n++ {
		if got, err := procfs.ParseSignal(procfs.SignalName(n)); err != nil || got != n {
			t.Errorf("ParseSignal(%q) = %d, %v, want %d", procfs.SignalName(n), got, err, n)
		}
	}
}

func TestDefaultActions(t *testing.T) {
	for n, want := range map[int]procfs.DefaultAction{
		int(syscall.SIGTERM): procfs.Terminate, int(syscall.SIGSEGV): procfs.Core, int(syscall.SIGTSTP): procfs.Stop,
		int(syscall.SIGCONT): procfs.Continue, int(syscall.SIGCHLD): procfs.Ignore, int(syscall.SIGWINCH): procfs.Ignore,
		int(syscall.SIGURG): procfs.Ignore, 32: procfs.Terminate, 34: procfs.Terminate, 64: procfs.Terminate,
		0: procfs.Terminate, 65: procfs.Terminate, -1: procfs.Terminate,
	} {
		if got := procfs.DefaultActionOf(n); got != want {
			t.Errorf("DefaultActionOf(%s) = %v, want %v", procfs.SignalName(n), got, want)
		}
	}
	for action, want := range map[procfs.DefaultAction]string{
		procfs.Terminate: "terminate", procfs.Core: "core", procfs.Stop: "stop",
		procfs.Continue: "continue", procfs.Ignore: "ignore",
	} {
		if got := action.String(); got != want {
			t.Errorf("DefaultAction(%d).String() = %q, want %q", action, got, want)
		}
	}
}

// TestDefaultActionsOfTheKernel sends each signal to a program that sets no disposition
// and compares the effect.
func TestDefaultActionsOfTheKernel(t *testing.T) {
	for n := 1; n <= 64; n++ {
		want := procfs.DefaultActionOf(n)
		if want != procfs.Terminate && want != procfs.Core {
			continue // Nothing happens that could be waited for, or it stops.
		}
		cmd := plainProgram(t, "exec cat")
		if st, err := (procfs.FS{}).Status(cmd.Process.Pid); err == nil && st.Sigs.Ignored.Has(n) {
			continue // Inherited: below GNU make it is 32, which glibc's posix_spawn(3) leaves ignored.
		}
		check(t, cmd.Process.Signal(syscall.Signal(n)))
		waitUntil(t, cmd.Process.Pid, syscall.WEXITED)
		stat, err := procfs.FS{}.Stat(cmd.Process.Pid)
		if err != nil || stat.ExitCode.Signal() != n {
			t.Errorf("after %s: %v, %v, want killed by it", procfs.SignalName(n), stat.ExitCode, err)
		}
	}
}

func TestSignalSet(t *testing.T) {
	set := procfs.NewSignalSet(15, 1, 64, 0, 65, -1)
	if got, want := slices.Collect(set.Numbers()), []int{1, 15, 64}; !slices.Equal(got, want) {
		t.Errorf("Numbers() = %v, want %v", got, want)
	}
	if got, want := set.String(), "SIGHUP SIGTERM SIGRTMAX"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	for n, want := range map[int]bool{1: true, 2: false, 64: true, 0: false, 65: false, -63: false} {
		if got := set.Has(n); got != want {
			t.Errorf("Has(%d) = %t, want %t", n, got, want)
		}
	}
	if got, want := set.Without(procfs.NewSignalSet(1, 2)), procfs.NewSignalSet(15, 64); got != want {
		t.Errorf("Without = %v, want %v", got, want)
	}
	if got, want := set.Union(procfs.NewSignalSet(2)), set.Add(2); got != want || got.Len() != 4 {
		t.Errorf("Union = %v, want %v", got, want)
	}
	for range set.Numbers() {
		break // An iterator that goes on after this panics.
	}
}

func TestDisposition(t *testing.T) {
	sigs := procfs.Signals{Known: true, Ignored: procfs.NewSignalSet(13), Caught: procfs.NewSignalSet(15)}
	for name, test := range map[string]struct {
		sigs procfs.Signals
		n    int
		want procfs.Disposition
		text string
	}{
		"caught":            {sigs, 15, procfs.Caught, "caught"},
		"ignored":           {sigs, 13, procfs.Ignored, "ignored"},
		"neither":           {sigs, 1, procfs.Default, "default"},
		"unknown":           {procfs.Signals{}, 15, procfs.Unknown, "unknown"},
		"no such signal":    {sigs, 65, procfs.Unknown, "unknown"},
		"number 0 is none":  {sigs, 0, procfs.Unknown, "unknown"},
		"negative is none ": {sigs, -1, procfs.Unknown, "unknown"},
	} {
		if got := test.sigs.Disposition(test.n); got != test.want || got.String() != test.text {
			t.Errorf("%s: Disposition(%d) = %v, want %s", name, test.n, got, test.text)
		}
	}
}

func FuzzParseSignal(f *testing.F) {
	for _, s := range []string{"TERM", "sig15", "RTMIN+3", "SIGRTMAX-30", "", "RTMIN+99999999999999999999", "SIG-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := procfs.ParseSignal(s)
		if (err == nil) != (n >= 1 && n <= 64) {
			t.Errorf("ParseSignal(%q) = %d, %v", s, n, err)
		}
	})
}
