package container

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/proctest"
)

// TestReal describes containers by the lines in testdata/real.txt.
func TestReal(t *testing.T) {
	text := strings.TrimRight(string(fixture(t, "real.txt")), "\n")
	blocks := strings.Split(text, "\n\n")[1:]
	if len(blocks) < 10 {
		t.Fatalf("%d cases", len(blocks))
	}
	for _, block := range blocks {
		var groups, mounts strings.Builder
		var parent []string
		var want Names
		name := ""
		for line := range strings.Lines(block + "\n") {
			word, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
			switch word {
			case "#":
				if !strings.HasPrefix(rest, "Source: ") {
					name = rest
				}
			case "cgroup":
				groups.WriteString(rest + "\n")
			case "mount":
				mounts.WriteString(rest + "\n")
			case "parent":
				if parent = strings.Fields(rest); strings.HasPrefix(rest, "[") { // a title is one word
					parent = []string{rest}
				}
			case "=":
				want = namesOf(t, strings.Fields(rest))
			default:
				t.Fatalf("%s: %q", name, line)
			}
		}
		t.Run(name, func(t *testing.T) {
			tree := proctest.New(t)
			tree.Process(proctest.Process{PID: 100, PPID: 1, NSpid: []int{100}, Exe: "/bin/true", Files: map[string]string{"cgroup": "0::/\n"}})
			tree.Process(proctest.Process{PID: 200, PPID: 100, NSpid: []int{200, 1}, Exe: "/bin/true", Files: map[string]string{"cgroup": groups.String(), "mountinfo": mounts.String()}})
			tree.Link("200/ns/pid", "pid:[10]")
			procs := []Process{
				{ID: procfs.ID{PID: 2}, NSpid: []int{2}, Kernel: true},
				{ID: procfs.ID{PID: 100, Start: 1}, PPID: 1, NSpid: []int{100}},
				{ID: procfs.ID{PID: 200, Start: 2}, PPID: 100, NSpid: []int{200, 1}},
			}
			found := Find(tree.FS(), procs, pathsIn(tree.FS()))
			if len(found) != 1 {
				t.Fatalf("%d containers", len(found))
			}
			d := Describer{FS: tree.FS(), Root: NewRoot(""), Cmdline: func(int) []string { return parent }}
			if diff := cmp.Diff(want, d.Describe(&found[0], procs, found)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// namesOf parses what a case of testdata/real.txt expects.
func namesOf(t *testing.T, words []string) Names {
	t.Helper()
	n := Names{Engine: words[0], ID: strings.TrimPrefix(words[1], "-")}
	for _, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "name":
			n.Name = value
		case "pod":
			n.Pod = value
		case "uid":
			n.PodUID = value
		case "qos":
			n.QoS = value
		case "sandbox":
			n.Sandbox = value == "true"
		case "stop":
			n.StopSignal, _ = strconv.Atoi(value)
		default:
			t.Fatalf("%s: %q", strings.Join(words, " "), word)
		}
	}
	return n
}
