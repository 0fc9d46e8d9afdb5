package initcore

import (
	"slices"
	"strings"
	"testing"
)

// TestOnlyPIDOne: a program is said to be an init only if it is one, not because of its
// name.
func TestOnlyPIDOne(t *testing.T) {
	const inittab, s6 = "/etc/inittab", "/package/admin/s6-overlay"
	for _, tt := range []struct {
		path, target string
		script       bool
		files        string
		want         string
	}{
		{"/sbin/init", "/bin/busybox", false, inittab, "BusyBox init"},
		{"/bin/init", "/bin/busybox", false, "", "BusyBox init"},
		{"/sbin/init", "/sbin/init", false, inittab, "init"},
		{"/usr/sbin/init", "/usr/lib/sysvinit/init", false, inittab, "init"},
		{"/sbin/init", "/usr/lib/systemd/systemd", false, "", "systemd"},
		{"/lib/systemd/systemd", "/usr/lib/systemd/systemd", false, "", "systemd"},
		{"/sbin/init", "/sbin/runit-init", false, "", "runit"},
		{"/sbin/openrc-init", "/sbin/openrc-init", false, "", "openrc-init"},
		{"/init", "/package/admin/s6-overlay-3.1/init", true, s6, "s6-overlay"},
		{"/app/init", "/app/init", true, inittab, ""},
		{"/app/init", "/app/init", false, inittab, ""},
		{"/usr/local/bin/init", "/usr/local/bin/init", false, inittab, ""},
		{"/sbin/init", "/app/start.sh", true, inittab, ""},
		{"/sbin/init", "/sbin/init", false, "", ""},
		{"/init", "/init", true, inittab, ""},
		{"/app/init", "/app/init", true, s6, ""},
		{"/app/runit", "/app/runit", true, "", ""},
		{"/app/systemd", "/app/systemd", true, "", ""},
	} {
		got := onlyPIDOne(tt.path, tt.target, tt.script, func(path string) bool { return path == tt.files })
		if got != tt.want {
			t.Errorf("%s -> %s, script %v, with %q: %q, want %q", tt.path, tt.target, tt.script, tt.files, got, tt.want)
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
