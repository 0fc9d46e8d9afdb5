//go:build (amd64 || arm64) && !race && !msan && !asan

package early

func entry()
func hook()
func handler()
