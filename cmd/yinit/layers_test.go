package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinit/initcore/early"
)

// buildFlags returns the arguments of go build for a binary that receives signals through
// this layer. For the highest layer they are those of `make build`.
func buildFlags(l early.Layer, out, pkg string) []string {
	const stamp = " -X yinit/cmd/yinit/build."
	ldflags := "-s -w -funcalign 16" + stamp + "release=0.0.0-test" + stamp + "revision=0123456789abcdef" + stamp + "date=2026-11-26"
	if l == early.Entry {
		ldflags += " -E yinit/initcore/early.entry"
	}
	args := []string{"build", "-trimpath", "-ldflags", ldflags, "-o", out}
	if l == early.OSSignal {
		args = append(args, "-tags", "early_osignal")
	}
	return append(args, pkg)
}

// mayMiss lists which conformance cases a lower layer need not pass, and why. It must pass
// all others.
var mayMiss = map[early.Layer]map[string]string{
	early.Initialiser: {
		"TERM 0 to 5 ms after the start is not lost":             "until the first initialiser the Go runtime has its own handlers: it ends with a status of its own",
		"the child is as clean as under a plain exec":            "the runtime has raised RLIMIT_NOFILE, unblocked signals and replaced what was ignored before anybody can ask",
		"closed standard descriptors":                            "the runtime has opened them on /dev/null before anybody can ask",
		"real-time signals keep their order and their values":    "the runtime's threads do not block signals, so several of them write into the pipe at once",
		"a signal that was blocked before the start is reported": "the runtime has unblocked it before anybody can ask",
	},
	early.OSSignal: {
		"TERM 0 to 5 ms after the start is not lost":             "as in the initialiser's layer",
		"the child is as clean as under a plain exec":            "as in the initialiser's layer",
		"closed standard descriptors":                            "as in the initialiser's layer",
		"real-time signals keep their order and their values":    "os/signal keeps one pending signal of each number, and no value",
		"each signal arrives, once":                              "SIGURG and SIGPIPE may be our own and are left out; the runtime takes SIGPROF, 32, 33 and 34 itself",
		"a signal that was blocked before the start is reported": "as in the initialiser's layer",
		"a fault signal that is sent does not end the init":      "the runtime takes it for a fault of its own, and ends",
	},
}

// TestConformanceLayers checks that each lower layer passes all cases but those in
// mayMiss.
func TestConformanceLayers(t *testing.T) {
	requireNamespaces(t)
	for _, l := range []early.Layer{early.Initialiser, early.OSSignal} {
		t.Run(strings.ReplaceAll(l.String(), "/", "-"), func(t *testing.T) { conformsIn(t, l) })
	}
}

func conformsIn(t *testing.T, l early.Layer) {
	path := filepath.Join(t.TempDir(), "yinit")
	build := exec.Command("go", buildFlags(l, path, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantLayer(t, path, l)
	known := map[string]bool{}
	for _, c := range conformances {
		known[c.name] = true
		s := yinit
		s.command, s.most = []string{path}, 20*time.Second
		reason, may := mayMiss[l][c.name]
		if may {
			s.most = time.Second
		}
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			switch err := c.run(s, t.TempDir()); {
			case err != nil && may:
				t.Logf("it need not: %s (%v)", reason, err)
			case err != nil:
				t.Error(err)
			}
		})
	}
	for name := range mayMiss[l] {
		if !known[name] {
			t.Errorf("mayMiss has %q, which is no conformance case", name)
		}
	}
}

// wantLayer fails unless the binary says that it receives signals through the layer.
func wantLayer(t *testing.T, path string, l early.Layer) {
	t.Helper()
	out, err := exec.Command(path, "version").Output()
	if want := ", signals: " + l.String() + "\n"; err != nil || !strings.HasSuffix(string(out), want) {
		t.Fatalf("yinit version: %q, %v; want it to end in %q", out, err, want)
	}
}

// TestLayer checks that the binary of `make build` has the highest layer, and that the
// init says so when it starts.
func TestLayer(t *testing.T) {
	requireNamespaces(t)
	wantLayer(t, binary, early.Entry)
	out, err := namespaced(binary, "-vv", "true").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "signals: entry") {
		t.Errorf("yinit -vv true: %v, want a line with \"signals: entry\":\n%s", err, out)
	}
}
