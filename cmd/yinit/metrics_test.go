package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinit/procfs/metrics"
)

// TestMetricsAreDocumented: docs/metrics.md has a row for each metric, with its type and labels,
// and no other.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ name, kind, labels string }
	var documented, printed []row
	for _, m := range regexp.MustCompile("(?m)^\\| `(yinit_(?:container|node|process|signals|history|build)_[a-z_]+)` \\| ([a-z]+) \\| (.*?) ?\\| ").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, row{m[1], m[2], strings.ReplaceAll(m[3], "`", "")})
	}
	for _, f := range append(metrics.Families(), metrics.EndTime, metrics.Unread, metrics.Accounting) {
		labels := f.Labels()
		if len(labels) >= len(metrics.ContainerLabels) && slices.Equal(labels[:len(metrics.ContainerLabels)], metrics.ContainerLabels) {
			labels = labels[len(metrics.ContainerLabels):]
		}
		printed = append(printed, row{f.Name, [...]string{"gauge", "counter", "info"}[f.Kind], strings.Join(labels, ", ")})
	}
	byName := func(a, b row) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(documented, byName)
	slices.SortFunc(printed, byName)
	if diff := cmp.Diff(documented, printed, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("-documented +printed:\n%s", diff)
	}
}

// TestMetricsPromtool: Prometheus' own linter has nothing to complain about.
func TestMetricsPromtool(t *testing.T) {
	requireNamespaces(t)
	promtool := program(t, "promtool", "prometheus")
	script := `sh -c 'exit 3'; sh -c 'sleep 1000' & exec "$0" metrics --format prometheus`
	out, err := namespaced(binary, "sh", "-c", script, binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = bytes.NewReader(out)
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("promtool check metrics: %v\n%s\n%s", err, said, out)
	}
	if !bytes.Contains(out, []byte("yinit_process_exits_total{")) {
		t.Errorf("no exits:\n%s", out)
	}
}
