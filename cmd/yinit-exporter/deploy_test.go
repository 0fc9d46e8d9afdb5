package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names returns what an expression finds, sorted and once.
func names(text, expr string) (all []string) {
	for _, m := range regexp.MustCompile(expr).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestRules: promtool accepts the rules, and each alert fires and does not as its tests say.
func TestRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("YINIT_REQUIRE_DOCKER") != "" {
			t.Fatal("promtool is missing: apt-get install prometheus")
		}
		t.Skip("promtool is missing: apt-get install prometheus")
	}
	for _, args := range [][]string{{"check", "rules", "yinit.rules.yml"}, {"check", "config", "prometheus.yml"}, {"test", "rules", "yinit.rules.test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "../../deploy/prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// TestAlertsAreDocumented checks that the runbook_url of each alert links to its section in
// docs/alerts.md, and that promtool tests both cases: the alert fires, and it does not fire.
func TestAlertsAreDocumented(t *testing.T) {
	rules, tests := read(t, "deploy/prometheus/yinit.rules.yml"), read(t, "deploy/prometheus/yinit.rules.test.yml")
	alerts := names(rules, `- alert: (\w+)`)
	if sections := names(read(t, "docs/alerts.md"), `(?m)^## (\w+)$`); len(alerts) < 7 || !slices.Equal(alerts, sections) {
		t.Errorf("alerts %v, sections %v", alerts, sections)
	}
	for _, a := range alerts {
		if !strings.Contains(rules, "docs/alerts.md#"+strings.ToLower(a)+"\n") {
			t.Errorf("%s: the runbook_url is not a link to its section", a)
		}
		if !regexp.MustCompile(`alertname: ` + a + `, exp_alerts: \[\]`).MatchString(tests) {
			t.Errorf("%s: no test that it does not fire", a)
		}
		if !regexp.MustCompile(`alertname: ` + a + `\n +exp_alerts:\n +- exp_labels`).MatchString(tests) {
			t.Errorf("%s: no test that it fires", a)
		}
	}
}

// TestDeployedMetrics: rules and dashboard ask for metrics that there are.
func TestDeployedMetrics(t *testing.T) {
	rules, board := read(t, "deploy/prometheus/yinit.rules.yml"), read(t, "deploy/grafana/yinit.json")
	known := names(rules, `- record: (\S+)`)
	for _, f := range families {
		known = append(known, f.Name)
	}
	for _, name := range append(names(rules, `\b(yinit_\w+)`), names(board, `((?:container:)?yinit_[\w:]+)`)...) {
		if !slices.Contains(known, name) && !slices.ContainsFunc(known, func(k string) bool { return strings.Contains(k, ":"+name+":") }) {
			t.Errorf("there is no metric %s", name)
		}
	}
	var parsed struct {
		Panels []struct {
			Title, Description, Type string
			Targets                  []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(board), &parsed); err != nil || len(parsed.Panels) < 10 {
		t.Fatalf("dashboard: %d panels, %v", len(parsed.Panels), err)
	}
	for _, p := range parsed.Panels {
		if p.Title == "" || p.Description == "" || p.Type == "" || len(p.Targets) == 0 || p.Targets[0].Expr == "" {
			t.Errorf("panel %+v", p)
		}
	}
}

// TestMetricsAreDocumented: docs/metrics.md has a row for each metric, with its labels beside those
// of all containers.
func TestMetricsAreDocumented(t *testing.T) {
	page := read(t, "docs/metrics.md")
	for _, f := range families {
		if !strings.Contains(page, "| `"+f.Name+"` |") {
			t.Errorf("docs/metrics.md has no row for %s", f.Name)
		}
	}
}
