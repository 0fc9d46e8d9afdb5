package container

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A cgroupCase is a case of testdata/cgroups.txt.
type cgroupCase struct {
	name  string
	lines string
	want  Chain
}

// cgroupCases parses testdata/cgroups.txt.
func cgroupCases(t testing.TB) (all []cgroupCase) {
	t.Helper()
	b, err := os.ReadFile("testdata/cgroups.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimRight(string(b), "\n"), "\n\n")
	for _, block := range blocks[1:] {
		var c cgroupCase
		for line := range strings.Lines(block + "\n") {
			switch {
			case strings.HasPrefix(line, "# Source: "):
			case strings.HasPrefix(line, "#"):
				c.name = strings.Trim(line, "# .\n")
			case strings.HasPrefix(line, "= "):
				line, rootless := strings.CutSuffix(strings.TrimSpace(line), " rootless")
				line, pod, _ := strings.Cut(line, " podman-pod ")
				f := strings.Fields(line)[1:]
				e := Element{Engine: strings.Trim(f[0], "-"), ID: f[1], PodID: pod, Rootless: rootless}
				if len(f) == 5 {
					e.PodUID, e.QoS = f[3], f[4]
				}
				c.want = append(c.want, e)
			default:
				c.lines += line
			}
		}
		if c.name == "" || c.lines == "" {
			t.Fatalf("a case without a name or lines:\n%s", block)
		}
		all = append(all, c)
	}
	return all
}

func TestCgroups(t *testing.T) {
	for _, tt := range cgroupCases(t) {
		if diff := cmp.Diff(tt.want, ParseCgroups([]byte(tt.lines))); diff != "" {
			t.Errorf("%s: -want +got\n%s%s", tt.name, diff, tt.lines)
		}
	}
}

// TestCgroupsBounded: a hostile path makes no more elements than an engine would.
func TestCgroupsBounded(t *testing.T) {
	var path strings.Builder
	for i := range 1000 {
		path.WriteString("/lxc.payload.a" + strings.Repeat("x", i%300))
	}
	if got := ParsePath(path.String()); len(got) > mostElements {
		t.Errorf("%d elements", len(got))
	}
}

func FuzzCgroups(f *testing.F) {
	for _, c := range cgroupCases(f) {
		f.Add([]byte(c.lines))
	}
	f.Add([]byte("0::/lxc/\xff\xfe\n1:::::\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, e := range ParseCgroups(b) {
			if e.ID == "" || (e.PodUID == "") != (e.QoS == "") {
				t.Errorf("element %+v of %q", e, b)
			}
		}
	})
}
