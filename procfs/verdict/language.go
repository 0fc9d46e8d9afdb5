package verdict

import (
	"debug/elf"
	"path"
	"strconv"
	"strings"

	"yinit/procfs"
)

// A Language is that of a runtime which has handlers of its own, so that a caught
// signal does not mean that the program does something about it.
type Language uint8

// The languages.
const (
	NoLanguage Language = iota // none that is known
	Go
	Node
	Python
	Java
)

// String names the runtime.
func (l Language) String() string {
	return [...]string{"", "the Go runtime", "Node", "CPython", "the JVM"}[min(l, Java)]
}

// goCaught is what the Go runtime catches if the program asks for nothing, since
// Go 1.13 on all processors but mips; see runtime/sigtab_linux_generic.go.
const goCaught procfs.SignalSet = 0xfffffffd7fc1feff

// language finds out about the program that pid runs: by the name of the
// executable, by its sections, or, where it may not be read, by the signals that
// it catches.
func language(fs procfs.FS, pid int, s *procfs.Stat, sigs procfs.Signals) Language {
	if sigs.Caught.Empty() || s.KernelThread() {
		return NoLanguage
	}
	if exe, err := fs.Exe(pid); err == nil {
		if l := languageOfName(exe); l != NoLanguage {
			return l
		}
		if isGo(fs.Root() + "/" + strconv.Itoa(pid) + "/exe") {
			return Go
		}
		return NoLanguage
	}
	return languageOfSignals(sigs)
}

// languageOfName goes by the base name of an executable, such as
// /usr/bin/python3.13.
func languageOfName(exe string) Language {
	name := path.Base(strings.TrimSuffix(exe, " (deleted)"))
	version := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz")
	if strings.Trim(version, "0123456789.") != "" {
		return NoLanguage
	}
	switch strings.TrimSuffix(name, version) {
	case "node", "nodejs":
		return Node
	case "python":
		return Python
	case "java":
		return Java
	default:
		return NoLanguage
	}
}

// languageOfSignals knows a Go program by all that it catches. What it was
// started with ignored is missing there, see os/signal. Signal 32 it leaves to
// the C library.
func languageOfSignals(sigs procfs.Signals) Language {
	if sigs.Known && !sigs.Caught.Has(rtFirst) && goCaught.Without(sigs.Caught|sigs.Ignored).Empty() && sigs.Caught.Len() > goCaught.Len()/2 {
		return Go
	}
	return NoLanguage
}

// isGo reports whether the file is a Go program: it has the section that
// debug/buildinfo reads, stripped or not.
func isGo(path string) bool {
	file, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return file.Section(".go.buildinfo") != nil
}

// handles says what a handler for signal n is, if the runtime has one itself; ""
// if it is not known to.
func (l Language) handles(n int) string {
	switch l {
	case Go:
		return "the Go runtime's handler, which may notify the program"
	case Node:
		switch n {
		case sigInt, sigTerm:
			return "Node's handler: exits, unless the program has its own"
		case sigUsr1:
			return "Node's handler: opens the debugger port; or the program's"
		case sigSegv:
			return "Node's handler, for WebAssembly: it still ends the process"
		}
	case Python:
		if n == sigInt {
			return "CPython's handler: KeyboardInterrupt, or the program's own"
		}
	case Java:
		return handledByJVM(n)
	}
	return ""
}

// handledByJVM is handles for Java, see "Signal Handling" in Oracle's
// troubleshooting guide, and the source of HotSpot for what one from outside does.
// ILL, FPE, SEGV and QUIT the program cannot have for itself.
func handledByJVM(n int) string {
	switch n {
	case sigHup, sigInt, sigTerm:
		return "the JVM's handler: shutdown hooks, then exit; or the program's"
	case sigQuit:
		return "the JVM's handler: prints all thread stacks and continues"
	case sigIll, sigFPE, sigSegv:
		return "the JVM's handler: reports a crash and ends"
	case sigBus:
		return "the JVM's handler: reports a crash and ends; or the program's"
	case sigUsr2: // It suspends threads with it.
		return "the JVM's handler, which may crash the JVM; or the program's"
	case sigPipe, sigXFSZ, rtMax - 2: // With the last it wakes threads that wait for input.
		return "the JVM's handler, which does nothing; or the program's"
	}
	return ""
}
