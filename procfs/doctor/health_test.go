package doctor

import (
	"testing"
	"time"
)

// TestHealth: what is healthy, at its limits.
func TestHealth(t *testing.T) {
	limits := Health{MaxZombies: 50, OldAfter: 10 * time.Second, MaxPids: 90}
	for name, tt := range map[string]struct {
		change func(*Health)
		want   string
	}{
		"nothing known":      {func(*Health) {}, "healthy: no zombies"},
		"no limit":           {func(h *Health) { h.Pids = 7 }, "healthy: no zombies; 7 processes and threads, and no limit"},
		"at both limits":     {func(h *Health) { h.Zombies, h.Old, h.Pids, h.PidsLimit = 60, 50, 90, 100 }, "healthy: 60 zombies, 50 dead for more than 10s; 90 of 100 processes and threads"},
		"one zombie more":    {func(h *Health) { h.Zombies, h.Old, h.Oldest = 51, 51, time.Hour }, "unhealthy: 51 zombies are dead for more than 10s (more than 50), the oldest for 1h00m"},
		"one process more":   {func(h *Health) { h.Pids, h.PidsLimit = 91, 100 }, "unhealthy: 91 of 100 processes and threads are taken, more than 90%"},
		"a share of a pid":   {func(h *Health) { h.Pids, h.PidsLimit = 9, 10 }, "healthy: no zombies; 9 of 10 processes and threads"},
		"whose zombies":      {func(h *Health) { h.Old, h.Parent, h.ParentComm = 51, 7, "app" }, "unhealthy: 51 zombies are dead for more than 10s (more than 50); most are children of 7 app"},
		"not all was seen":   {func(h *Health) { h.Hidden = true }, "healthy: no zombies; processes of other users are hidden from this one"},
		"a limit of 32 bits": {func(h *Health) { h.Pids, h.PidsLimit = 4_000_000, 4_194_304 }, "unhealthy: 4000000 of 4194304 processes and threads are taken, more than 90%"},
	} {
		h := limits
		tt.change(&h)
		if got := h.Text(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
