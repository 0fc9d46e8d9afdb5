package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDockerReport checks that the report is that of the container's own run, in its own
// PID namespace and in a shared one, whatever docker exec runs.
func TestDockerReport(t *testing.T) {
	t.Parallel()
	pause := container(t, "--entrypoint", "sleep", busyImage, "1000")
	for name, options := range map[string][]string{
		"own":    nil,
		"shared": {"--pid", "container:" + pause},
	} {
		t.Run(name, func(t *testing.T) {
			report := filepath.Join(t.TempDir(), "termination-log")
			if err := os.WriteFile(report, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			told := func() string {
				b, err := os.ReadFile(report)
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			options := append(options, "-v", report+":/dev/termination-log", "--entrypoint", "/yinit", busyImage)

			id := container(t, append(options, "--", "sh", "-c", "while ! [ -e /end ]; do sleep 0.05; done; exit 7")...)
			for _, call := range []string{"--graze", "--graze true", "", "-- sh -c 'exit 9'"} {
				for _, user := range []string{"0", "1000"} {
					out, err := exec.Command("docker", "exec", "-u", user, id, "sh", "-c", "exec /yinit "+call).CombinedOutput()
					if exitStatus(err) == 0 || told() != "" {
						t.Fatalf("docker exec yinit %s as %s: %v, report %q\n%s", call, user, err, told(), out)
					}
				}
			}
			docker(t, "exec", id, "touch", "/end")
			docker(t, "wait", id)
			if got := told(); !strings.HasPrefix(got, "yinit: exit status 7: sh exited 7") {
				t.Errorf("the report of the run: %q", got)
			}

			if err := os.Truncate(report, 0); err != nil {
				t.Fatal(err)
			}
			refused := container(t, append(options, "--graze", "true")...)
			docker(t, "wait", refused)
			if got := told(); !strings.HasPrefix(got, "yinit: exit status 125: unknown option --graze") {
				t.Errorf("the report of an init that was refused: %q", got)
			}
		})
	}
}
