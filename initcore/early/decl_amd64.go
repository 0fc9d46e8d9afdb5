//go:build !race && !msan && !asan && !early_osignal

package early

//lint:file-ignore U1000 used in assembly

func restorer()
