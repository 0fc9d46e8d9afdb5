package main

import (
	"encoding/json"
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

// TestEngineRecipeCRI creates a container from the JSON in docs/recipes.md, with an image that is
// here: yinit is PID 1, and stops the program.
func TestEngineRecipeCRI(t *testing.T) {
	c := newCRI(t)
	text := recipes(t, "CRI: containerd and CRI-O", "json")[0]
	if strings.Count(text, `"my-app"`) != 1 {
		t.Fatalf("this test does not run %s", text)
	}
	const uid = "5f0e6f0e-30a1-4f0c-9a55-0c3cf1b4f6a2"
	sandbox, config := c.run(t, "recipe-0", uid, 1)
	file := c.write(t, "recipe.json", strings.Replace(text, `"my-app"`, `"`+engineImage+`"`, 1), 0o644)
	id := c.do(t, "create", "--no-pull", sandbox, file, config)
	c.do(t, "start", id)
	c.expect(t, id, c.pidOf(t, "inspect", id), seen{Engine: "containerd", Name: "app", Image: engineImage, Pod: "recipe-0", Namespace: "shop", PodUID: uid, Init: "yes", Processes: 2})
	if out := c.do(t, "exec", id, "/yinit", "status"); !strings.Contains(out, "PID 1 is yinit") {
		t.Errorf("yinit status in the container: %s", out)
	}
	c.do(t, "stop", "--timeout", "30", id) // by default crictl kills at once
	var ended struct{ Status struct{ ExitCode int } }
	if err := json.Unmarshal([]byte(c.do(t, "inspect", id)), &ended); err != nil || ended.Status.ExitCode != 143 {
		t.Errorf("stopped: exit status %d, %v; want 143", ended.Status.ExitCode, err)
	}
}
