//go:build (amd64 || arm64) && !race && !msan && !asan && !early_osignal

package early

//lint:file-ignore U1000 used in assembly

func entry()
func order()
func record()
func hook()
func handler()
func fault()
func addresses() (handler, fault, restorer uintptr)

// assembled reports whether this build has a signal handler in assembly.
const assembled = true
