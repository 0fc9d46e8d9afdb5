//go:build (amd64 || arm64) && !race && !msan && !asan

package early

//lint:file-ignore U1000 the assembly uses what nobody else seems to

func entry()
func hook()
func handler()
func fault()
