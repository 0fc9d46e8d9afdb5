package test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// parse reads OpenMetrics as Prometheus does, and returns the samples and the types of the families.
func parse(t *testing.T, page []byte) (samples map[string]float64, types map[string]model.MetricType) {
	t.Helper()
	samples, types = map[string]float64{}, map[string]model.MetricType{}
	p := textparse.NewOpenMetricsParser(page, labels.NewSymbolTable())
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return samples, types
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, page)
		}
		switch entry {
		case textparse.EntryType:
			name, kind := p.Type()
			types[string(name)] = kind
		case textparse.EntrySeries:
			_, _, value := p.Series()
			var l labels.Labels
			p.Labels(&l)
			if _, twice := samples[l.String()]; twice {
				t.Errorf("twice: %s", l)
			}
			samples[l.String()] = value
		}
	}
}

// TestOpenMetrics: Prometheus' own parser takes what yinit prints, also if processes have names
// that are meant to break it.
func TestOpenMetrics(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount /proc")
	}
	yinit, err := filepath.Abs("../../bin/yinit")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a\"b\n\xff\\", "{} 1\n# EOF"} {
		if err := os.Symlink(sh, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", `mount --make-rprivate / && mount -t proc proc /proc && exec "$0" -- sh -c 'for f in "$1"/*; do ("$f" -c "sleep 0.2; exit 9" &); done; until [ "$("$0" history --json --filter exit:9 | grep -c .)" = 2 ]; do sleep 0.1; done; exec "$0" metrics' "$0" "$1"`, yinit, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	page, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	samples, types := parse(t, page)
	hostile := 0
	for name := range samples {
		if strings.Contains(name, `code="9"`) {
			hostile++
		}
	}
	if hostile != 2 || types["yinit_process_exits"] != model.MetricTypeCounter || types["yinit_container_init"] != model.MetricTypeInfo {
		t.Errorf("%d hostile names, types %v\n%s", hostile, types, page)
	}
}
