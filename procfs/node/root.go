package node

import (
	"os"
	"path/filepath"
	"strconv"

	"yinit/procfs"
	"yinit/procfs/cgroup"
	"yinit/procfs/container"
)

// FindRoot returns the root directory of the host: root if that is given, else that of PID 1,
// where it is another one than ours and this user may read it, else ours. The control groups
// are those that are mounted for PID 1, or for us.
func FindRoot(fs procfs.FS, root string) (*container.Root, *cgroup.Finder) {
	files, groups := findRoot(fs)
	if root != "" {
		files = container.NewRoot(root)
	}
	return files, groups
}

func findRoot(fs procfs.FS) (*container.Root, *cgroup.Finder) {
	dir := filepath.Join(fs.Root(), "1/root")
	first, err := os.Stat(dir + "/.")
	ours, err2 := os.Stat("/")
	if err != nil || err2 != nil || os.SameFile(first, ours) {
		return container.NewRoot("/"), cgroup.NewFinder(fs, "self", "")
	}
	return container.NewRoot(dir), cgroup.NewFinder(fs, "1", dir)
}

// pathsOf returns what reads the paths of the control groups of a process.
func pathsOf(groups *cgroup.Finder) func(pid int) []byte {
	return func(pid int) []byte { return groups.Paths(strconv.Itoa(pid)) }
}
