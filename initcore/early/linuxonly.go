//go:build !linux

package early

// All of initcore is made of Linux system calls. On another system the build
// stops here first, at a name that nobody declares.
var _ = yinit_runs_on_Linux_only
