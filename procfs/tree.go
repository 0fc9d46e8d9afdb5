package procfs

import (
	"iter"
	"slices"
)

// Row is a row of a process tree, see [Flatten].
type Row struct {
	Index    int    // of the process in the input
	Depth    int    // number of ancestors in the tree, 0 for a root
	Last     bool   // it is the last of its siblings; roots are siblings, too
	Children bool   // it has children, collapsed or not
	Below    int    // number of descendants, collapsed or not
	guides   uint64 // see Guide; bit 0 is for the parent
}

// Guide reports whether a vertical line passes through the row in the column of
// depth, because the ancestor at that depth has further siblings below the row. Only
// the 64 nearest ancestors are recorded, more than fit on a terminal.
func (r Row) Guide(depth int) bool {
	up := r.Depth - 1 - depth // 0 is the parent
	return depth >= 0 && up >= 0 && up < 64 && r.guides>>up&1 != 0
}

// Flatten orders the processes 0 to n-1 as a tree: each process follows its parent,
// and siblings are in the order of less, or of the input if less is nil. Descendants
// of a process for which collapsed returns true are left out; collapsed may be nil.
// If id is nil, parent returns the index of the parent and not its pid; -1 for a root.
// Every other process occurs exactly once, whatever the input:
//   - A process whose parent is not in the input is a root. In a container these are
//     PID 1 and the processes that docker exec started.
//   - If processes form a cycle, as may happen if the kernel reuses pids during a
//     scan, the first of them by less is a root.
//   - If a pid occurs twice, the first one in the input has the children.
//
// The time is O(n log n), however deep the tree is.
func Flatten(n int, id, parent func(i int) int, less func(a, b int) bool, collapsed func(i int) bool) iter.Seq[Row] {
	t := newTree(n, id, parent, less)
	return func(yield func(Row) bool) {
		stack := []level{t.level(t.root(), 0)}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.rest) == 0 {
				stack = stack[:len(stack)-1]
				continue
			}
			i := int(top.rest[0])
			top.rest = top.rest[1:]
			below := t.level(i, top.guides<<1)
			row := Row{
				Index: i, Depth: len(stack) - 1, Last: len(top.rest) == 0,
				Children: len(below.rest) > 0, Below: int(t.below[i]), guides: top.guides,
			}
			if !yield(row) {
				return
			}
			if !row.Last {
				below.guides |= 1
			}
			if row.Children && (collapsed == nil || !collapsed(i)) {
				stack = append(stack, below)
			}
		}
	}
}

// Descendants lists the descendants of root, parents before their children. root and
// the results are indices such as id and parent take. root itself is not included,
// even if it is on a cycle, see [Flatten].
func Descendants(n int, id, parent func(i int) int, root int) []int {
	if root < 0 || root >= n {
		return nil
	}
	up := parents(n, id, parent)
	up[root] = int32(n) // This cuts the only cycle that can be reached from root.
	t := tree{up: up}
	t.sortChildren(inputOrder(n))
	var below []int
	for _, i := range t.breadthFirst(root)[1:] {
		below = append(below, int(i))
	}
	return below
}

// WithAncestors returns chosen with the ancestors of all that are chosen. parent returns
// the index of a parent, -1 for a root; no process may be its own ancestor.
func WithAncestors(chosen []bool, parent func(i int) int) []bool {
	keep := make([]bool, len(chosen))
	for i, yes := range chosen {
		for j := i; yes && j >= 0 && !keep[j]; j = parent(j) {
			keep[j] = true
		}
	}
	return keep
}

// tree has the parent and the ordered children of each process. An additional node,
// the last one, is the parent of the roots. The numbers of processes fit into an int32,
// and a viewer makes a tree of all processes at each refresh.
type tree struct {
	up       []int32 // parent of i
	start    []int32 // children of i are children[start[i]:start[i+1]]
	children []int32
	below    []int32 // number of descendants of i
}

// level has the children of one process that have not become rows yet.
type level struct {
	rest   []int32
	guides uint64 // of the rows in rest: bit 0 is for their parent
}

func newTree(n int, id, parent func(i int) int, less func(a, b int) bool) tree {
	t := tree{up: parents(n, id, parent)}
	order := inputOrder(n)
	if less != nil {
		slices.SortFunc(order, func(a, b int32) int {
			switch {
			case less(int(a), int(b)):
				return -1
			case less(int(b), int(a)):
				return 1
			default:
				return int(a - b)
			}
		})
	}
	t.cutCycles(order)
	t.sortChildren(order)
	t.count()
	return t
}

func (t *tree) root() int { return len(t.up) }

func (t *tree) childrenOf(i int) []int32 { return t.children[t.start[i]:t.start[i+1]] }

func (t *tree) level(i int, guides uint64) level {
	return level{rest: t.childrenOf(i), guides: guides}
}

// inputOrder returns 0 to n-1.
func inputOrder(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	return order
}

// parents returns the index of the parent of each process, n if it is not in the
// input.
func parents(n int, id, parent func(i int) int) []int32 {
	up := make([]int32, n)
	if id == nil {
		for i := range up {
			if up[i] = int32(parent(i)); up[i] < 0 || int(up[i]) >= n {
				up[i] = int32(n)
			}
		}
		return up
	}
	byID := make(map[int]int32, n)
	for i := n - 1; i >= 0; i-- { // backwards, so that the first of equal pids wins
		byID[id(i)] = int32(i)
	}
	for i := range up {
		p, ok := byID[parent(i)]
		if !ok {
			p = int32(n)
		}
		up[i] = p
	}
	return up
}

// cutCycles makes the first process of each cycle a root. It walks up from each
// process to the first one that has been visited. If the same walk visited that one,
// it is on a cycle.
func (t *tree) cutCycles(order []int32) {
	rank := make([]int32, len(order)) // position of i in order
	for place, i := range order {
		rank[i] = int32(place)
	}
	root := int32(t.root())
	walk := make([]int32, len(order)) // number of the walk that visited i, 0: none
	for start := range root {
		i := start
		for i != root && walk[i] == 0 {
			walk[i] = start + 1
			i = t.up[i]
		}
		if i != root && walk[i] == start+1 {
			t.up[t.firstOnCycle(i, rank)] = root
		}
	}
}

// firstOnCycle returns the process of lowest rank on the cycle of i.
func (t *tree) firstOnCycle(i int32, rank []int32) int32 {
	first := i
	for j := t.up[i]; j != i; j = t.up[j] {
		if rank[j] < rank[first] {
			first = j
		}
	}
	return first
}

// sortChildren sorts the processes by parent, and siblings as in order. It is a
// counting sort.
func (t *tree) sortChildren(order []int32) {
	n := len(t.up)
	t.start = make([]int32, n+3)
	for _, p := range t.up {
		t.start[p+2]++
	}
	for i := 2; i < len(t.start); i++ {
		t.start[i] += t.start[i-1]
	}
	t.children = make([]int32, n)
	for _, i := range order {
		next := &t.start[t.up[i]+1] // becomes the start of the next parent
		t.children[*next] = i
		*next++
	}
}

// breadthFirst lists from and its descendants, parents before children.
func (t *tree) breadthFirst(from int) []int32 {
	queue := make([]int32, 1, len(t.up)+1)
	queue[0] = int32(from)
	for done := 0; done < len(queue); done++ {
		queue = append(queue, t.childrenOf(int(queue[done]))...)
	}
	return queue
}

// count sets below.
func (t *tree) count() {
	t.below = make([]int32, len(t.up)+1)
	queue := t.breadthFirst(t.root())
	for _, i := range slices.Backward(queue[1:]) {
		t.below[t.up[i]] += t.below[i] + 1
	}
}
