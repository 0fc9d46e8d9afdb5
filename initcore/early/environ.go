package early

import (
	"math"
	"os"
	"runtime/debug"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

//lint:file-ignore U1000 used in assembly

// The variables with which the Go runtime is tuned, such as GOMEMLIMIT, are for the
// programs of the init. In PID 1 they would do harm: a value that is not valid ends the
// process before main, GOMAXPROCS=1000000 takes 17 GB, GODEBUG=gctrace=1 writes into the
// log of the container. All of them begin with GO, and the init reads none that does.
// So entry hides these from the runtime.
var (
	// environ is the environment on the stack, as the kernel left it there. It is nil if
	// entry did not run.
	environ **byte
	// procs is what the runtime sees instead. One goroutine at a time saves threads,
	// memory and an eighth of the start time.
	procs = "GOMAXPROCS=1\x00"
)

// runtimeEnvs returns the environment that the runtime was started with. Unlike
// [os.Environ] it keeps variables that occur twice and empty strings.
//
//go:linkname runtimeEnvs syscall.runtime_envs
func runtimeEnvs() []string

// Environ returns the environment that the process was started with, to the byte and in
// the same order. Until it is called, package os has the variable that entry added.
// Package os never has the variables that entry hides.
func Environ() []string {
	if environ == nil {
		return runtimeEnvs()
	}
	_ = os.Unsetenv("GOMAXPROCS") // it fails for invalid names only
	var list []string
	for at := environ; *at != nil; at = (**byte)(unsafe.Add(unsafe.Pointer(at), unsafe.Sizeof(at))) {
		list = append(list, unix.BytePtrToString(*at))
	}
	return list
}

// ignoreVariables undoes what the variables of the runtime have changed, as far as that
// is possible, in a binary in which entry did not run. The runtime has read them.
func ignoreVariables() {
	for _, variable := range runtimeEnvs() {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "GOGC":
			debug.SetGCPercent(100)
		case "GOMEMLIMIT":
			debug.SetMemoryLimit(math.MaxInt64)
		case "GODEBUG":
			_ = os.Unsetenv(name) // only some settings can be changed now
		}
	}
}
