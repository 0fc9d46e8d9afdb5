package procfs_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yinit/procfs"
)

// family is an input of Flatten: pids and their parents.
type family [][2]int

func (f family) id(i int) int            { return f[i][0] }
func (f family) parent(i int) int        { return f[i][1] }
func (f family) lessByPID(a, b int) bool { return f.id(a) < f.id(b) }

func (f family) flatten(collapsed func(i int) bool) []procfs.Row {
	return slices.Collect(procfs.Flatten(len(f), f.id, f.parent, f.lessByPID, collapsed))
}

// draw draws rows as text, which makes a wrong field visible.
func (f family) draw(rows []procfs.Row) string {
	var b strings.Builder
	for _, row := range rows {
		for depth := range row.Depth {
			b.WriteString(map[bool]string{true: "│", false: " "}[row.Guide(depth)])
		}
		b.WriteString(map[bool]string{true: "└", false: "├"}[row.Last])
		fmt.Fprintf(&b, "%d", f.id(row.Index))
		if row.Children {
			fmt.Fprintf(&b, "+%d", row.Below)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestFlatten(t *testing.T) {
	for name, test := range map[string]struct {
		family    family
		collapsed []int // pids
		want      string
	}{
		"nothing":    {nil, nil, ""},
		"one":        {family{{1, 0}}, nil, "└1\n"},
		"unordered":  {family{{3, 1}, {2, 1}, {1, 0}}, nil, "└1+2\n ├2\n └3\n"},
		"two roots":  {family{{1, 0}, {7, 0}, {2, 1}}, nil, "├1+1\n│└2\n└7\n"},
		"orphan row": {family{{1, 0}, {8, 7}}, nil, "├1\n└8\n"},
		"guides": {
			family{{1, 0}, {2, 1}, {3, 2}, {4, 3}, {5, 1}, {6, 0}},
			nil,
			"├1+4\n│├2+2\n││└3+1\n││ └4\n│└5\n└6\n",
		},
		"collapsed":          {family{{1, 0}, {2, 1}, {3, 2}, {4, 1}}, []int{2}, "└1+3\n ├2+1\n └4\n"},
		"collapsed root":     {family{{1, 0}, {2, 1}, {3, 2}, {4, 0}}, []int{1}, "├1+2\n└4\n"},
		"collapsed leaf":     {family{{1, 0}, {2, 1}}, []int{2}, "└1+1\n └2\n"},
		"its own parent":     {family{{1, 0}, {2, 2}}, nil, "├1\n└2\n"},
		"parents of another": {family{{1, 0}, {3, 2}, {2, 3}}, nil, "├1\n└2+1\n └3\n"},
		"tail on a cycle":    {family{{9, 5}, {5, 4}, {4, 5}}, nil, "└4+2\n └5+1\n  └9\n"},
		"two cycles":         {family{{1, 2}, {2, 1}, {3, 4}, {4, 3}}, nil, "├1+1\n│└2\n└3+1\n └4\n"},
		"pid twice":          {family{{1, 0}, {2, 1}, {2, 1}, {3, 2}}, nil, "└1+3\n ├2+1\n │└3\n └2\n"},
		"pid 0 listed":       {family{{0, 0}, {1, 0}}, nil, "└0+1\n └1\n"},
		"negative pids":      {family{{-1, -2}, {-2, 0}}, nil, "└-2+1\n └-1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			collapsed := func(i int) bool { return slices.Contains(test.collapsed, test.family.id(i)) }
			if got := test.family.draw(test.family.flatten(collapsed)); got != test.want {
				t.Errorf("Flatten drew\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestFlattenWithoutOrder(t *testing.T) {
	f := family{{3, 0}, {2, 3}, {1, 3}}
	got := f.draw(slices.Collect(procfs.Flatten(len(f), f.id, f.parent, nil, nil)))
	if want := "└3+2\n ├2\n └1\n"; got != want {
		t.Errorf("Flatten without less drew\n%s\nwant\n%s", got, want)
	}
}

func TestFlattenWithoutIDs(t *testing.T) {
	f := family{{3, 0}, {2, 3}, {1, 3}, {4, 1}, {5, 9}}
	up := []int{-1, 0, 0, 2, len(f)}
	got := slices.Collect(procfs.Flatten(len(f), nil, func(i int) int { return up[i] }, nil, nil))
	if want := slices.Collect(procfs.Flatten(len(f), f.id, f.parent, nil, nil)); !slices.Equal(got, want) {
		t.Errorf("Flatten without ids drew\n%s\nwant\n%s", f.draw(got), f.draw(want))
	}
}

func TestFlattenEqualsStayInOrder(t *testing.T) {
	f := make(family, 100)
	for i := range f {
		f[i] = [2]int{i + 1, 0}
	}
	rows := slices.Collect(procfs.Flatten(len(f), f.id, f.parent, func(a, b int) bool { return false }, nil))
	if !slices.IsSortedFunc(rows, func(a, b procfs.Row) int { return cmp.Compare(a.Index, b.Index) }) {
		t.Error("Flatten moved equal processes")
	}
}

func TestFlattenWithInconsistentLess(t *testing.T) {
	f := randomFamily(1000)
	random := rand.New(rand.NewPCG(1, 2))
	rows := slices.Collect(procfs.Flatten(len(f), f.id, f.parent, func(a, b int) bool { return random.IntN(2) == 0 }, nil))
	wantEachOnce(t, f, rows)
}

func TestFlattenDeepChain(t *testing.T) {
	const depth = 5000
	f := make(family, depth)
	for i := range f {
		f[i] = [2]int{i + 1, i}
	}
	rows := f.flatten(nil)
	if got := rows[depth-1]; got.Depth != depth-1 || got.Index != depth-1 || rows[0].Below != depth-1 {
		t.Errorf("Flatten of a chain ends with %+v and begins with %+v", got, rows[0])
	}
}

func TestGuideOutside(t *testing.T) {
	f := family{{1, 0}, {2, 1}, {3, 1}, {4, 2}, {9, 0}}
	for _, row := range f.flatten(nil) {
		for _, depth := range []int{-1, row.Depth, row.Depth + 1, 1 << 20} {
			if row.Guide(depth) {
				t.Errorf("%+v: Guide(%d) = true, want false", row, depth)
			}
		}
	}
}

func TestFlattenAgainstSlowReference(t *testing.T) {
	for seed := range 50 {
		f := randomFamily(seed * 3)
		if got, want := f.draw(f.flatten(nil)), slowly(f, 0, ""); got != want {
			t.Fatalf("Flatten of %v drew\n%s\nwant\n%s", f, got, want)
		}
	}
}

// slowly draws the descendants of pid by a simple recursion. It requires a family
// whose only root is the parent 0.
func slowly(f family, pid int, indent string) string {
	var children []int
	for i := range f {
		if f.parent(i) == pid {
			children = append(children, f.id(i))
		}
	}
	slices.Sort(children)
	var b strings.Builder
	for i, child := range children {
		last := i == len(children)-1
		below := slowly(f, child, indent+map[bool]string{true: " ", false: "│"}[last])
		b.WriteString(indent + map[bool]string{true: "└", false: "├"}[last])
		fmt.Fprintf(&b, "%d", child)
		if below != "" {
			fmt.Fprintf(&b, "+%d", strings.Count(below, "\n"))
		}
		b.WriteString("\n" + below)
	}
	return b.String()
}

// randomFamily returns n descendants of 0 in a random order, the same each time.
func randomFamily(n int) family {
	random := rand.New(rand.NewPCG(uint64(n), 0))
	f := make(family, n)
	for i := range f {
		f[i] = [2]int{i + 1, random.IntN(i + 1)}
	}
	random.Shuffle(n, func(a, b int) { f[a], f[b] = f[b], f[a] })
	return f
}

func TestDescendants(t *testing.T) {
	f := family{{4, 2}, {1, 0}, {2, 1}, {3, 1}, {9, 0}, {5, 4}, {20, 21}, {21, 20}}
	for name, test := range map[string]struct {
		root int // pid
		want []int
	}{
		"all levels, parents first": {1, []int{2, 3, 4, 5}},
		"a leaf":                    {3, nil},
		"a cycle":                   {20, []int{21}},
		"another root":              {9, nil},
	} {
		root := slices.IndexFunc(f, func(p [2]int) bool { return p[0] == test.root })
		var got []int
		for _, i := range procfs.Descendants(len(f), f.id, f.parent, root) {
			got = append(got, f.id(i))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: Descendants of %d = %v, want %v", name, test.root, got, test.want)
		}
	}
	for _, root := range []int{-1, len(f)} {
		if got := procfs.Descendants(len(f), f.id, f.parent, root); got != nil {
			t.Errorf("Descendants of index %d = %v, want nil", root, got)
		}
	}
}

// wantEachOnce checks what holds for the rows of any input if nothing is collapsed.
func wantEachOnce(t *testing.T, f family, rows []procfs.Row) {
	t.Helper()
	seen := make([]bool, len(f))
	depth := -1
	for _, row := range rows {
		if seen[row.Index] || row.Depth > depth+1 || row.Depth < 0 {
			t.Fatalf("Flatten(%v) has %+v, seen %t, after depth %d", f, row, seen[row.Index], depth)
		}
		seen[row.Index], depth = true, row.Depth
	}
	if len(rows) != len(f) {
		t.Fatalf("Flatten(%v) has %d rows, want %d", f, len(rows), len(f))
	}
}

func FuzzFlatten(f *testing.F) {
	f.Add([]byte{1, 0, 2, 1, 3, 2}, uint8(0))
	f.Add([]byte{1, 2, 2, 3, 3, 1, 9, 1, 4, 4}, uint8(2))
	f.Add([]byte{1, 1, 1, 1}, uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, folded uint8) {
		var in family
		for pair := range slices.Chunk(b[:len(b)&^1], 2) {
			in = append(in, [2]int{int(pair[0]), int(pair[1])})
		}
		all := in.flatten(nil)
		wantEachOnce(t, in, all)
		isFolded := func(i int) bool { return i%8 == int(folded%8) }
		if got, want := in.flatten(isFolded), fold(all, isFolded); !slices.Equal(got, want) {
			t.Errorf("Flatten(%v) collapsed = %+v, want %+v", in, got, want)
		}
		for i := range min(len(in), 8) {
			if got := procfs.Descendants(len(in), in.id, in.parent, i); len(got) >= len(in) || slices.Contains(got, i) {
				t.Errorf("Descendants(%v, %d) = %v", in, i, got)
			}
		}
	})
}

// fold omits the descendants of collapsed rows.
func fold(rows []procfs.Row, collapsed func(i int) bool) []procfs.Row {
	var kept []procfs.Row
	for i := 0; i < len(rows); i++ {
		kept = append(kept, rows[i])
		if collapsed(rows[i].Index) {
			i += rows[i].Below
		}
	}
	return kept
}

func BenchmarkFlatten(b *testing.B) {
	f := randomFamily(10_000)
	b.ReportAllocs()
	for b.Loop() {
		f.flatten(nil)
	}
}
