package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestDockerTopNearTheLimit checks that close to the pids limit top refuses to start before
// it changes the terminal, and that --once still works.
func TestDockerTopNearTheLimit(t *testing.T) {
	id := container(t, "--pids-limit", "16", "--entrypoint", "/yinit", busyImage, "--", "sleep", "2000")
	// docker exec itself may hit the limit: then retry.
	try := func(want string, command ...string) {
		eventually(t, strings.Join(command, " ")+" says "+want, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			out, _ := exec.CommandContext(ctx, "docker", append([]string{"exec", "-t", id}, command...)...).CombinedOutput()
			return strings.Contains(string(out), want)
		})
	}
	try("yinit: top: needs 8 more threads, but the pids limit of this container, 16, leaves only ", "/yinit", "top")
	try("sleep 2000", "/yinit", "top", "--once")
}
