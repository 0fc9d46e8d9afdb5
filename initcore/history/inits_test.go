package history

import "testing"

func TestKnownInit(t *testing.T) {
	for comm, want := range map[string]bool{"yinit": true, "docker-init": true, "sh": false, "": false} {
		if got := KnownInit(comm); got != want {
			t.Errorf("KnownInit(%q) = %v, want %v", comm, got, want)
		}
	}
}
