package initcore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// soonFailed is how soon after its start a program ends that cannot work at all.
const soonFailed = 10 * time.Second

// adviceFor returns advice for a program that failed by itself soon after its start; "" if
// there is none. The exit status alone does not say why it failed, so the advice is
// limited to commands that cannot work.
func (m *machine) adviceFor(d *death) string {
	p := d.program
	if d.Failure != nil || d.Status.Signaled() || d.Status == 0 || p.followed || m.phase != running || m.now.Sub(p.begun) > soonFailed {
		return ""
	}
	if advice := unreadListInShell(p.Args); advice != "" {
		return advice
	}
	name, fault := m.evidence.failedSoon(d.paths, p.Program)
	if fault != "" {
		return fault
	}
	if name != "" {
		return name + " is an init and works as PID 1 only: make it the ENTRYPOINT in place of yinit, without docker run --init; or run the service itself under yinit"
	}
	return ""
}

// failedSoon implements evidence.
func (k *kernel) failedSoon(paths []string, p *Program) (initName, fault string) {
	var found struct{ initName, fault string } // the helper may still write to it
	dir := k.dirOf(p)
	if !k.helper.call(evidenceLimit, func() {
		for _, path := range paths {
			target, err := filepath.EvalSymlinks(within(dir, path))
			if err != nil {
				continue
			}
			begin := ""
			if info, err := os.Stat(target); err == nil && info.Mode().IsRegular() { // opening a FIFO would block
				begin = head(target, 4096)
				found.fault = crInScript(begin)
			}
			if mayBeInit(filepath.Base(p.Args[0])) && !asksOnly(p.Args[1:]) {
				found.initName = onlyPIDOne(filepath.Clean(within(dir, path)), target, begin, exists)
			}
			return
		}
	}) {
		return "", ""
	}
	return found.initName, found.fault
}

// mayBeInit reports whether a file of this name may be an init that works as PID 1 only.
func mayBeInit(base string) bool {
	switch base {
	case "init", "systemd", "runit", "runit-init", "openrc-init", suexec:
		return true
	}
	return false
}

// asksOnly reports whether systemd, called with these arguments, does something that it
// does as any process, see systemd(1).
func asksOnly(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		switch arg {
		case "--user", "--version", "--help", "-h", "--test":
			return true
		}
		return strings.HasPrefix(arg, "--dump-")
	})
}

// suexec is what the /init of s6-overlay executes, and what checks that its pid is 1.
const suexec = "s6-overlay-suexec"

// onlyPIDOne names the init that a file is, by its path, by the path to which its
// symbolic links lead, and by how it begins; "" if it is no init that works as PID 1 only.
// exists tells whether there is a file. s6-overlay, systemd, runit and the
// init of BusyBox check that their pid is 1; sysvinit and openrc-init take themselves for
// telinit otherwise. Many a container has a script of its own with such a name.
func onlyPIDOne(path, target, begin string, exists func(path string) bool) string {
	if strings.HasPrefix(begin, "#!") {
		return onlyPIDOneScript(path, begin, exists)
	}
	base, targetBase := filepath.Base(path), filepath.Base(target)
	for _, name := range []string{base, targetBase} {
		switch name {
		case "systemd", "openrc-init":
			return name
		case suexec:
			return "s6-overlay"
		case "runit", "runit-init":
			return "runit"
		}
	}
	switch {
	case base == "init" && targetBase == "busybox":
		return "BusyBox init"
	case (path == "/sbin/init" || path == "/usr/sbin/init") && exists("/etc/inittab"):
		return "init"
	}
	return ""
}

// onlyPIDOneScript is onlyPIDOne for a script.
func onlyPIDOneScript(path, begin string, exists func(path string) bool) string {
	overlay := exists("/package/admin/s6-overlay") || exists("/etc/s6-overlay") || exists("/command/"+suexec)
	if path == "/init" && overlay || strings.Contains(begin, suexec) {
		return "s6-overlay"
	}
	return ""
}
