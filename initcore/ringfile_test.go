package initcore

import (
	"testing"
	"time"
)

// TestFileLook: the file system hangs if nothing was copied for long, and no longer when
// something was copied, even if nobody looked at the moment when all was.
func TestFileLook(t *testing.T) {
	const s = time.Second
	type step struct {
		at     time.Duration
		behind bool
		copied uint64
		hung   bool
		lookIn time.Duration // 0: after the next event
	}
	for name, steps := range map[string][]step{
		"it hangs":                  {{0, true, 1, false, s}, {s, true, 1, false, s}, {5 * s, true, 1, true, 0}, {9 * s, true, 1, true, 0}},
		"it is slow":                {{0, true, 1, false, s}, {4 * s, true, 2, false, s}, {8 * s, true, 3, false, s}, {13 * s, true, 3, true, 0}},
		"it has all again":          {{0, true, 1, false, s}, {5 * s, true, 1, true, 0}, {6 * s, false, 9, false, 0}, {8 * s, true, 9, false, s}},
		"it had all between events": {{0, true, 1, false, s}, {5 * s, true, 1, true, 0}, {60 * s, true, 9, false, s}, {65 * s, true, 9, true, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var f fileLook
			begin := time.Now()
			for _, tt := range steps {
				now := begin.Add(tt.at)
				f.look(now, tt.behind, tt.copied)
				in := time.Duration(0)
				if !f.lookAt.IsZero() {
					in = f.lookAt.Sub(now)
				}
				if f.hung != tt.hung || in != tt.lookIn {
					t.Errorf("after %v: hung = %t, looks in %v; want %t, %v", tt.at, f.hung, in, tt.hung, tt.lookIn)
				}
			}
		})
	}
}
