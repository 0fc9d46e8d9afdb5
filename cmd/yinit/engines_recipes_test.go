package main

import (
	"strings"
	"testing"
)

// TestEngineRecipePodman runs the recipe for Podman in docs/recipes.md: yinit as the init of
// podman run --init, by the option and by containers.conf.
func TestEngineRecipePodman(t *testing.T) {
	p := newPodman(t, 0)
	if text := recipes(t, "Podman", "toml")[0]; text != "[containers]\ninit_path = \"/usr/bin/yinit\"\n" {
		t.Fatalf("this test does not run %s", text)
	}
	path := p.path(t, "rootfs/yinit")
	options := map[string][]string{"option": {"--init", "--init-path", path}, "file": {"--init"}}
	for _, name := range []string{"option", "file"} {
		if name == "file" {
			runs(t, "sed", "-i", `s|^\[containers\]|&\ninit_path = "`+path+`"|`, p.path(t, "etc/containers.conf"))
		}
		id := p.start(t, name, options[name], []string{"sleep", "600"})
		if out := p.do(t, "exec", id, "/run/podman-init", "status"); !strings.Contains(out, "PID 1 is yinit") {
			t.Errorf("%s: %s", name, out)
		}
		p.do(t, "stop", id)
		if status := p.do(t, "inspect", "-f", "{{.State.ExitCode}}", id); status != "143" {
			t.Errorf("%s: exit status %s, want 143", name, status)
		}
	}
}
