//go:build race || msan || asan || early_osignal || !(amd64 || arm64)

package early

// The race detector does not support a handler in assembly. With the build tag
// early_osignal, tests run the init without it.
const assembled = false

func addresses() (handler, fault, restorer uintptr) { return 0, 0, 0 }
