//go:build !linux

package early

// All of initcore uses Linux system calls. On another system the build stops here
// first, at an undeclared name.
var _ = yinit_runs_on_Linux_only
