package initcore

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"yinit/procfs/proctest"
)

// TestEnd: only PID 1 calls reboot(2), and without an option only in the initial PID
// namespace. No test calls the real one.
func TestEnd(t *testing.T) {
	const none = 0
	for _, tt := range []struct {
		name    string
		first   bool
		lacks   bool   // CAP_SYS_BOOT
		link    string // of /proc/self/ns/pid; "": there is no /proc
		kthread bool   // pid 2 looks like kthreadd
		at      AtEnd
		refuse  error // what reboot(2) returns
		want    int   // its command
		synced  bool
	}{
		{name: "a machine", first: true, link: "pid:[4026531836]", want: unix.LINUX_REBOOT_CMD_POWER_OFF, synced: true},
		{name: "a machine, restart", first: true, link: "pid:[4026531836]", at: EndReboot, want: unix.LINUX_REBOOT_CMD_RESTART, synced: true},
		{name: "a machine, halt", first: true, link: "pid:[4026531836]", at: EndHalt, want: unix.LINUX_REBOOT_CMD_HALT, synced: true},
		{name: "a machine, exit", first: true, link: "pid:[4026531836]", at: EndExit, want: none},
		{name: "a machine that cannot", first: true, link: "pid:[4026531836]", refuse: unix.EPERM, want: unix.LINUX_REBOOT_CMD_POWER_OFF, synced: true},
		{name: "a machine without /proc", first: true, kthread: true, want: unix.LINUX_REBOOT_CMD_POWER_OFF, synced: true},
		{name: "a container", first: true, link: "pid:[4026532177]", want: none},
		{name: "a container, asked for", first: true, link: "pid:[4026532177]", at: EndReboot, want: unix.LINUX_REBOOT_CMD_RESTART},
		{name: "a container, not capable", first: true, lacks: true, link: "pid:[4026532177]", at: EndReboot, want: none},
		{name: "a machine, not capable", first: true, lacks: true, link: "pid:[4026531836]", refuse: unix.EPERM, want: unix.LINUX_REBOOT_CMD_POWER_OFF, synced: true},
		{name: "a container without /proc", first: true, want: none},
		{name: "a container without /proc, entered", first: true, kthread: true, refuse: unix.EINVAL, want: none},
		{name: "not PID 1", link: "pid:[4026531836]", at: EndPowerOff, kthread: true, want: none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proc, cmd, synced, asked := t.TempDir(), none, false, false
			if tt.link != "" {
				check(t, os.MkdirAll(filepath.Join(proc, "self", "ns"), 0o755))
				check(t, os.Symlink(tt.link, filepath.Join(proc, "self", "ns", "pid")))
			}
			e := &ending{first: tt.first, capable: func() bool { return !tt.lacks }, proc: proc, syncLimit: time.Minute}
			e.kernelThread = func() bool { return tt.kthread }
			e.sync = func() { synced = true }
			e.reboot = func(c int) error {
				if c == unix.LINUX_REBOOT_CMD_CAD_OFF {
					asked = true
					return tt.refuse
				}
				cmd = c
				return tt.refuse
			}
			if got := e.end(tt.at, 7, Logging{}); got != 7 {
				t.Errorf("end = %d, want 7", got)
			}
			if cmd != tt.want || synced != tt.synced {
				t.Errorf("reboot(%#x), synced %t, want %#x, %t", cmd, synced, tt.want, tt.synced)
			}
			if asked && (tt.link != "" || !tt.first) {
				t.Error("reboot(2) was called only to ask, although /proc tells")
			}
		})
	}
	hangs := &ending{first: true, proc: t.TempDir(), syncLimit: time.Millisecond, kernelThread: func() bool { return true }}
	block := make(chan struct{})
	defer close(block)
	hangs.sync = func() { <-block }
	hangs.reboot = func(int) error { return nil }
	returns(t, "a disk that does not answer prevents the end", func() { hangs.end(EndDefault, 0, Logging{Level: slog.LevelError}) })
}

func TestParseAtEnd(t *testing.T) {
	for i, e := range atEnds {
		got, err := ParseAtEnd(e.word)
		if want := AtEnd(i); e.word != "" && (got != want || err != nil) {
			t.Errorf("ParseAtEnd(%q) = %v, %v, want %v", e.word, got, err, want)
		}
	}
	for _, bad := range []string{"", "shutdown", "PowerOff"} {
		if got, err := ParseAtEnd(bad); err == nil {
			t.Errorf("ParseAtEnd(%q) = %v, want an error", bad, got)
		}
	}
}

// TestKernelThreads: kernel threads are no leftover processes of the init of a machine.
func TestKernelThreads(t *testing.T) {
	tree := proctest.New(t)
	tree.Process(proctest.Process{PID: 1, Comm: "yinit"})
	tree.Process(proctest.Process{PID: 20, PPID: 1, Comm: "app"})
	tree.Process(proctest.Process{PID: 2, Comm: "kthreadd", Flags: 0x00200000})
	tree.Process(proctest.Process{PID: 3, PPID: 2, Comm: "rcu_gp", Flags: 0x00200000})
	is := true
	k := &kernel{pid: 1, isFirst: true, machine: &is, fs: tree.FS()}
	living, known := k.list()
	if !known || len(living) != 1 || living[0].PID != 20 {
		t.Errorf("list = %v, %t, want only 20", living, known)
	}
	if !k.anyLeft() {
		t.Error("anyLeft = false, want true: app is left")
	}
	tree.Remove(20)
	if living, _ := k.list(); len(living) > 0 || k.anyLeft() {
		t.Errorf("list = %v, anyLeft %t, want none: only kernel threads are left", living, k.anyLeft())
	}
	if all := k.everyProcess(); len(all) != 1 || all[0].PID != 1 {
		t.Errorf("everyProcess = %v, want only 1", all)
	}
}
