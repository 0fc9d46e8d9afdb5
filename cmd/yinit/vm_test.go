package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// bootLimit is how long a virtual machine may run. An emulated one on a busy host is slow.
const bootLimit = 20 * time.Minute

// TestVM boots an older kernel, in a virtual machine without KVM, with yinit as the init of
// the machine. There the compiled tests of this package run as its program: the conformance
// list and the cases of [TestGuest]. YINIT_VM names the kernel, see `make vm`.
func TestVM(t *testing.T) {
	kernel := os.Getenv("YINIT_VM")
	if kernel == "" {
		t.Skip("only for make vm, which names a kernel")
	}
	vm := newMachine(t, kernel)
	t.Run("cases", func(t *testing.T) { vm.runCases(t) })
	for _, end := range []struct{ action, kernelSays string }{
		{"poweroff", "reboot: Power down"},
		{"reboot", "reboot: Restarting system"},
		{"halt", "reboot: System halted"},
	} {
		t.Run(end.action, func(t *testing.T) { vm.runEnd(t, end.action, end.kernelSays) })
	}
}

// runCases boots the machine and checks that each case ran there and passed.
func (vm *machine) runCases(t *testing.T) {
	console, results := vm.boot(t, "rdinit=/init -- "+guestTests, "reboot: Power down")
	outcomes := parseOutcomes(results)
	for _, name := range guestNames() {
		t.Run(name, func(t *testing.T) {
			switch got, ran := outcomes[name]; {
			case !ran:
				t.Error("it did not run, or did not end")
			case got.verdict != "PASS":
				t.Errorf("%s\n%s", got.verdict, got.output)
			default:
				t.Log(got.took)
			}
		})
	}
	if !strings.Contains(results, "\nPASS\n") || !strings.Contains(console, "exit status 0: the machine will power off") {
		t.Errorf("the machine did not end well. Its console:\n%s\nThe end of the results:\n%s", console, tail(results))
	}
}

// runEnd boots a machine in which yinit is the first process: the kernel executes it, no
// file system is mounted, and its program ends at once.
func (vm *machine) runEnd(t *testing.T, action, kernelSays string) {
	console, _ := vm.boot(t, "rdinit=/yinit/yinit -- --at-end="+action+" /end", kernelSays)
	want := map[string]string{"poweroff": "power off", "reboot": "restart", "halt": "halt"}[action]
	for _, text := range []string{"the program runs as pid 1's child", "yinit: exit status 3: the machine will " + want} {
		if !strings.Contains(console, text) {
			t.Errorf("the console lacks %q:\n%s", text, console)
		}
	}
}

// outcome is how a case ended in the guest.
type outcome struct{ verdict, took, output string }

var (
	beganLine = regexp.MustCompile(`^=== RUN +(\S+)$`)
	endedLine = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \((\S+)\)$`)
)

// parseOutcomes reads the output of go test -v, by the names of the tests. A test that
// panics has none.
func parseOutcomes(results string) map[string]outcome {
	list := map[string]outcome{}
	said := map[string]string{}
	current := ""
	for line := range strings.Lines(results) {
		line = strings.TrimRight(line, "\r\n")
		if m := beganLine.FindStringSubmatch(line); m != nil {
			current = m[1]
		} else if m := endedLine.FindStringSubmatch(line); m != nil {
			list[m[2]] = outcome{m[1], m[3], said[m[2]]}
		} else {
			said[current] += line + "\n"
		}
	}
	return list
}

// guestNames returns the names of the tests that must run in the guest.
func guestNames() (names []string) {
	for _, c := range conformances {
		names = append(names, "TestConformance/"+strings.ReplaceAll(c.name, " ", "-"))
	}
	names = append(names, "TestFrozenByVersion2")
	for _, c := range guestCases {
		names = append(names, "TestGuest/"+strings.ReplaceAll(c.name, " ", "-"))
	}
	return names
}

// guestTests selects what guestNames lists.
const guestTests = "^Test(Conformance|FrozenByVersion2|Guest)$"

// borrowed are programs of the host in the guest, where busybox does not have them or not
// with the options that the cases use.
var borrowed = []string{"dash", "env", "nice", "setpriv", "tini", "unshare"}

// machine is a virtual machine.
type machine struct{ qemu, kernel, initramfs string }

func newMachine(t *testing.T, kernel string) *machine {
	t.Helper()
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Fatal("qemu-system-x86_64 is missing: apt-get install qemu-system-x86")
	}
	vm := &machine{qemu: qemu, kernel: kernel, initramfs: filepath.Join(t.TempDir(), "initramfs")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("busybox is missing: apt-get install busybox-static")
	}
	files := map[string]string{
		"/bin/busybox": busybox, "/yinit/suite": self, "/yinit/yinit": binary, "/yinit/actor": filepath.Join(filepath.Dir(binary), "actor"),
		"/init": "testdata/vm/init", "/end": "testdata/vm/end",
	}
	for _, name := range borrowed {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("%s is missing", name)
		}
		files["/yinit/"+name] = path
		libraries, _ := exec.Command("ldd", path).Output() // none if it is static
		for _, library := range regexp.MustCompile(`/\S+`).FindAllString(string(libraries), -1) {
			files[library] = library
		}
	}
	files["/bin/sh"] = files["/yinit/dash"]
	var a archive
	for _, dir := range []string{"/dev", "/etc", "/proc", "/run", "/sys", "/tmp"} {
		a.dir(dir)
	}
	for name, from := range files {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		a.dir(filepath.Dir(name))
		a.add(name, 0o755, b)
	}
	if err := os.WriteFile(vm.initramfs, a.bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return vm
}

// boot runs the machine with the words on the kernel's command line, until it ends or its
// console says that it is at an end. It returns the texts of the console and of the second
// serial port. A machine that does not end in time fails the test.
func (vm *machine) boot(t *testing.T, words, last string) (console, results string) {
	t.Helper()
	dir := t.TempDir()
	files := [2]string{filepath.Join(dir, "console"), filepath.Join(dir, "results")}
	cmd := exec.Command(vm.qemu, "-nodefaults", "-no-reboot", "-display", "none", "-machine", "pc,accel=tcg", "-smp", "2", "-m", "1024",
		"-kernel", vm.kernel, "-initrd", vm.initramfs, "-append", "console=ttyS0 panic=-1 quiet "+words,
		"-serial", "file:"+files[0], "-serial", "file:"+files[1])
	var errs bytes.Buffer
	cmd.Stderr = &errs
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	read := func(i int) string {
		b, _ := os.ReadFile(files[i])
		return strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	timeout := time.After(bootLimit)
	over := false
	for !over {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("qemu: %v, %s", err, errs.String())
			}
			over = true
		case <-time.After(100 * time.Millisecond): // a halted machine goes on for ever
			over = strings.Contains(last, "halted") && strings.Contains(read(0), last)
		case <-timeout:
			t.Errorf("the machine did not end within %v; the end of the results:\n%s", bootLimit, tail(read(1)))
			over = true
		}
	}
	if err := cmd.Process.Kill(); err == nil {
		<-ended
	} else if !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	console, results = read(0), read(1)
	if !strings.Contains(console, last) {
		t.Errorf("the console lacks %q:\n%s", last, console)
	}
	t.Logf("the machine ran for %v", time.Since(began).Round(time.Second/10))
	return console, results
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// archive is a cpio archive in the format newc, see cpio(5), which the kernel unpacks as
// its first file system.
type archive struct {
	b     bytes.Buffer
	files int
}

func (a *archive) add(name string, mode fs.FileMode, content []byte) {
	kind := 0o100000
	if mode.IsDir() {
		kind = 0o040000
	}
	a.files++
	fmt.Fprintf(&a.b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		a.files, kind|int(mode.Perm()), 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	a.b.WriteString(name + "\x00")
	a.pad()
	a.b.Write(content)
	a.pad()
}

// dir adds a directory and those above it. The kernel does not mind repetitions.
func (a *archive) dir(path string) {
	if path != "/" {
		a.dir(filepath.Dir(path))
		a.add(path, fs.ModeDir|0o755, nil)
	}
}

func (a *archive) pad() { a.b.Write(make([]byte, -a.b.Len()&3)) }

func (a *archive) bytes() []byte {
	a.add("TRAILER!!!", 0, nil)
	return a.b.Bytes()
}
