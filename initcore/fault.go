package initcore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"yinit/procfs/elffile"
)

// An execution is a call of execve(2) that failed. The kernel returns one errno for a
// whole chain of files: a script, its interpreter, which may be a script again, and
// the loader of the interpreter. So each file is checked, in the order in which the
// kernel opens them.
type execution struct {
	err  unix.Errno
	dir  string      // the directory where relative paths begin
	user *Credential // the user that called execve(2); nil: the init's own
}

// A piece is one file of that chain.
type piece struct {
	path  string // as the file before it in the chain names it
	name  string // what a sentence calls it
	needs string // for a loader: the clause that says which file needs it
}

// part returns what a sentence calls a part of the file.
func (p piece) part(what string) string {
	if p.name == "it" {
		return "its " + what
	}
	return "the " + what + " of " + p.path
}

// chainMost is the maximum number of files checked. The kernel follows five #! lines.
const chainMost = 8

// fault says what is wrong with the file, or with a file that it needs; "" if no fault
// was found.
func (x execution) fault(p piece, depth int) string {
	if depth == chainMost {
		return ""
	}
	path := within(x.dir, p.path)
	info, err := os.Stat(path)
	switch {
	case missing(err):
		return x.missing(p, path, err)
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
		return "" // the file is executable, but not readable
	case strings.HasPrefix(text, "\x7fELF"):
		return x.elfFault(p, path, depth)
	case p.needs != "":
		return p.name + " is not a program"
	case strings.HasPrefix(text, "#!"):
		return x.scriptFault(p, text, depth)
	case x.err != unix.ENOEXEC:
		return ""
	}
	return p.unknown(text, depth)
}

// unknown says what a file is that the kernel did not want to execute. text is its
// beginning.
func (p piece) unknown(text string, depth int) string {
	switch what := foreign(text); {
	case what != "":
		return p.name + " " + what
	case depth > 0:
		return p.name + " is neither a program nor a script with a #! line"
	}
	return "it is neither a program nor a script with a #! line, and there is no /bin/sh to try it with"
}

// irregular says that a file cannot be executed because it is not a regular file; ""
// if it is one. Such a file must not be opened: a FIFO would block the init.
func (p piece) irregular(info os.FileInfo) string {
	switch {
	case info.IsDir():
		return p.name + " is a directory"
	case !info.Mode().IsRegular():
		return p.name + " is not a regular file"
	}
	return ""
}

// missing says which file does not exist.
func (x execution) missing(p piece, path string, err error) string {
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
	case !filepath.IsAbs(p.path) && filepath.IsAbs(x.dir):
		return "there is no such file in " + x.dir + ", the working directory, where its path begins"
	}
	return "there is no such file"
}

func loaderAdvice(loader string) string {
	if strings.Contains(loader, "musl") {
		return "it was built for Alpine's musl: build it statically, or use an image with musl"
	}
	return "build it statically (Go: CGO_ENABLED=0), or use an image with that loader, such as Debian's"
}

// scriptFault checks the #! line. The kernel reads 256 bytes of it.
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
		return p.part("#! line") + " ends in CR, as files from Windows do: convert it to LF line endings, for example with dos2unix"
	}
	return x.fault(piece{path: interpreter, name: p.part("interpreter " + interpreter)}, depth+1)
}

// elfFault checks an ELF file and its loader.
func (x execution) elfFault(p piece, path string, depth int) string {
	unknown := !missing(x.err) && x.err != unix.EACCES // the kernel could open all files, but not run this one
	f, err := elffile.Open(path)
	if err != nil {
		if unknown {
			return p.name + " is damaged: it begins like an ELF program, but is not a valid one; was it copied completely?"
		}
		return ""
	}
	defer f.Close()
	if ours := ourMachine(); unknown && f.Machine != ours {
		return fmt.Sprintf("%s was built for %s, but this machine is %s; use an image for linux/%s",
			p.name, f.Machine, ours, runtime.GOARCH)
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
		return fmt.Sprintf("this kernel cannot run programs of the type of %s (ELF of %d bits, type %d)", filepath.Base(path), f.Bits, f.Type)
	}
	return ""
}

// ourMachine returns the architecture for which this program was built; 0: it is not in the list.
func ourMachine() elffile.Machine {
	switch runtime.GOARCH {
	case "386":
		return elffile.Machine386
	case "amd64":
		return elffile.MachineX86_64
	case "arm":
		return elffile.MachineARM
	case "arm64":
		return elffile.MachineAArch64
	case "loong64":
		return elffile.MachineLoong
	case "ppc64le":
		return elffile.MachinePPC64
	case "riscv64":
		return elffile.MachineRISCV
	case "s390x":
		return elffile.MachineS390
	}
	return 0
}

// elfLoader returns the path of the dynamic loader that a program needs, if any.
func elfLoader(f *elffile.File) (loader string, needed bool) {
	for _, s := range f.Segments {
		if s.Type == elffile.SegmentInterpreter && s.Size < unix.PathMax {
			b, err := f.Read(s)
			if err != nil {
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
	n, _ = f.Read(b) // after an error n is 0: nothing is known about the file
	return string(b[:n])
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !missing(err)
}

// denied says why the user may not execute the file; "" if it finds no reason. info is
// nil if we may not stat the file.
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
		return p.name + " is not executable: use chmod +x, or COPY --chmod=755 in the Dockerfile"
	case unix.Statfs(path, &mounted) == nil && mounted.Flags&unix.ST_NOEXEC != 0:
		return p.name + " is on a file system that is mounted noexec"
	case !user.mayExecute(path):
		return fmt.Sprintf("%s may not be executed by this user (its mode is %04o)", p.name, info.Mode().Perm())
	}
	return ""
}

func ownCredential() *Credential {
	c := &Credential{UID: uint32(unix.Geteuid()), GID: uint32(unix.Getegid())}
	groups, _ := unix.Getgroups() // without them the permissions of others apply
	for _, g := range groups {
		c.Groups = append(c.Groups, uint32(g))
	}
	return c
}

// mayExecute reports whether the mode of a file permits the user to execute it, or to
// search it if it is a directory. It returns true if the file cannot be examined.
// Access lists and security modules are not taken into account.
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

// barred returns the first directory on the way to path that the user may not search,
// or "" if there is none. A relative path begins in dir.
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
