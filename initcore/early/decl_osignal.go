//go:build race || msan || asan || early_osignal || !(amd64 || arm64)

package early

// The race detector has no place for a handler that is not Go; with the tag
// early_osignal the tests see what becomes of the init then.
const assembled = false

func addresses() (handler, fault, restorer uintptr) { return 0, 0, 0 }
