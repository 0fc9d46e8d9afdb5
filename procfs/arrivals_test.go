package procfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestArrivals simulates the values of loadavg from one scan to the next, and checks
// which pids may be new, or whether /proc has to be listed.
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
	const most = 50
	type answer struct {
		from, to int
		ok       bool
	}
	list := answer{}
	for name, steps := range map[string][]struct {
		last int
		want answer
	}{
		"quiet":           {{7, list}, {7, list}, {7, answer{7, 7, true}}, {7, answer{7, 7, true}}},
		"each pid twice":  {{7, list}, {7, list}, {9, answer{7, 9, true}}, {12, answer{7, 12, true}}, {12, answer{9, 12, true}}, {12, answer{12, 12, true}}},
		"while it listed": {{7, list}, {9, list}, {9, answer{7, 9, true}}, {9, answer{9, 9, true}}},
		"too many":        {{7, list}, {7, list}, {58, list}, {58, list}, {58, answer{58, 58, true}}},
		"just not":        {{7, list}, {7, list}, {57, answer{7, 57, true}}, {57, answer{7, 57, true}}, {57, answer{57, 57, true}}},
		"began anew":      {{4194303, list}, {4194303, list}, {301, list}, {301, list}, {301, answer{301, 301, true}}},
		"there and back":  {{7, list}, {7, list}, {8, answer{7, 8, true}}, {7, answer{7, 7, true}}, {7, list}},
	} {
		a := arrivals{fd: int(f.Fd())}
		for i, step := range steps {
			say(step.last)
			from, to, ok := a.since(buf, most)
			if got := (answer{from, to, ok}); got != step.want {
				t.Errorf("%s: step %d, LastPID %d: since() = %v, want %v", name, i, step.last, got, step.want)
			}
		}
	}
	a, spared := arrivals{fd: int(f.Fd())}, 0
	for range 2 + 10*(maxSpared+1) - 1 {
		if _, _, ok := a.since(buf, most); ok {
			spared++
		}
	}
	if spared != 10*maxSpared {
		t.Errorf("%d listings were spared, want %d", spared, 10*maxSpared)
	}
	if _, err := f.WriteAt([]byte("nonsense"), 0); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := a.since(buf, most); ok {
		t.Error("since() says what is new though loadavg is nonsense")
	}
	if _, _, ok := (&arrivals{fd: -1}).since(buf, most); ok {
		t.Error("since() says what is new without a loadavg")
	}
}

// TestGuess adds pids to slots that contain some of them already.
func TestGuess(t *testing.T) {
	for _, test := range []struct {
		have     []int
		from, to int
		want     string
	}{
		{[]int{1, 5}, 5, 5, "1 5"},
		{[]int{1, 5}, 5, 7, "1 5 6? 7?"},
		{[]int{1, 5, 7}, 5, 8, "1 5 6? 7 8?"},
		{[]int{1, 5, 9, 20}, 5, 7, "1 5 6? 7? 9 20"},
		{[]int{10, 20}, 5, 7, "6? 7? 10 20"},
		{nil, 5, 7, "6? 7?"},
		{[]int{6, 7}, 5, 7, "6 7"},
	} {
		var k keeper
		for _, pid := range test.have {
			k.slots = append(k.slots, newSlot(pid, false))
		}
		k.guess(test.from, test.to)
		var got []string
		for _, p := range k.slots {
			got = append(got, strconv.Itoa(p.pid)+map[bool]string{true: "?"}[p.guess])
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%v and %d to %d: %v, want %s", test.have, test.from+1, test.to, got, test.want)
		}
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
