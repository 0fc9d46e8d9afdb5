package yinit

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Reasons that several packages share.
const (
	stdlibOnly    = "it uses the standard library only, so that any program can import it"
	linksC        = "it would link the C library"
	inPID1        = "PID 1 runs it"
	noNetwork     = "yinit does not use the network"
	formatsOnly   = "it formats values and makes no system calls"
	noSystemCalls = "tui makes no system calls: it declares interfaces that cmd implements"
)

// layers lists, for each package, which packages of this module it may import, and
// which other packages it must not import, with the reason.
var layers = []struct {
	dir    string
	ours   []string          // folders; "x/..." means x and all below it
	denied map[string]string // import path, or prefix of one: reason
}{
	{
		dir: "procfs",
		denied: map[string]string{
			"golang.org/x/": stdlibOnly,
			"github.com/":   stdlibOnly,
			"os/exec":       "facts are read from /proc, not from programs",
			"net":           linksC,
		},
	},
	{dir: "procfs/cgroup", ours: []string{"procfs"}, denied: map[string]string{"golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{dir: "procfs/host", ours: []string{"procfs", "procfs/passwd"}, denied: map[string]string{"os/user": linksC}},
	{dir: "procfs/passwd", denied: map[string]string{"golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{dir: "procfs/elffile", denied: map[string]string{"golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{dir: "procfs/proctest", ours: []string{"procfs"}},
	// The packages below draw conclusions from what procfs reads, and act on processes. They
	// do not depend on the history, the screen or yinit, so that every command and every
	// other program can use them.
	{dir: "procfs/asuser", ours: []string{"procfs"}, denied: readers},
	{dir: "procfs/pidfd", ours: []string{"procfs"}, denied: readers},
	{dir: "procfs/fatal", ours: []string{"procfs", "procfs/elffile"}, denied: map[string]string{"golang.org/x/": stdlibOnly, "github.com/": stdlibOnly, "os/exec": "facts come from the kernel, not from programs"}},
	{dir: "procfs/pacct", ours: []string{"procfs"}, denied: readers},
	{dir: "procfs/verdict", ours: []string{"procfs", "procfs/asuser", "procfs/elffile"}, denied: readers},
	{dir: "procfs/zombie", ours: []string{"procfs", "procfs/asuser", "procfs/idle", "procfs/verdict"}, denied: readers},
	{dir: "procfs/snapshot", ours: []string{"procfs", "procfs/asuser", "procfs/verdict", "procfs/zombie", "procfs/cgroup", "procfs/host", "procfs/snapshot/filter"}, denied: readers},
	{dir: "procfs/explain", ours: []string{"procfs", "procfs/hint", "procfs/verdict", "procfs/snapshot", "procfs/zombie", "procfs/doctor"}, denied: map[string]string{"os": "it puts facts into words", "golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{dir: "procfs/kill", ours: []string{"procfs", "procfs/pidfd", "procfs/verdict", "procfs/zombie"}, denied: readers},
	{dir: "procfs/doctor", ours: []string{"procfs", "procfs/hint", "procfs/verdict", "procfs/snapshot"}, denied: map[string]string{"os": "it draws conclusions from facts", "golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{dir: "procfs/checkup", ours: []string{"procfs", "procfs/cgroup", "procfs/doctor", "procfs/idle", "procfs/snapshot", "procfs/zombie"}, denied: readers},
	{dir: "procfs/container", ours: []string{"procfs"}, denied: map[string]string{"golang.org/x/": stdlibOnly, "github.com/": stdlibOnly, "os/exec": "facts come from the kernel and the files of the host, not from programs", "net": "it asks no engine"}},
	{dir: "procfs/node", ours: []string{"procfs", "procfs/hint", "procfs/asuser", "procfs/cgroup", "procfs/container", "procfs/doctor", "procfs/host", "procfs/idle", "procfs/snapshot", "procfs/snapshot/filter", "procfs/verdict", "procfs/zombie"}, denied: readers},
	{dir: "procfs/metrics", ours: []string{"procfs", "procfs/doctor", "procfs/node", "procfs/verdict"}, denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": noNetwork, "github.com/": inPID1}},
	{dir: "procfs/hint", denied: map[string]string{"os": formatsOnly, "golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{dir: "procfs/idle", ours: []string{"procfs"}, denied: readers},
	{dir: "procfs/rehearsal", ours: []string{"procfs", "procfs/pidfd", "procfs/verdict", "procfs/doctor"}, denied: readers},
	{dir: "procfs/snapshot/filter", ours: []string{"procfs"}, denied: map[string]string{"os": "it parses text and compares values", "golang.org/x/": stdlibOnly, "github.com/": stdlibOnly}},
	{
		dir: "initcore", ours: []string{"procfs/...", "initcore/history", "initcore/early", "initcore/watch"},
		denied: map[string]string{
			"os/exec":     "a second caller of wait would steal exit statuses",
			"os/user":     linksC,
			"net":         "PID 1 listens on nothing",
			"charm.land/": "PID 1 has no screen",
			"github.com/": "all code that PID 1 runs is written for it",
		},
	},
	{dir: "initcore/history", ours: []string{"procfs", "procfs/asuser", "procfs/verdict", "procfs/snapshot/filter"}, denied: map[string]string{"os/exec": inPID1, "net": inPID1, "github.com/": inPID1}},
	{dir: "initcore/history/facts", ours: []string{"procfs", "procfs/cgroup", "procfs/doctor", "procfs/explain", "procfs/fatal", "procfs/snapshot", "procfs/zombie", "initcore/history"}, denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": noNetwork, "github.com/": inPID1}},
	{dir: "initcore/history/outside", ours: []string{"procfs", "procfs/hint", "procfs/doctor", "procfs/node", "procfs/snapshot", "initcore/history", "initcore/history/facts"}, denied: readers},
	{dir: "initcore/history/tally", ours: []string{"procfs", "procfs/metrics", "initcore/history"}, denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": noNetwork, "github.com/": inPID1}},
	{dir: "initcore/history/historytest", ours: []string{"procfs", "initcore/history"}},
	{dir: "initcore/watch", ours: []string{"procfs", "procfs/fatal", "procfs/pidfd", "procfs/pacct", "procfs/zombie", "initcore/history"}, denied: map[string]string{"os/exec": inPID1, "net": inPID1, "github.com/": inPID1}},
	{dir: "initcore/early", denied: map[string]string{"os/exec": inPID1, "net": inPID1, "fmt": "it runs before anything else"}},
	{
		dir: "tui/text", ours: []string{"procfs"},
		denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": formatsOnly, "charm.land/": "the commands use it without a screen"},
	},
	{
		dir: "tui", ours: []string{"procfs/...", "initcore/history", "initcore/history/facts", "tui/text"},
		denied: map[string]string{
			"os":            noSystemCalls,
			"syscall":       noSystemCalls,
			"golang.org/x/": noSystemCalls,
			"net":           noSystemCalls,
			"log":           "a line on stderr corrupts the screen",
		},
	},
	{
		dir: "cmd/yinit/config", ours: []string{"procfs", "procfs/doctor", "procfs/snapshot/filter", "initcore", "initcore/history", "tui/text"},
		denied: map[string]string{"os/exec": "it reads the configuration, and runs no program", "os/user": linksC, "net": inPID1, "regexp": "PID 1 runs its initialisers", "charm.land/": "PID 1 has no screen"},
	},
	{dir: "cmd/yinit/build", denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": inPID1, "regexp": "PID 1 runs its initialisers"}},
	{
		dir: "cmd/yinit/capture", ours: []string{"procfs/...", "initcore/history", "tui"},
		denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": formatsOnly},
	},
	{
		dir: "cmd/yinit/manifest", ours: []string{"procfs", "procfs/doctor", "initcore/history"},
		denied: map[string]string{"os": formatsOnly, "syscall": formatsOnly, "golang.org/x/": formatsOnly, "net": formatsOnly, "regexp": "PID 1 runs its initialisers"},
	},
	// The exporter is no init, and may use the network.
	{dir: "cmd/yinit-exporter", ours: []string{"procfs/...", "initcore/early", "initcore/history/...", "cmd/yinit/build", "cmd/yinit/config"}, denied: map[string]string{"os/exec": "facts come from the kernel, not from programs", "os/user": linksC}},
	{dir: "cmd/yinit", ours: []string{"procfs/...", "initcore/...", "tui/...", "cmd/yinit/..."}, denied: map[string]string{"os/user": linksC, "net": noNetwork}},
}

// readers are the imports denied to the readers of procfs. They may import
// golang.org/x/sys for system calls that package syscall lacks.
var readers = map[string]string{
	"github.com/": "all code that PID 1 links is written for it",
	"os/exec":     "facts come from the kernel, not from programs",
	"os/user":     linksC,
	"net":         noNetwork,
}

func TestImports(t *testing.T) {
	for _, dir := range packages(t) {
		i := slices.IndexFunc(layers, func(l struct {
			dir    string
			ours   []string
			denied map[string]string
		},
		) bool {
			return l.dir == dir
		})
		if i < 0 {
			t.Errorf("package %s is in no layer: add it to the table layers, with reasons, or move it", dir)
			continue
		}
		layer := layers[i]
		each(t, dir, func(path string, file *ast.File, _ *token.FileSet) {
			for _, spec := range file.Imports {
				imported := strings.Trim(spec.Path.Value, `"`)
				if own, ok := strings.CutPrefix(imported, "yinit/"); ok {
					if !allowed(own, layer.ours) {
						t.Errorf("%s imports %s: %s may import only %v", path, imported, dir, layer.ours)
					}
				}
				for prefix, why := range layer.denied {
					if imported == prefix || strings.HasPrefix(imported, strings.TrimSuffix(prefix, "/")+"/") {
						t.Errorf("%s imports %s: %s", path, imported, why)
					}
				}
			}
		})
	}
}

func allowed(own string, ours []string) bool {
	for _, prefix := range ours {
		dir, below := strings.CutSuffix(prefix, "/...")
		if own == dir || below && strings.HasPrefix(own, dir+"/") {
			return true
		}
	}
	return false
}

// exceptions lists functions that may exceed the limits of CONTRIBUTING.md, with reasons.
var exceptions = map[string]string{
	"initcore/fork.go:fork": "between fork and exec it must not call a function that could grow the stack",
}

func TestLimits(t *testing.T) {
	const fileLines, funcLines, branches = 400, 60, 15
	for _, dir := range packages(t) {
		each(t, dir, func(path string, file *ast.File, set *token.FileSet) {
			if n := set.Position(file.End()).Line; n > fileLines {
				t.Errorf("%s has %d lines, at most %d", path, n, fileLines)
			}
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if !ok || f.Body == nil || exceptions[path+":"+f.Name.Name] != "" {
					continue
				}
				if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line - 1; n > funcLines {
					t.Errorf("%s: %s has %d lines, at most %d", path, f.Name.Name, n, funcLines)
				}
				if n := complexity(f); n > branches {
					t.Errorf("%s: %s has a cyclomatic complexity of %d, at most %d", path, f.Name.Name, n, branches)
				}
			}
		})
	}
}

// complexity returns the cyclomatic complexity of f: 1 plus the number of branches.
func complexity(f *ast.FuncDecl) int {
	n := 1
	ast.Inspect(f, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil {
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		case *ast.FuncLit:
			return false
		}
		return true
	})
	return n
}

// TestNoNet: every linked package runs its initialisers in PID 1, so these must not be
// linked.
func TestNoNet(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/yinit").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, pkg := range []string{"net", "plugin", "github.com/prometheus/client_golang/prometheus", "github.com/atotto/clipboard", "charm.land/lipgloss/v2"} {
		if slices.Contains(strings.Fields(string(out)), pkg) {
			t.Errorf("cmd/yinit links %s", pkg)
		}
	}
}

// initializers are our packages that run code before main, in PID 1 too, and why.
var initializers = map[string]string{
	"yinit/initcore/early":   "it installs the signal handlers",
	"yinit/initcore/history": "sets of signals",
	"yinit/initcore":         "a sync.OnceValue",
	"yinit/procfs":           "an index of the keys of /proc/[pid]/status, and a strings.Replacer",
}

// TestInitializers: our own packages cost the start of PID 1 nothing that is not in the list.
func TestInitializers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "yinit")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/yinit").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(path, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	some := false
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "init" {
			continue
		}
		some = true
		if name := words[1]; (name == "main" || strings.HasPrefix(name, "yinit/")) && initializers[name] == "" {
			t.Errorf("%s: initialize it when it is needed, or let the compiler do it", strings.TrimSpace(line))
		}
	}
	if !some {
		t.Errorf("the runtime prints no initializers:\n%s", out)
	}
}

// packages returns the folders with Go files, except this one and those of other modules.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || otherModule(path)) {
			return filepath.SkipDir
		}
		if dir := filepath.Dir(path); err == nil && filepath.Ext(path) == ".go" && dir != "." && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return err
	})
	if err != nil || len(dirs) < 6 {
		t.Fatalf("packages: %v, %v", dirs, err)
	}
	return dirs
}

// otherModule reports whether a folder is the root of a module of its own, whose packages
// yinit does not link.
func otherModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && dir != "."
}

// each calls f for the files of a package, except tests.
func each(t *testing.T, dir string, f func(path string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		f(path, file, set)
	}
}
