//go:build !race && !msan && !asan

package early

func restorer()
