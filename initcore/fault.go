package initcore

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// An execution is a call of execve(2) that failed. The kernel has one errno for a
// whole chain of files: a script, its interpreter, which may be a script again,
// the loader of that. So what is wrong is looked for in each of them, in the order
// in which the kernel comes to them.
type execution struct {
	err  unix.Errno
	dir  string      // where relative paths begin
	user *Credential // who called it, nil: as the init
}

// A piece of that chain.
type piece struct {
	path  string // as the one before it has it
	name  string // what a sentence calls it
	needs string // of a loader: that something needs it
}

// part is what a sentence calls a part of the file.
func (p piece) part(what string) string {
	if p.name == "it" {
		return "its " + what
	}
	return "the " + what + " of " + p.path
}

// chainMost is how many of them are looked at. The kernel follows five #! lines.
const chainMost = 8

// fault says what is wrong with the file, or with what it needs; "" if nothing
// was found.
func (x execution) fault(p piece, depth int) string {
	if depth == chainMost {
		return ""
	}
	path := within(x.dir, p.path)
	info, err := os.Stat(path)
	switch {
	case missing(err):
		return p.missing(path, err)
	case errors.Is(err, unix.EACCES):
		return x.denied(p, path, nil)
	case err != nil:
		return ""
	case x.err == unix.EACCES:
		if fault := x.denied(p, path, info); fault != "" {
			return fault
		}
	default:
		if fault := p.irregular(info); fault != "" {
			return fault
		}
	}
	text := head(path, 256)
	switch {
	case text == "" && info.Size() > 0:
		return "" // it may be executed, but not read
	case strings.HasPrefix(text, elf.ELFMAG):
		return x.elfFault(p, path, depth)
	case p.needs != "":
		return p.name + " is not a program"
	case strings.HasPrefix(text, "#!"):
		return x.scriptFault(p, text, depth)
	case x.err != unix.ENOEXEC:
		return ""
	case depth > 0:
		return p.name + " is neither a program nor a script with a #! line"
	}
	return "it is neither a program nor a script with a #! line, and there is no /bin/sh to try it with"
}

// irregular says what a file is that nobody can execute. It must not be opened, or
// a FIFO would hold up the init.
func (p piece) irregular(info os.FileInfo) string {
	switch {
	case info.IsDir():
		return p.name + " is a directory"
	case !info.Mode().IsRegular():
		return p.name + " is not a regular file"
	}
	return ""
}

// missing says of what is not there what that is.
func (p piece) missing(path string, err error) string {
	target, notLink := os.Readlink(path)
	switch {
	case notLink == nil:
		return p.name + " is a symbolic link to " + target + ", which does not exist"
	case p.needs != "":
		return fmt.Sprintf("%s, which is not in this image; %s", p.needs, loaderAdvice(p.path))
	case p.name != "it":
		return p.name + " is not in this image"
	case errors.Is(err, unix.ENOTDIR):
		return "a part of its path is not a directory"
	}
	return "there is no such file"
}

func loaderAdvice(loader string) string {
	if strings.Contains(loader, "musl") {
		return "it was built for Alpine's musl: build it statically, or use an image with musl"
	}
	return "build it statically (Go: CGO_ENABLED=0), or use an image with that loader, such as Debian's"
}

// scriptFault looks at the #! line, of which the kernel reads 256 bytes.
func (x execution) scriptFault(p piece, text string, depth int) string {
	line, _, whole := strings.Cut(text[len("#!"):], "\n")
	line = strings.Trim(line, " \t")
	end := strings.IndexAny(line, " \t")
	if end < 0 && !whole && len(text) == 256 {
		return p.part("#! line") + " is longer than the 256 bytes that the kernel reads"
	}
	if end < 0 {
		end = len(line)
	}
	interpreter := line[:end]
	if interpreter == "" {
		return p.part("#! line") + " names no interpreter"
	}
	if strings.HasSuffix(interpreter, "\r") && !exists(within(x.dir, interpreter)) {
		return p.part("#! line") + " ends in CR, as files from Windows do: convert it to LF line ends, with dos2unix for one"
	}
	return x.fault(piece{path: interpreter, name: p.part("interpreter " + interpreter)}, depth+1)
}

// elfFault looks at a program.
func (x execution) elfFault(p piece, path string, depth int) string {
	unknown := !missing(x.err) && x.err != unix.EACCES // the kernel could open all, but not run it
	f, err := elf.Open(path)
	if err != nil {
		if unknown {
			return p.name + " is damaged: it begins like a program and is not one; was it copied in whole?"
		}
		return ""
	}
	defer f.Close()
	if ours := machines[runtime.GOARCH]; unknown && f.Machine != ours {
		return fmt.Sprintf("%s was built for %s, but this machine is %s; use an image for linux/%s",
			p.name, machineName(f.Machine), machineName(ours), runtime.GOARCH)
	}
	loader, needed := elfLoader(f)
	if needed && loader == "" {
		return p.name + " is damaged: the name of its loader is empty"
	}
	if needed {
		next := piece{path: loader, name: p.part("loader " + loader), needs: p.name + " needs the loader " + loader}
		if fault := x.fault(next, depth+1); fault != "" {
			return fault
		}
	}
	if x.err == unix.ENOEXEC {
		return fmt.Sprintf("this kernel does not run programs of the kind of %s (%v, %v)", filepath.Base(path), f.Class, f.Type)
	}
	return ""
}

var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

func machineName(m elf.Machine) string {
	name, known := strings.CutPrefix(m.String(), "EM_")
	if !known || strings.Contains(name, "+") { // the nearest known number, and how far it is
		return fmt.Sprintf("an unknown machine (number %d)", uint16(m))
	}
	return strings.ToLower(name)
}

// elfLoader is the dynamic loader that a program asks for, if it does.
func elfLoader(f *elf.File) (loader string, needed bool) {
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < unix.PathMax {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				return "", false
			}
			name, _, _ := bytes.Cut(b, []byte{0})
			return string(name), true
		}
	}
	return "", false
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return !missing(err)
}

// denied says why the user may not execute the file; info is nil if we may not
// even look at it.
func (x execution) denied(p piece, path string, info os.FileInfo) string {
	user := x.user
	if user == nil {
		user = ownCredential()
	}
	if dir := user.barred(x.dir, p.path, 0); dir != "" {
		return fmt.Sprintf("the directory %s on %s may not be searched by this user", dir, p.part("path"))
	}
	if info == nil {
		return "a directory on " + p.part("path") + " may not be searched by this user"
	}
	if fault := p.irregular(info); fault != "" {
		return fault
	}
	var mounted unix.Statfs_t
	switch {
	case info.Mode()&0o111 == 0:
		return p.name + " is not executable: chmod +x it, in the Dockerfile COPY --chmod=755"
	case unix.Statfs(path, &mounted) == nil && mounted.Flags&unix.ST_NOEXEC != 0:
		return p.name + " lies on a mount with the option noexec"
	case !user.mayExecute(path):
		return fmt.Sprintf("%s may not be executed by this user (its mode is %04o)", p.name, info.Mode().Perm())
	}
	return ""
}

func ownCredential() *Credential {
	c := &Credential{UID: uint32(unix.Geteuid()), GID: uint32(unix.Getegid())}
	groups, _ := unix.Getgroups() // without them the mode's last digit counts
	for _, g := range groups {
		c.Groups = append(c.Groups, uint32(g))
	}
	return c
}

// mayExecute looks at the mode of a file, or of a directory that is to be searched.
// What cannot be looked at is no fault. Access lists and security modules are not
// known here.
func (c *Credential) mayExecute(path string) bool {
	var st unix.Stat_t
	switch err := unix.Stat(path, &st); {
	case err != nil || c.UID == 0:
		return true
	case st.Uid == c.UID:
		return st.Mode&0o100 != 0
	case st.Gid == c.GID || slices.Contains(c.Groups, st.Gid):
		return st.Mode&0o010 != 0
	}
	return st.Mode&0o001 != 0
}

// barred is the first directory on the way to path that the user may not search,
// "" if there is none. A relative path begins in dir, wherever that is.
func (c *Credential) barred(dir, path string, depth int) string {
	at := "/"
	if !filepath.IsAbs(path) {
		at = dir
	}
	for part := range strings.SplitSeq(path, "/") {
		if !c.mayExecute(at) {
			if st, err := os.Stat(at); err == nil && st.IsDir() {
				return at
			}
			return ""
		}
		at = filepath.Join(at, part)
	}
	if target, err := os.Readlink(at); err == nil && depth < chainMost {
		return c.barred(filepath.Dir(at), target, depth+1)
	}
	return ""
}
