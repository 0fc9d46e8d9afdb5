package test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	query "github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/prometheus/prometheus/promql/parser"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// podMonitor has the fields of the Prometheus operator's type that deploy uses.
type podMonitor struct {
	APIVersion, Kind string
	Metadata         struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Spec struct {
		JobLabel            string
		Selector            struct{ MatchLabels map[string]string }
		PodMetricsEndpoints []struct {
			Port, Interval string
			HonorLabels    bool
			Relabelings    []struct {
				SourceLabels []string
				TargetLabel  string
			}
		}
	}
}

// build runs kustomize, and decodes each object strictly: a misspelt field is an error.
func build(t *testing.T, dir string) (d appsv1.DaemonSet, kinds []string) {
	t.Helper()
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, r.GetKind())
		var into any
		switch r.GetKind() {
		case "DaemonSet":
			into = &d
		case "Namespace":
			into = &corev1.Namespace{}
		case "PriorityClass":
			into = &schedulingv1.PriorityClass{}
		case "PodMonitor":
			into = &podMonitor{}
		default:
			t.Fatalf("unexpected %s", r.GetKind())
		}
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			t.Errorf("%s: %v\n%s", r.GetKind(), err, text)
		}
	}
	slices.Sort(kinds)
	return d, kinds
}

// kubernetes returns the folder with the manifests and, with components, one that adds these.
func kubernetes(t *testing.T, components ...string) string {
	t.Helper()
	if len(components) == 0 {
		return "../kubernetes"
	}
	dir := filepath.Join(t.TempDir(), "kubernetes")
	if err := os.CopyFS(dir, os.DirFS("../kubernetes")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kustomization.yaml")
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(b, "components: ["+strings.Join(components, ", ")+"]\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDaemonSet: the pod may do what it needs, and nothing else.
func TestDaemonSet(t *testing.T) {
	d, kinds := build(t, kubernetes(t))
	if want := []string{"DaemonSet", "Namespace", "PriorityClass"}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	pod := &d.Spec.Template.Spec
	c := &pod.Containers[0]
	s := c.SecurityContext
	switch {
	case !pod.HostPID, pod.HostNetwork, pod.HostIPC, *pod.AutomountServiceAccountToken:
		t.Error("namespaces or token of the pod")
	case pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
		t.Error("seccomp")
	case !*s.ReadOnlyRootFilesystem, *s.AllowPrivilegeEscalation, s.Privileged != nil:
		t.Error("security context")
	case !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}), !slices.Equal(s.Capabilities.Add, []corev1.Capability{"SYS_PTRACE"}):
		t.Errorf("capabilities %+v", s.Capabilities)
	case pod.Tolerations[0].Operator != corev1.TolerationOpExists || pod.Tolerations[0].Key != "":
		t.Error("tolerations")
	case pod.PriorityClassName != "yinit-exporter", d.Namespace != "yinit":
		t.Error("priority or namespace")
	case c.LivenessProbe.HTTPGet.Path != "/-/healthy", c.ReadinessProbe.HTTPGet.Path != "/-/ready":
		t.Error("probes")
	case c.Resources.Limits.Memory().IsZero():
		t.Error("no memory limit")
	case slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.EmptyDir == nil }):
		t.Error("a volume of the host")
	}
	for key, value := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[key] != value {
			t.Errorf("the selector %s=%s does not match", key, value)
		}
	}
}

// TestComponents: what can be added fits the base.
func TestComponents(t *testing.T) {
	d, kinds := build(t, kubernetes(t, "podmonitor", "accounting"))
	if !slices.Contains(kinds, "PodMonitor") {
		t.Errorf("kinds %v", kinds)
	}
	c := &d.Spec.Template.Spec.Containers[0]
	if !slices.Contains(c.Args, "--accounting") || !slices.Contains(c.SecurityContext.Capabilities.Add, "SYS_PACCT") || len(c.VolumeMounts) != 2 {
		t.Errorf("%+v", c)
	}
}

// TestDashboardSchema: the dashboard is one by Grafana's schema, without fields that it does not
// know, and so are the queries and the options of each kind of panel.
func TestDashboardSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	b, err := os.ReadFile("../grafana/yinit.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(b); err != nil && err.Error() != "" { // v0.0.22 never returns nil
		t.Error(err)
	}
	var board dashboard.Dashboard // strict decoding leaves the panels out
	if err := json.Unmarshal(b, &board); err != nil {
		t.Fatal(err)
	}
	if err := board.Validate(); err != nil {
		t.Error(err)
	}
	queries := 0
	for _, p := range board.Panels {
		for _, target := range p.Panel.Targets {
			if _, ok := target.(*query.Dataquery); !ok {
				t.Errorf("%s: the query is a %T", *p.Panel.Title, target)
			}
			queries++
		}
		if _, raw := p.Panel.Options.(map[string]any); raw {
			t.Errorf("%s: the schema has no panel %s", *p.Panel.Title, p.Panel.Type)
		}
	}
	if queries == 0 {
		t.Error("the dashboard has no queries")
	}
	spoiled := bytes.Replace(b, []byte(`"schemaVersion"`), []byte(`"schemaVersions"`), 1)
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(spoiled); err == nil || !strings.Contains(err.Error(), "schemaVersions") {
		t.Error("the schema takes a field that it does not know")
	}
}

// TestDashboard: Prometheus can parse each expression.
func TestDashboard(t *testing.T) {
	b, err := os.ReadFile("../grafana/yinit.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		SchemaVersion int
		Panels        []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s: ID or place", p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			if _, err := parser.ParseExpr(regexp.MustCompile(`\$\w+`).ReplaceAllString(target.Expr, "x")); err != nil {
				t.Errorf("%s: %v", p.Title, err)
			}
		}
	}
}
