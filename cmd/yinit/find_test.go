package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"yinit/initcore/history"
	"yinit/procfs"
	"yinit/procfs/verdict"
)

// TestIsYinit asks whether real processes, each PID 1 of a namespace, are yinit: as a user
// who may inspect them, and as another user.
func TestIsYinit(t *testing.T) {
	requireNamespaces(t)
	dir := t.TempDir()
	goProgram := buildGoProgram(t, dir)
	shell, tini := program(t, "sh", "dash"), program(t, "tini", "tini")
	for _, tt := range []struct {
		file, name string
		args       []string
		other      verdict.Answer // the answer for another user
		known      bool           // KnownInit, for either
	}{
		{binary, "yinit", []string{"sleep", "100"}, verdict.Yes, true},
		{binary, "docker-init", []string{"sleep", "100"}, verdict.Yes, true},
		{binary, "app-init", []string{"sleep", "100"}, verdict.Unknown, false},
		{binary, "yinit", []string{"history", "--follow"}, verdict.No, true},
		{tini, "docker-init", []string{"sleep", "100"}, verdict.No, true},
		{tini, "yinit", []string{"sleep", "100"}, verdict.No, true},
		{program(t, "catatonit", "catatonit"), "catatonit", []string{"sleep", "100"}, verdict.No, true},
		{program(t, "dumb-init", "dumb-init"), "dumb-init", []string{"sleep", "100"}, verdict.No, true},
		{shell, "yinit", []string{"-c", "sleep 100; true"}, verdict.No, true},
		{shell, "sh", []string{"-c", "sleep 100; true"}, verdict.No, false},
		{goProgram, "app", nil, verdict.No, false},
		{goProgram, "yinit", []string{"all"}, verdict.Unknown, true},
	} {
		t.Run(filepath.Base(tt.file)+" as "+tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), tt.name)
			if err := exec.Command("cp", "-L", tt.file, file).Run(); err != nil {
				t.Fatal(err)
			}
			cmd := namespaced(append([]string{file}, tt.args...)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
			pid := cmd.Process.Pid
			// A user who may inspect yinit as the init sees the ring.
			own := tt.other
			if tt.file == binary && tt.args[0] == "sleep" {
				own = verdict.Yes
			}
			eventually(t, "it is the program", func() bool {
				comm, err := procfs.FS{}.Comm(pid)
				return err == nil && comm == tt.name && history.IsYinit(procfs.FS{}, pid) == own
			})
			if known := history.Reaps(procfs.FS{}, pid); known != (tt.known || own == verdict.Yes) {
				t.Errorf("Reaps = %v, want %v", known, tt.known || own == verdict.Yes)
			}
			if os.Getuid() != 0 {
				return
			}
			// A program takes a moment to install its handlers.
			eventually(t, "for another user IsYinit is "+tt.other.String(), func() (ok bool) {
				asNobody(t, func() {
					relay := history.RelayOf(procfs.FS{}, pid)
					ok = history.IsYinit(procfs.FS{}, pid) == tt.other && (relay != nil) == (tt.other == verdict.Yes) && history.Reaps(procfs.FS{}, pid) == tt.known
				})
				return ok
			})
		})
	}
}

// buildGoProgram builds a program that waits, and with an argument catches all
// signals before.
func buildGoProgram(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(dir, "goprogram")
	source := `package main

import (
	"os"
	"os/signal"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		signal.Notify(make(chan os.Signal, 1))
	}
	time.Sleep(time.Hour)
}
`
	if err := os.WriteFile(file+".go", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", file, file+".go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, strings.TrimSpace(string(out)))
	}
	return file
}

// asNobody calls f on a thread that runs as another user. The thread ends with f.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	const nobody = 54321
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
			t.Errorf("setresuid: %v", errno)
			return
		}
		f()
	}()
	<-done
}
