package metrics

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs"
	"yinit/procfs/container"
	"yinit/procfs/node"
	"yinit/procfs/snapshot"
	"yinit/procfs/verdict"
)

func text(t *testing.T, s *Set, format Format) string {
	t.Helper()
	var b strings.Builder
	if err := s.Write(&b, Families(), format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	s := &Set{}
	s.Add(Seen, 2)
	s.Add(Exits, 3, "shop", "web-1", "web", "docker://1", "img", "sh \"x\"\n\\", "exit", "1")
	s.Add(Init, 1, "", "", "", "", "", "a\xffb", "yes", "no")
	want := `# HELP yinit_node_containers Containers that were seen.
# TYPE yinit_node_containers gauge
yinit_node_containers 2
# HELP yinit_container_init PID 1: its name, whether it reaps, and whether it handles the stop signal: yes, no or unknown.
# TYPE yinit_container_init info
yinit_container_init_info{namespace="",pod="",container="",container_id="",image="",init="a\\xffb",reaps="yes",handles_stop="no"} 1
# HELP yinit_process_exits Processes that have ended: result is exit, signal or unknown, code the exit code or the name of the signal.
# TYPE yinit_process_exits counter
yinit_process_exits_total{namespace="shop",pod="web-1",container="web",container_id="docker://1",image="img",comm="sh \"x\"\\n\\",result="exit",code="1"} 3
# EOF
`
	if diff := cmp.Diff(want, text(t, s, OpenMetrics)); diff != "" {
		t.Error(diff)
	}
	want = strings.NewReplacer("# HELP yinit_container_init ", "# HELP yinit_container_init_info ", "# TYPE yinit_container_init info", "# TYPE yinit_container_init_info gauge",
		"# HELP yinit_process_exits ", "# HELP yinit_process_exits_total ", "# TYPE yinit_process_exits ", "# TYPE yinit_process_exits_total ").Replace(want)
	if diff := cmp.Diff(want, text(t, s, Prometheus)); diff != "" {
		t.Error(diff)
	}
}

// TestSamplesMerge: two names that are the same when made safe are one series.
func TestSamplesMerge(t *testing.T) {
	s := &Set{}
	for _, comm := range []string{"a\n", `a\n`, "b"} {
		s.Add(Exits, 1, "", "", "", "", "", comm, "exit", "0")
	}
	got := s.Samples(Exits)
	if len(got) != 2 || got[0].Value != 2 || got[1].Value != 1 {
		t.Errorf("%+v", got)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"web":                    "web",
		"a\x1b[31m":              `a\x1b[31m`,
		strings.Repeat("é", 200): strings.Repeat("é", 128),
		strings.Repeat("x", 999): strings.Repeat("x", 256),
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%.20q) = %q, want %q", in, got, want)
		}
	}
}

// TestZombies: the culprits are bounded, and the sum is that of all zombies.
func TestZombies(t *testing.T) {
	c := &node.Container{PID: 100, NS: "pid:[7]", Names: container.Names{Engine: "docker", ID: "0123", Name: "web"}}
	c.View.Caller.PID = 99
	add := func(pid, culprit int, comm string, state procfs.State) {
		c.View.Procs = append(c.View.Procs, snapshot.Process{ID: procfs.ID{PID: pid}, PPID: culprit, Comm: comm, State: state, Threads: 1, Culprit: culprit, Term: verdict.OutcomeTerminate})
	}
	add(1, 0, "app", procfs.StateSleeping)
	add(99, 1, "yinit", procfs.StateRunning)
	for i := range 10 {
		add(10+i, 1, fmt.Sprintf("parent%d", i), procfs.StateSleeping)
		for j := range i + 1 {
			add(1000+100*i+j, 10+i, "dead", procfs.StateZombie)
		}
	}
	s := &Set{}
	s.Put(c, time.Unix(1700000000, 0))
	got := map[string]float64{}
	for _, x := range s.Samples(Zombies) {
		if diff := cmp.Diff([]string{"", "", "web", "docker://0123", ""}, x.Labels[:5]); diff != "" {
			t.Error(diff)
		}
		got[x.Labels[5]] = x.Value
	}
	want := map[string]float64{"parent9": 10, "parent8": 9, "parent7": 8, "parent6": 7, "parent5": 6, Other: 15}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := s.Samples(Processes)[0].Value; n != 66 {
		t.Errorf("%v processes, want 66: without the program that looks", n)
	}
	c.View.Procs = c.View.Procs[:1]
	s = &Set{}
	s.Put(c, time.Time{})
	if got := s.Samples(Zombies); len(got) != 1 || got[0].Value != 0 || got[0].Labels[5] != "" {
		t.Errorf("without zombies: %+v", got)
	}
	if got := s.Samples(StartTime); len(got) != 0 {
		t.Errorf("an unknown start: %+v", got)
	}
}

// TestFamilies: names are those of Prometheus, and each family has help.
func TestFamilies(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Families() {
		if seen[f.Name] || !strings.HasPrefix(f.Name, "yinit_") || f.Help == "" {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
		if strings.HasSuffix(f.Name, "_total") != (f.Kind == Counter) || f.Kind == Info && !strings.HasSuffix(f.Name, "_info") {
			t.Errorf("%s: the name does not fit the kind %d", f.Name, f.Kind)
		}
	}
}
