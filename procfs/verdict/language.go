package verdict

import (
	"path"
	"strings"

	"yinit/procfs"
	"yinit/procfs/elffile"
)

// Language is a language runtime that installs signal handlers of its own. With
// one, a caught signal does not mean that the program itself handles it.
type Language uint8

// The languages.
const (
	NoLanguage Language = iota // no known runtime
	Go
	Node
	Python
	Java
)

// String returns the name of the runtime.
func (l Language) String() string {
	return [...]string{"", "the Go runtime", "Node", "CPython", "the JVM"}[min(l, Java)]
}

// goCaught has the signals that the Go runtime catches by default, since Go 1.13 on
// all architectures but mips; see runtime/sigtab_linux_generic.go.
const goCaught procfs.SignalSet = 0xfffffffd7fc1feff

// language identifies the runtime of a process: by the name of its executable, by the
// ELF sections, or, if the executable may not be read, by the signals that are
// caught.
func language(fs procfs.FS, t *Target) Language {
	pid := t.ID.PID
	if t.Sigs.Caught.Empty() || t.Kernel {
		return NoLanguage
	}
	if exe, err := fs.Exe(pid); err == nil {
		if l := languageOfName(exe); l != NoLanguage {
			return l
		}
		if isGo(fs.Path(pid, "exe")) {
			return Go
		}
		return NoLanguage
	}
	return languageOfSignals(t.Sigs)
}

// languageOfName identifies a runtime by the base name of its executable, such as
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

// languageOfSignals recognizes a Go program by the signals that it catches. Signals
// that were ignored at its start stay ignored, see os/signal. The Go runtime leaves
// signal 32 to the C library.
func languageOfSignals(sigs procfs.Signals) Language {
	if sigs.Known && !sigs.Caught.Has(rtFirst) && goCaught.Without(sigs.Caught|sigs.Ignored).Empty() && sigs.Caught.Len() > goCaught.Len()/2 {
		return Go
	}
	return NoLanguage
}

// isGo reports whether the file is a Go program: it has the section that
// debug/buildinfo reads, stripped or not.
func isGo(path string) bool {
	file, err := elffile.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return file.HasSection(".go.buildinfo")
}

// handles returns the reason for a handler of signal n that the runtime installs
// itself; "" if it is not known to install one.
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
// troubleshooting guide; for signals that another process sends, see the source of
// HotSpot. A Java program cannot install its own handler for ILL, FPE, SEGV and QUIT.
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
	case sigUsr2: // The JVM suspends threads with it.
		return "the JVM's handler, which may crash the JVM; or the program's"
	case sigPipe, sigXFSZ, rtMax - 2: // The JVM wakes threads blocked in I/O with the last one.
		return "the JVM's handler, which does nothing; or the program's"
	}
	return ""
}
