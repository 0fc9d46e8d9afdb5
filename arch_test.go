package yinit

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers says what a package of ours may import of ours, and what it must not
// import at all, and why.
var layers = []struct {
	dir    string
	ours   []string          // "x/..." is x and all below it
	denied map[string]string // prefix: reason
}{
	{
		dir: "procfs",
		denied: map[string]string{
			"golang.org/x/": "procfs is standard library only, so that anybody can read it",
			"github.com/":   "the same",
			"os/exec":       "facts are read from /proc, not from programs",
			"net":           "it would link C",
		},
	},
	{dir: "procfs/cgroup", ours: []string{"procfs"}, denied: map[string]string{"golang.org/x/": "standard library only, as procfs", "github.com/": "the same"}},
	{dir: "procfs/host", ours: []string{"procfs", "procfs/passwd"}, denied: map[string]string{"os/user": "it would link C"}},
	{dir: "procfs/passwd", denied: map[string]string{"golang.org/x/": "standard library only, as procfs", "github.com/": "the same"}},
	{dir: "procfs/proctest", ours: []string{"procfs"}},
	// The packages below judge and act on what procfs reads. They know no history, no
	// screen and no yinit, so that every command and every other program can use them.
	{dir: "procfs/asuser", ours: []string{"procfs"}, denied: readers},
	{dir: "procfs/pidfd", ours: []string{"procfs"}, denied: readers},
	{dir: "procfs/verdict", ours: []string{"procfs", "procfs/asuser"}, denied: readers},
	{dir: "procfs/zombie", ours: []string{"procfs", "procfs/asuser", "procfs/verdict"}, denied: readers},
	{dir: "procfs/snapshot", ours: []string{"procfs", "procfs/verdict", "procfs/zombie", "procfs/cgroup", "procfs/host"}, denied: readers},
	{
		dir: "initcore", ours: []string{"procfs/...", "initcore/history", "initcore/early", "initcore/watch"},
		denied: map[string]string{
			"os/exec":     "a second owner of waits steals exit statuses",
			"os/user":     "it would link C",
			"net":         "PID 1 listens on nothing",
			"charm.land/": "PID 1 has no screen",
			"github.com/": "whatever PID 1 runs is written for it",
		},
	},
	{dir: "initcore/history", ours: []string{"procfs", "procfs/asuser", "procfs/verdict"}, denied: map[string]string{"os/exec": "PID 1 runs it", "net": "PID 1 runs it", "github.com/": "PID 1 runs it"}},
	{dir: "initcore/history/historytest", ours: []string{"procfs", "initcore/history"}},
	{dir: "initcore/watch", ours: []string{"procfs", "procfs/pidfd", "procfs/zombie", "initcore/history"}, denied: map[string]string{"os/exec": "PID 1 runs it", "net": "PID 1 runs it", "github.com/": "PID 1 runs it"}},
	{dir: "initcore/early", denied: map[string]string{"os/exec": "PID 1 runs it", "net": "PID 1 runs it", "fmt": "it runs before anything else"}},
	{
		dir: "tui/text", ours: []string{"procfs"},
		denied: map[string]string{"os": "it turns values into words, and touches nothing", "syscall": "the same", "golang.org/x/": "the same", "net": "the same", "charm.land/": "the commands use it, and have no screen"},
	},
	{
		dir: "tui", ours: []string{"procfs/...", "initcore/history", "tui/text"},
		denied: map[string]string{
			"os":            "what touches the world is an interface of tui's, filled in by cmd",
			"syscall":       "the same",
			"golang.org/x/": "the same",
			"net":           "the same",
			"log":           "a line on stderr spoils the screen",
		},
	},
	{
		dir: "cmd/yinit/config", ours: []string{"procfs", "initcore", "initcore/history"},
		denied: map[string]string{"os/exec": "it reads what a user wrote, and runs nothing", "os/user": "it would link C", "net": "PID 1 runs it", "regexp": "PID 1 runs its initialisers", "charm.land/": "PID 1 has no screen"},
	},
	{dir: "cmd/yinit", ours: []string{"procfs/...", "initcore/...", "tui/...", "cmd/yinit/..."}, denied: map[string]string{"os/user": "it would link C", "net": "yinit talks to nobody"}},
}

// readers may use golang.org/x/sys for what package syscall lacks.
var readers = map[string]string{
	"github.com/": "whatever PID 1 links is written for it",
	"os/exec":     "facts come from the kernel, not from programs",
	"os/user":     "it would link C",
	"net":         "yinit talks to nobody",
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
			t.Errorf("package %s is in no layer: add it to the table above, with a reason, or put it elsewhere", dir)
			continue
		}
		layer := layers[i]
		each(t, dir, func(path string, file *ast.File, _ *token.FileSet) {
			for _, spec := range file.Imports {
				imported := strings.Trim(spec.Path.Value, `"`)
				if own, ok := strings.CutPrefix(imported, "yinit/"); ok {
					if !allowed(own, layer.ours) {
						t.Errorf("%s imports %s: %s may know %v only", path, imported, dir, layer.ours)
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

// exceptions to the limits of CONTRIBUTING.md, with reasons.
var exceptions = map[string]string{
	"initcore/fork.go:fork": "between fork and exec nothing may be called that could grow the stack",
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

// complexity is McCabe's number: 1 and each branch.
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

// TestNoNet: what is linked runs its initialisers in PID 1.
func TestNoNet(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/yinit").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, pkg := range []string{"net", "plugin", "github.com/atotto/clipboard", "charm.land/lipgloss/v2"} {
		if slices.Contains(strings.Fields(string(out)), pkg) {
			t.Errorf("cmd/yinit links %s", pkg)
		}
	}
}

// packages are the folders with Go files, but for this one.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || path == "bench") {
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

// each calls f for the files of a package that are no tests.
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
