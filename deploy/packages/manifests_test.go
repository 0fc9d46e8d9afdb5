package packages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestManifests decodes each manifest for Kubernetes in the documentation, and refuses a field
// that Kubernetes does not know.
func TestManifests(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?m)^```yaml\n((?s:.*?))^```$").FindAllStringSubmatch(string(text), -1) {
			for _, manifest := range strings.Split(block[1], "\n---\n") {
				if !strings.Contains(manifest, "apiVersion:") {
					continue // a file of Compose
				}
				var kind struct{ Kind string }
				if err := yaml.Unmarshal([]byte(manifest), &kind); err != nil {
					t.Errorf("%s: %v", page, err)
					continue
				}
				into := map[string]any{"Pod": &corev1.Pod{}, "Deployment": &appsv1.Deployment{}, "DaemonSet": &appsv1.DaemonSet{}, "StatefulSet": &appsv1.StatefulSet{}}[kind.Kind]
				if into == nil {
					t.Errorf("%s: no type is known here for the kind %s", page, kind.Kind)
				} else if err := yaml.UnmarshalStrict([]byte(manifest), into); err != nil {
					t.Errorf("%s: %v\n%s", page, err, manifest)
				}
				found++
			}
		}
	}
	if found < 2 {
		t.Errorf("there are %d manifests", found)
	}
}
