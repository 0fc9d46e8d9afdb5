package initcore

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs/cgroup"
)

// explain says in words why a program could not be started, and what would help.
// It looks at the file as the child saw it: from the directory dir.
func explain(e *StartError, p *Program, dir string) string {
	what := "cannot run " + p.Args[0]
	switch e.step {
	case stepDir:
		return fmt.Sprintf("cannot start %s: its working directory %s: %v", p.Name, p.Dir, e.Err)
	case stepUser:
		return fmt.Sprintf("cannot start %s as user %d: %v; yinit must run as root to change the user", p.Name, p.User.UID, e.Err)
	case stepStdio, stepSession:
		return "cannot start " + p.Name + ": " + e.Error()
	}
	path := within(dir, e.Path)
	if !strings.Contains(p.Args[0], "/") && e.Code() == exitNotFound {
		return what + ": there is no such program in PATH; check the name, or give its path"
	}
	return what + ": " + whyNot(path, e.Err)
}

// whyNot says why execve(2) of the file gave this error.
func whyNot(path string, err unix.Errno) string {
	switch err {
	case unix.ENOENT, unix.ENOTDIR:
		return whyMissing(path, err)
	case unix.EACCES:
		return whyDenied(path)
	case unix.ENOEXEC:
		return whyNoProgram(path)
	case unix.ETXTBSY:
		return "it is open for writing; something still copies it, or did not close it"
	case unix.E2BIG:
		return "its arguments and environment are too large together; see ulimit -s, a single one may have 128 KiB"
	case unix.ENOMEM:
		return "there is not enough memory for it" + memoryLimit()
	case unix.EAGAIN:
		return whyNoProcess()
	case unix.ELOOP:
		return "too many symbolic links lead to it, or too many #! interpreters"
	case unix.EPERM:
		return "the kernel does not permit it; a security module, or file capabilities on a nosuid mount"
	case unix.ELIBBAD:
		return "its loader is no program that this machine can run"
	default:
		return err.Error()
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !missing(err)
}

// whyMissing: either the file is missing, or what it needs to run.
func whyMissing(path string, err unix.Errno) string {
	if !exists(path) {
		if err == unix.ENOTDIR {
			return "a part of its path is no directory"
		}
		if link, err := os.Readlink(path); err == nil {
			return "it is a symbolic link to " + link + ", which does not exist"
		}
		return "there is no such file"
	}
	if line, ok := interpreterLine(path); ok {
		if strings.HasSuffix(line, "\r") {
			return "its #! line ends in CR, as files from Windows do: convert it to LF line ends, with dos2unix for one"
		}
		return "its interpreter " + interpreter(line) + " is not in this image"
	}
	if loader := elfLoader(path); loader != "" {
		return "it needs the loader " + loader + ", which is not in this image; " + loaderAdvice(loader)
	}
	return "it exists, but something that it needs does not"
}

func loaderAdvice(loader string) string {
	if strings.Contains(loader, "musl") {
		return "it was built for Alpine's musl: build it statically, or use an image with musl"
	}
	return "build it statically (Go: CGO_ENABLED=0), or use an image with that loader, such as Debian's"
}

func whyDenied(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "a directory on its path may not be searched by this user"
	}
	var mounted unix.Statfs_t
	switch {
	case info.IsDir():
		return "it is a directory"
	case !info.Mode().IsRegular():
		return "it is no regular file"
	case info.Mode()&0o111 == 0:
		return "it is not executable: chmod +x it, in the Dockerfile COPY --chmod=755"
	case unix.Statfs(path, &mounted) == nil && mounted.Flags&unix.ST_NOEXEC != 0:
		return "it lies on a mount with the option noexec"
	}
	if line, ok := interpreterLine(path); ok {
		return "it, or its interpreter " + interpreter(line) + ", may not be executed by this user"
	}
	if loader := elfLoader(path); loader != "" {
		return fmt.Sprintf("it (its mode is %04o), or the loader %s, may not be executed by this user", info.Mode().Perm(), loader)
	}
	return fmt.Sprintf("this user may not execute it (its mode is %04o)", info.Mode().Perm())
}

// whyNoProgram: the kernel does not know the format.
func whyNoProgram(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		if head(path, 4) == elf.ELFMAG {
			return "it is damaged: it begins as a program, but is none; was it copied in whole?"
		}
		return "it is neither a program nor a script with a #! line, and there is no /bin/sh to try it with"
	}
	defer f.Close()
	if ours := machines[runtime.GOARCH]; f.Machine != ours {
		return fmt.Sprintf("it was built for %s, but this machine is %s; use an image for linux/%s",
			machineName(f.Machine), machineName(ours), runtime.GOARCH)
	}
	return fmt.Sprintf("this kernel does not run programs of its kind (%v, %v)", f.Class, f.Type)
}

var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

func machineName(m elf.Machine) string {
	return strings.ToLower(strings.TrimPrefix(m.String(), "EM_"))
}

// interpreterLine returns the first line of a script without its #!. The kernel
// reads 256 bytes.
func interpreterLine(path string) (string, bool) {
	rest, ok := strings.CutPrefix(head(path, 256), "#!")
	if !ok {
		return "", false
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(line, " \t"), true
}

func interpreter(line string) string {
	if end := strings.IndexAny(line, " \t"); end >= 0 {
		return line[:end]
	}
	return line
}

// head returns the first n bytes of a file, fewer if it has fewer.
func head(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, n)
	n, _ = f.Read(b) // nothing read is nothing known
	return string(b[:n])
}

// elfLoader is the dynamic loader that a program asks for.
func elfLoader(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				return ""
			}
			return string(bytes.TrimRight(b, "\x00"))
		}
	}
	return ""
}

// whyNoProcess: fork failed with EAGAIN.
func whyNoProcess() string {
	u := ownUsage()
	if u.PidsMax > 0 && u.Pids+1 >= u.PidsMax {
		return fmt.Sprintf("the pids limit is reached (%d of %d processes and threads); raise it (docker run --pids-limit), or find who leaks them with yinit top", u.Pids, u.PidsMax)
	}
	return "no more processes may be made: the limit of this user (ulimit -u), of the control group (pids.max) or of the machine is reached"
}

func memoryLimit() string {
	u := ownUsage()
	if u.MemMax == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s of %s are in use)", u.Mem, u.MemMax)
}

func ownUsage() cgroup.Usage { return ownGroup().Read() }
