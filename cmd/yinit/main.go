// Command yinit is an init for containers, and an inspector of the processes in
// them. See README.md.
package main

import "os"

func main() { os.Exit(run(os.Args, os.Environ())) }
