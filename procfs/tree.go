package procfs

import "slices"

// Row is a line of a process tree, see [Flatten].
type Row struct {
	Index    int  // of the process in the input
	Depth    int  // 0 for a root
	Last     bool // the last one among its siblings; roots are siblings too
	Children bool // it has some, collapsed or not
	Below    int  // how many processes are below it on all levels, collapsed or not
	guides   uint64
}

// Guide reports whether a line goes down through the row's column at depth,
// because the ancestor there has further siblings below the row. Only the 64
// nearest ancestors are known, which is more than a terminal has room for.
func (r Row) Guide(depth int) bool {
	up := r.Depth - 1 - depth // 0 is the parent
	return depth >= 0 && up >= 0 && up < 64 && r.guides>>up&1 != 0
}

// Flatten orders the processes 0 to n-1 as a tree, each below its parent and
// siblings in the order of less, or in that of the input if less is nil. Those
// below a process for which collapsed gives true are left out; collapsed may be
// nil. Each other process comes exactly once, whatever the input:
//   - A process whose parent is not in the input is a root. In a container that
//     is PID 1 and all that docker exec started.
//   - If processes are parents of each other, as they may seem to be if pids
//     were used again while they were read, then the first of them by less is a
//     root.
//   - If a pid is there twice, then the first one in the input has the children.
//
// It takes O(n log n), however deep the tree is.
func Flatten(n int, id, parent func(i int) int, less func(a, b int) bool, collapsed func(i int) bool) []Row {
	t := newTree(n, id, parent, less)
	rows := make([]Row, 0, n)
	stack := []level{t.level(t.root(), 0)}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.rest) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		i := top.rest[0]
		top.rest = top.rest[1:]
		below := t.level(i, top.guides<<1)
		row := Row{
			Index: i, Depth: len(stack) - 1, Last: len(top.rest) == 0,
			Children: len(below.rest) > 0, Below: t.below[i], guides: top.guides,
		}
		rows = append(rows, row)
		if !row.Last {
			below.guides |= 1
		}
		if row.Children && (collapsed == nil || !collapsed(i)) {
			stack = append(stack, below)
		}
	}
	return rows
}

// Descendants lists the processes below root, an index like those that id and
// parent take, on all levels: parents before their children. root itself is not
// in it, even if it is its own descendant, as [Flatten] explains.
func Descendants(n int, id, parent func(i int) int, root int) []int {
	if root < 0 || root >= n {
		return nil
	}
	up := parents(n, id, parent)
	up[root] = n // This cuts the only cycle that could be met.
	t := tree{up: up}
	t.sortChildren(inputOrder(n))
	return t.breadthFirst(root)[1:]
}

// tree has the parent of each process, and its children in order. One more node
// than there are processes, the last one, is the parent of the roots.
type tree struct {
	up       []int // parent of i
	start    []int // children of i are children[start[i]:start[i+1]]
	children []int
	below    []int // how many processes are below i
}

// level is what is left to do of the children of one process.
type level struct {
	rest   []int
	guides uint64 // of the rows in rest: bit 0 is their parent's
}

func newTree(n int, id, parent func(i int) int, less func(a, b int) bool) tree {
	t := tree{up: parents(n, id, parent)}
	order := inputOrder(n)
	if less != nil {
		slices.SortFunc(order, func(a, b int) int {
			switch {
			case less(a, b):
				return -1
			case less(b, a):
				return 1
			default:
				return a - b
			}
		})
	}
	t.cutCycles(order)
	t.sortChildren(order)
	t.count()
	return t
}

func (t *tree) root() int { return len(t.up) }

func (t *tree) childrenOf(i int) []int { return t.children[t.start[i]:t.start[i+1]] }

func (t *tree) level(i int, guides uint64) level {
	return level{rest: t.childrenOf(i), guides: guides}
}

// inputOrder is 0 to n-1.
func inputOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// parents gives the index of each process's parent, n if it is not among them.
func parents(n int, id, parent func(i int) int) []int {
	byID := make(map[int]int, n)
	for i := n - 1; i >= 0; i-- { // backwards, so that the first of equals stays
		byID[id(i)] = i
	}
	up := make([]int, n)
	for i := range up {
		p, ok := byID[parent(i)]
		if !ok {
			p = n
		}
		up[i] = p
	}
	return up
}

// cutCycles makes the first process of each cycle a root. It goes up from each
// process until it meets one that it has been to: if that was on the same way,
// then it is on a cycle.
func (t *tree) cutCycles(order []int) {
	rank := make([]int, len(order)) // the place of i in order
	for place, i := range order {
		rank[i] = place
	}
	way := make([]int, len(order)) // which way came by i first, 0: none yet
	for start := range t.up {
		i := start
		for i != t.root() && way[i] == 0 {
			way[i] = start + 1
			i = t.up[i]
		}
		if i != t.root() && way[i] == start+1 {
			t.up[t.firstOnCycle(i, rank)] = t.root()
		}
	}
}

// firstOnCycle is the process of lowest rank on the cycle that i is on.
func (t *tree) firstOnCycle(i int, rank []int) int {
	first := i
	for j := t.up[i]; j != i; j = t.up[j] {
		if rank[j] < rank[first] {
			first = j
		}
	}
	return first
}

// sortChildren sorts the processes by parent, and those of one parent as they
// are in order: a counting sort.
func (t *tree) sortChildren(order []int) {
	n := len(t.up)
	t.start = make([]int, n+3)
	for _, p := range t.up {
		t.start[p+2]++
	}
	for i := 2; i < len(t.start); i++ {
		t.start[i] += t.start[i-1]
	}
	t.children = make([]int, n)
	for _, i := range order {
		next := &t.start[t.up[i]+1] // becomes the start of the parent after
		t.children[*next] = i
		*next++
	}
}

// breadthFirst lists from and all that is below it, parents before children.
func (t *tree) breadthFirst(from int) []int {
	queue := make([]int, 1, len(t.up)+1)
	queue[0] = from
	for done := 0; done < len(queue); done++ {
		queue = append(queue, t.childrenOf(queue[done])...)
	}
	return queue
}

// count fills in below.
func (t *tree) count() {
	t.below = make([]int, len(t.up)+1)
	queue := t.breadthFirst(t.root())
	for _, i := range slices.Backward(queue[1:]) {
		t.below[t.up[i]] += t.below[i] + 1
	}
}
