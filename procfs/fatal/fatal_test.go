package fatal

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"yinit/procfs"
)

func status(sig syscall.Signal) procfs.WaitStatus { return procfs.WaitStatus(sig) }

func limited(l procfs.Limits) Zombie { return Zombie{Known: true, Limits: l} }

func TestWhy(t *testing.T) {
	const dumped = procfs.WaitStatus(0x80)
	free := procfs.Limits{CPU: 1<<64 - 1, MaxCPU: 1<<64 - 1, FileSize: procfs.Unlimited, Core: procfs.Unlimited}
	noCore := free
	noCore.Core = 0
	pattern := func(s string) Host { return Host{CorePattern: s, HasCorePattern: true} }
	for name, tt := range map[string]struct {
		f    Facts
		want string
	}{
		"an exit":                             {Facts{Status: 3 << 8}, ""},
		"a signal of processes":               {Facts{Status: status(syscall.SIGUSR1), Zombie: limited(free)}, ""},
		"nothing known":                       {Facts{Status: status(syscall.SIGKILL)}, ""},
		"KILL by nobody":                      {Facts{Status: 9, NoStop: true}, "no sender is known for SIGKILL; no stop signal had come before"},
		"KILL after a stop":                   {Facts{Status: 9, StopAsked: "SIGTERM had come 5s before"}, "no sender is known for SIGKILL; SIGTERM had come 5s before"},
		"KILL with a suspect":                 {Facts{Status: 9, NoStop: true, Killers: []Peer{{PID: 8, Command: "pkill app"}}}, "perhaps by 8 (pkill app), which ran at that time"},
		"KILL at the hard CPU limit":          {Facts{Status: 9, NoStop: true, CPU: 1950 * time.Millisecond, Zombie: limited(procfs.Limits{MaxCPU: 2})}, "it had used 2s of CPU time, its hard limit (RLIMIT_CPU, ulimit -H -t)"},
		"KILL, on a busy machine":             {Facts{Status: 9, CPU: 1500 * time.Millisecond, Zombie: limited(procfs.Limits{MaxCPU: 2})}, "perhaps it had used 2s of CPU time, its hard limit (RLIMIT_CPU, ulimit -H -t)"},
		"KILL long before that limit":         {Facts{Status: 9, CPU: 900 * time.Millisecond, Zombie: limited(procfs.Limits{MaxCPU: 2})}, ""},
		"KILL by strict seccomp":              {Facts{Status: 9, Zombie: Zombie{Seccomp: 1}}, "perhaps its seccomp mode does not allow a system call that it made"},
		"KILL, known to be by seccomp":        {Facts{Status: 9, Zombie: Zombie{Seccomp: 3}}, "its seccomp mode does not allow a system call that it made"},
		"KILL at the CPU limit of the parent": {Facts{Status: 9, CPU: time.Second, Zombie: Zombie{Known: true, Parent: true, Limits: procfs.Limits{MaxCPU: 1}}}, "perhaps it had used 1s of CPU time, the hard limit of its parent (RLIMIT_CPU, ulimit -H -t)"},
		"the same, the CPU time is unknown":   {Facts{Status: 9, Runtime: time.Second, Zombie: Zombie{Known: true, Parent: true, Limits: procfs.Limits{MaxCPU: 1}}}, "perhaps it had used 1s of CPU time, the hard limit of its parent (RLIMIT_CPU, ulimit -H -t)"},
		"the same, it was too short":          {Facts{Status: 9, Runtime: 900 * time.Millisecond, Zombie: Zombie{Known: true, Parent: true, Limits: procfs.Limits{MaxCPU: 1}}}, ""},
		"XCPU at the limit of the parent":     {Facts{Status: status(syscall.SIGXCPU), CPU: time.Second, Zombie: Zombie{Known: true, Parent: true, Limits: procfs.Limits{CPU: 1, MaxCPU: 9}}}, "perhaps it had used 1s of CPU time, the limit of its parent (RLIMIT_CPU, ulimit -t)"},
		"XCPU, the limit was raised":          {Facts{Status: status(syscall.SIGXCPU), CPU: time.Second, Zombie: limited(procfs.Limits{CPU: 2, MaxCPU: 9})}, "it had used 1s of CPU time, its limit (RLIMIT_CPU, ulimit -t)"},
		"XCPU, not raised":                    {Facts{Status: status(syscall.SIGXCPU), CPU: time.Second, Zombie: limited(procfs.Limits{CPU: 1, MaxCPU: 9})}, ""},
		"XCPU from somebody":                  {Facts{Status: status(syscall.SIGXCPU), CPU: time.Second, Zombie: limited(procfs.Limits{CPU: 100, MaxCPU: 100})}, ""},
		"XCPU without a limit":                {Facts{Status: status(syscall.SIGXCPU), Zombie: limited(free)}, ""},
		"XFSZ":                                {Facts{Status: status(syscall.SIGXFSZ), Zombie: limited(procfs.Limits{FileSize: procfs.MiB})}, "perhaps it wrote beyond 1 MiB, the size limit of its files (RLIMIT_FSIZE, ulimit -f)"},
		"XFSZ without a limit":                {Facts{Status: status(syscall.SIGXFSZ), Zombie: limited(free)}, ""},
		"SYS, filtered":                       {Facts{Status: status(syscall.SIGSYS), Zombie: Zombie{Seccomp: 2}}, "perhaps a seccomp filter forbids a system call that it made (Seccomp: 2); strace or the audit log of the host shows which"},
		"SYS without a filter":                {Facts{Status: status(syscall.SIGSYS)}, ""},
		"PIPE, the reader is known":           {Facts{Status: status(syscall.SIGPIPE), Readers: []Peer{{8, "head -1", "exited 0", 3 * time.Millisecond}}}, "perhaps it wrote to a pipe or socket whose reader had gone: 8 (head -1) exited 0 3ms before"},
		"HUP":                                 {Facts{Status: status(syscall.SIGHUP), HungUp: true}, "its terminal had hung up"},
		"HUP from somebody":                   {Facts{Status: status(syscall.SIGHUP)}, ""},
		"ALRM":                                {Facts{Status: status(syscall.SIGALRM)}, "perhaps its own timer expired, for which it has no handler; see alarm(2) and setitimer(2)"},
		"a sender, and no guess":              {Facts{Status: status(syscall.SIGALRM), Sender: "pid 8 (sh)"}, "sender was pid 8 (sh)"},
		"BUS, /dev/shm is full":               {Facts{Status: status(syscall.SIGBUS), Host: Host{Shm: Space{procfs.MiB, 0}}}, "/dev/shm is full (1 MiB of 1 MiB used): make it larger, for example with docker run --shm-size"},
		"BUS, /dev/shm is small":              {Facts{Status: status(syscall.SIGBUS), Host: Host{Shm: Space{procfs.MiB, procfs.KiB}}}, "perhaps /dev/shm was full, it holds 1 MiB only: docker run --shm-size makes it larger"},
		"BUS, another one is full":            {Facts{Status: status(syscall.SIGBUS), Host: Host{Shm: Space{procfs.GiB, procfs.MiB}, Full: []string{"/tmp"}}}, "perhaps the file system of /tmp is full, so that a file mapped from it could not grow"},
		"ILL":                                 {Facts{Status: status(syscall.SIGILL), Host: Host{Needs: "x86-64-v3", Needing: "/app", Lacks: []string{"avx2", "fma"}}}, "perhaps /app needs x86-64-v3, and this CPU lacks avx2, fma"},
		"SEGV, the limit is 0":                {Facts{Status: 11, Zombie: limited(noCore), Host: pattern("core")}, "no core was written: the limit of its size is 0 (ulimit -c, docker run --ulimit core=-1)"},
		"SEGV, the limit counts not":          {Facts{Status: 11, Zombie: limited(noCore), Host: pattern("|/usr/bin/apport %p")}, "no core was written: core_pattern passes it to /usr/bin/apport, which took none"},
		"SEGV, unlimited, no core":            {Facts{Status: 11, Zombie: limited(free), Host: pattern("core")}, ""},
		"SEGV, the pattern is unknown":        {Facts{Status: 11, Zombie: limited(noCore)}, ""},
		"ABRT, a core":                        {Facts{Status: 6 | dumped, PID: 7, Comm: "app", Host: pattern("/cores/%e.%p.%t")}, "the core is in /cores/app.7.%t"},
		"ABRT, a core beside it":              {Facts{Status: 6 | dumped, PID: 7, Host: Host{CorePattern: "core", HasCorePattern: true, CoreUsesPID: true}}, "the core is in core.7 in its working directory"},
		"FPE, a core on the host":             {Facts{Status: 8 | dumped, Host: pattern("|/usr/lib/systemd/systemd-coredump %P")}, "the kernel passed the core to /usr/lib/systemd/systemd-coredump outside the container (core_pattern)"},
		"QUIT for a core":                     {Facts{Status: 3, Sender: "outside the container", Zombie: limited(noCore), Host: pattern("core")}, "sender was outside the container; no core was written: the limit of its size is 0 (ulimit -c, docker run --ulimit core=-1)"},
	} {
		if got := tt.f.Why(); got != tt.want {
			t.Errorf("%s: Why() =\n\t%q, want\n\t%q", name, got, tt.want)
		}
	}
}

// TestReadZombie reads a real zombie, whose limits are still in /proc.
func TestReadZombie(t *testing.T) {
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "ulimit -f 8; ulimit -c 0; kill -SEGV $$"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = p.Wait() }()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if s, err := (procfs.FS{}).Stat(p.Pid); err == nil && s.Zombie() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it did not end")
		}
	}
	z := ReadZombie(procfs.FS{}, p.Pid, int(syscall.SIGSEGV))
	if !z.Known || z.Limits.FileSize != 8*512 || z.Limits.Core != 0 {
		t.Errorf("ReadZombie = %+v, want the limits of the shell", z)
	}
	if z := ReadZombie(procfs.FS{}, p.Pid, int(syscall.SIGUSR1)); z.Known {
		t.Errorf("ReadZombie for SIGUSR1 = %+v, want nothing read", z)
	}
}

// elfFile returns an ELF file for x86-64 whose only segment is a note with the property.
func elfFile(needed uint32) []byte {
	le := binary.LittleEndian
	b := make([]byte, 64+56+32)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 2)  // ET_EXEC
	le.PutUint16(b[18:], 62) // EM_X86_64
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], 64) // program headers
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	le.PutUint16(b[58:], 64)
	ph := b[64:]
	le.PutUint32(ph, 4) // PT_NOTE
	le.PutUint64(ph[8:], 120)
	le.PutUint64(ph[32:], 32)
	le.PutUint64(ph[40:], 32)
	le.PutUint64(ph[48:], 8)
	note := b[120:]
	le.PutUint32(note, 4)
	le.PutUint32(note[4:], 16)
	le.PutUint32(note[8:], propertyType)
	copy(note[12:], "GNU\x00")
	le.PutUint32(note[16:], x86ISANeeded)
	le.PutUint32(note[20:], 4)
	le.PutUint32(note[24:], needed)
	return b
}

// TestReadLevel compares what executables need with the flags of old CPUs.
func TestReadLevel(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	v2 := strings.Join(levels[0].flags, " ")
	v3 := v2 + " " + strings.Join(levels[1].flags, " ")
	for name, tt := range map[string]struct {
		file  []byte
		flags string
		want  string // Needs, then Lacks
	}{
		"baseline":                 {elfFile(1), "sse2", " []"},
		"v3 on a CPU without AVX2": {elfFile(1 | 2 | 4), strings.Replace(v3, "avx2 ", "", 1), "x86-64-v3 [avx2]"},
		"v3 on a v3 CPU":           {elfFile(1 | 2 | 4), v3, " []"},
		"v4 on a v3 CPU":           {elfFile(8), v3, "x86-64-v4 [avx512f avx512bw avx512cd avx512dq avx512vl]"},
		"no flags, as on arm64":    {elfFile(8), "", " []"},
		"cut short":                {elfFile(8)[:130], v2, " []"},
		"a script":                 {[]byte("#!/bin/sh\n"), v2, " []"},
	} {
		write("cpuinfo", []byte("processor\t: 0\nflags\t\t: "+tt.flags+"\n"))
		var h Host
		h.readLevel(procfs.New(dir), write("app", tt.file))
		if got := h.Needs + " [" + strings.Join(h.Lacks, " ") + "]"; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func FuzzNotes(f *testing.F) {
	f.Add(elfFile(4)[120:], uint64(8))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x05\x00\x00\x00GNU\x00"), uint64(4))
	f.Fuzz(func(_ *testing.T, b []byte, align uint64) {
		if align >= 1 && align <= 64 && align&(align-1) == 0 {
			neededLevels(b, align)
		}
	})
}
