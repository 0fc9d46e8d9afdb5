// The runtime need not read the CPU limit or name its mappings: the init should start
// fast, and runs one goroutine at a time.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0
//go:debug decoratemappings=0

// Command yinit is an init for containers and an inspector of the processes in them.
// See README.md.
package main

import (
	"os"

	"yinit/initcore/early"
)

func main() { os.Exit(run(os.Args, early.Environ())) }
