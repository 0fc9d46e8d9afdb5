package initcore

import (
	"slices"
	"strings"
	"testing"
)

// TestOnlyPIDOne: a program is said to be an init only if it is one, not because of its
// name.
func TestOnlyPIDOne(t *testing.T) {
	const elf, script = "\x7fELF", "#!/bin/sh\n"
	const inittab, s6 = "/etc/inittab", "/package/admin/s6-overlay"
	for _, tt := range []struct {
		path, target string
		begin        string
		files        string
		want         string
	}{
		{"/sbin/init", "/bin/busybox", elf, inittab, "BusyBox init"},
		{"/bin/init", "/bin/busybox", elf, "", "BusyBox init"},
		{"/sbin/init", "/sbin/init", elf, inittab, "init"},
		{"/usr/sbin/init", "/usr/lib/sysvinit/init", elf, inittab, "init"},
		{"/sbin/init", "/usr/lib/systemd/systemd", elf, "", "systemd"},
		{"/lib/systemd/systemd", "/usr/lib/systemd/systemd", elf, "", "systemd"},
		{"/sbin/init", "/sbin/runit-init", elf, "", "runit"},
		{"/sbin/openrc-init", "/sbin/openrc-init", elf, "", "openrc-init"},
		{"/init", "/package/admin/s6-overlay-3.1/init", script, s6, "s6-overlay"},
		{"/init", "/init", script, "/command/s6-overlay-suexec", "s6-overlay"},
		{"/init", "/init", script + "exec s6-overlay-suexec /package\n", "", "s6-overlay"},
		{"/app/init", "/app/init", script + "exec /command/s6-overlay-suexec\n", "", "s6-overlay"},
		{"/s6-overlay-suexec", "/s6-overlay-suexec", elf, "", "s6-overlay"},
		{"/command/s6-overlay-suexec", "/package/admin/s6-overlay-helpers-0.1/command/s6-overlay-suexec", elf, "", "s6-overlay"},
		{"/init", "/init", elf, "", ""},
		{"/app/init", "/app/init", script, inittab, ""},
		{"/app/init", "/app/init", elf, inittab, ""},
		{"/usr/local/bin/init", "/usr/local/bin/init", elf, inittab, ""},
		{"/sbin/init", "/app/start.sh", script, inittab, ""},
		{"/sbin/init", "/sbin/init", elf, "", ""},
		{"/init", "/init", script, inittab, ""},
		{"/app/init", "/app/init", script, s6, ""},
		{"/app/runit", "/app/runit", script, "", ""},
		{"/app/systemd", "/app/systemd", script, "", ""},
	} {
		got := onlyPIDOne(tt.path, tt.target, tt.begin, func(path string) bool { return path == tt.files })
		if got != tt.want {
			t.Errorf("%s -> %s, %q, with %q: %q, want %q", tt.path, tt.target, tt.begin, tt.files, got, tt.want)
		}
	}
}

// TestAsksOnly: systemd is not always to be the init.
func TestAsksOnly(t *testing.T) {
	for line, want := range map[string]bool{
		"systemd --user": true, "systemd --version": true, "systemd --dump-core": true, "systemd -h": true,
		"systemd": false, "systemd --system": false, "systemd --unit=multi-user.target": false, "init 3": false,
	} {
		if got := asksOnly(strings.Fields(line)[1:]); got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

// TestFailedSoon: the file of a program that failed is looked at, with its arguments.
func TestFailedSoon(t *testing.T) {
	helper, _ := newTestHelper()
	dir := t.TempDir()
	k := &kernel{helper: helper, workDir: dir}
	file(t, dir, "runit", "\x7fELF", 0o755)
	file(t, dir, "bin/systemd", "\x7fELF", 0o755)
	file(t, dir, "app/systemd", "#!/bin/sh\n", 0o755)
	for line, want := range map[string]string{
		"./runit": "runit", "bin/systemd": "systemd", "bin/systemd --user": "", "app/systemd": "", "./init": "",
	} {
		args := strings.Fields(line)
		if got, _ := k.failedSoon(slices.Clone(args[:1]), &Program{Args: args}); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
