package packages

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// install installs the packages in a Debian of its own with apt, uses them, and removes them.
func (r release) install(t *testing.T) {
	root := filepath.Join(t.TempDir(), "debian")
	run(t, "debootstrap", "--variant=minbase", "--include=man-db,mandoc,bash-completion,zsh,fish", "stable", root)
	// A PID namespace of its own, so that nothing that a script starts can stay.
	in := func(script string) string {
		t.Helper()
		return run(t, "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", `mount -t proc proc "$1/proc"; exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash -ec "$2"`, "sh", root, script)
	}
	// All files but those that dpkg and apt write at any time.
	const list = `apt-get -qq clean; find / -xdev \( -path /proc -o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /tmp -o -path /root \) -prune -o \( -type d -printf '%p %y %m\n' -o -printf '%p %y %m %s\n' \) | sort`
	before := in(list)
	for _, program := range r.programs {
		deb := r.deb(program, runtime.GOARCH)
		run(t, "cp", deb, filepath.Join(root, "tmp", program+".deb"))
		in("cd /tmp && apt-get install -y ./" + program + ".deb && dpkg --verify " + program + " && test -z \"$(dpkg --verify " + program + ")\"")
		if out := in(program + " --version"); !strings.Contains(out, r.commit[:7]) {
			t.Errorf("installed: --version prints %q", out)
		}
	}
	if out := in(`yinit -- sh -c 'exit 7' || echo status $?; yinit status --proc /proc >/dev/null || true`); !strings.Contains(out, "status 7") {
		t.Errorf("yinit -- sh -c 'exit 7': %q", out)
	}
	if out := in(`man --path yinit; man yinit | cat; mandoc -T lint -W warning "$(man --path yinit)"`); !strings.Contains(out, "/usr/share/man/man1/yinit.1.gz") || !strings.Contains(out, "init for containers") {
		t.Errorf("man yinit: %s", out)
	}
	// The shells find the completions by themselves.
	for shell, script := range map[string]string{
		"bash": `source /usr/share/bash-completion/bash_completion; _completion_loader yinit || [ $? = 124 ]; complete -p yinit`,
		"zsh":  `zsh -fc 'autoload -U compinit; compinit -D; echo ${_comps[yinit]}' `,
		"fish": `fish -c 'complete -C "yinit zom"'`,
	} {
		if out := in(script); !strings.Contains(out, "yinit") && !strings.Contains(out, "zombies") {
			t.Errorf("%s has no completion: %q", shell, out)
		}
	}
	in("apt-get purge -y " + strings.Join(r.programs, " "))
	after := in(list)
	left := in(`dpkg -l ` + strings.Join(r.programs, " ") + ` 2>/dev/null | grep '^[a-z][a-z] ' || true; find /var/lib/dpkg/info -name 'yinit*'; grep -l yinit /var/lib/dpkg/triggers/* || true`)
	if left != "" {
		t.Errorf("dpkg still has %q", left)
	}
	files := func(text string) map[string]bool {
		all := map[string]bool{}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "/") {
				all[line] = true
			}
		}
		return all
	}
	if diff := cmp.Diff(files(before), files(after)); diff != "" {
		t.Errorf("installing and removing leaves something behind:\n%s", diff)
	}
}
