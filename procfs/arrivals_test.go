package procfs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestArrivals plays what loadavg says from one scan to the next, and when the
// listing may be spared.
func TestArrivals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loadavg")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	say := func(last int) {
		t.Helper()
		text := fmt.Sprintf("0.00 0.00 0.00 1/100 %07d\n", last) // the same length each time
		if _, err := f.WriteAt([]byte(text), 0); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, smallFile)
	for name, steps := range map[string][]struct {
		last  int
		spare bool
	}{
		"settled after two": {{7, false}, {7, false}, {7, true}, {7, true}},
		"each step counts":  {{7, false}, {8, false}, {9, false}, {9, false}, {9, true}, {10, false}, {10, false}, {10, true}},
		"wrapped around":    {{4194303, false}, {4194303, false}, {4194303, true}, {301, false}, {301, false}, {301, true}},
		"there and back":    {{7, false}, {8, false}, {7, false}, {7, false}, {7, true}},
	} {
		a := arrivals{fd: int(f.Fd())}
		for i, step := range steps {
			say(step.last)
			if got := a.none(buf); got != step.spare {
				t.Errorf("%s: step %d, LastPID %d: none() = %v, want %v", name, i, step.last, got, step.spare)
			}
		}
	}
	a, spared := arrivals{fd: int(f.Fd())}, 0
	for range 2 + 10*(restRounds+1) {
		if a.none(buf) {
			spared++
		}
	}
	if spared != 10*restRounds {
		t.Errorf("%d listings were spared, want %d", spared, 10*restRounds)
	}
	if _, err := f.WriteAt([]byte("nonsense"), 0); err != nil {
		t.Fatal(err)
	}
	if a.none(buf) {
		t.Error("none() is true though loadavg is nonsense")
	}
	if (&arrivals{fd: -1}).none(buf) {
		t.Error("none() is true without a loadavg")
	}
}

func TestMountOptions(t *testing.T) {
	const mounts = "22 1 0:21 / /proc rw,relatime shared:5 - proc proc rw\n" +
		"223 22 0:52 / /mnt/a\\040b rw - proc hidepid=2 rw,hidepid=invisible\n" +
		"24 1 0:5 / /cut rw"
	for id, want := range map[string]string{
		"22": "proc proc rw\n", "223": "proc hidepid=2 rw,hidepid=invisible\n", "24": "", "2": "", "": "",
	} {
		if got, _ := mountOptions([]byte(mounts), []byte(id)); string(got) != want {
			t.Errorf("mountOptions(%q) = %q, want %q", id, got, want)
		}
	}
	for text, want := range map[string]string{
		"pos:\t0\nflags:\t0100000\nmnt_id:\t26\nino:\t1\n": "26", "mnt_id:\n": "", "": "", "pos:\t0\n": "",
	} {
		if got, _ := mountID([]byte(text)); string(got) != want {
			t.Errorf("mountID(%q) = %q, want %q", text, got, want)
		}
	}
}
