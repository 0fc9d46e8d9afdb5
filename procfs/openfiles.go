package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A FileKind says what an open file descriptor refers to.
type FileKind uint8

// The kinds of open files.
const (
	FileOther     FileKind = iota // a file of the kernel without a path, such as an eventfd
	FilePath                      // a file or directory with a path
	FileDevice                    // a device
	FileTerminal                  // a terminal
	FilePipe                      // a pipe or FIFO without a path
	FileSocket                    // a socket
	FileMemory                    // a memfd, see memfd_create(2)
	FileNamespace                 // a namespace, see namespaces(7)
)

// String returns the kind as a noun.
func (k FileKind) String() string {
	switch k {
	case FilePath:
		return "file"
	case FileDevice:
		return "device"
	case FileTerminal:
		return "terminal"
	case FilePipe:
		return "pipe"
	case FileSocket:
		return "socket"
	case FileMemory:
		return "memfd"
	case FileNamespace:
		return "namespace"
	default:
		return "other"
	}
}

// An OpenFile is what the link of a descriptor in /proc/[pid]/fd says, see
// proc_pid_fd(5).
type OpenFile struct {
	FD    int
	Kind  FileKind
	Link  string // the text of the link: "pipe:[4711]", a path
	Name  string // a path without "(deleted)", or the name of what has none: "eventpoll"
	Inode uint64 // of a pipe, a socket or a namespace
	// Deleted says that no name of the file is left. A file whose name ends in
	// " (deleted)" looks the same.
	Deleted bool
}

// ParseFileLink parses the text of a link in /proc/[pid]/fd. It accepts any text.
func ParseFileLink(link string) OpenFile {
	f := OpenFile{Link: link, Name: link}
	if strings.HasPrefix(link, "/") {
		f.path(link)
		return f
	}
	kind, rest, _ := strings.Cut(link, ":")
	if kind == "anon_inode" {
		f.Name = strings.Trim(rest, "[]")
		return f
	}
	digits, opened := strings.CutPrefix(rest, "[")
	digits, closed := strings.CutSuffix(digits, "]")
	inode, err := strconv.ParseUint(digits, 10, 64)
	if !opened || !closed || err != nil {
		return f
	}
	f.Inode, f.Name = inode, kind
	switch kind {
	case "pipe":
		f.Kind = FilePipe
	case "socket":
		f.Kind = FileSocket
	case "pidfd":
		f.Kind = FileOther
	default:
		f.Kind = FileNamespace
	}
	return f
}

// path sets the fields for a link that is a path.
func (f *OpenFile) path(link string) {
	f.Kind = FilePath
	f.Name, f.Deleted = strings.CutSuffix(link, " (deleted)")
	if name, ok := strings.CutPrefix(f.Name, "/memfd:"); ok && f.Deleted {
		f.Kind, f.Name, f.Deleted = FileMemory, name, false // A memfd never has a name.
		return
	}
	name, ok := strings.CutPrefix(f.Name, "/dev/")
	switch {
	case !ok, strings.HasPrefix(name, "shm/"), strings.HasPrefix(name, "hugepages/"), strings.HasPrefix(name, "mqueue/"):
	case strings.HasPrefix(name, "tty"), strings.HasPrefix(name, "pts/") && name != "pts/ptmx", name == "console":
		f.Kind = FileTerminal
	default:
		f.Kind = FileDevice
	}
}

// mostCounted limits how many descriptors of a process are counted.
const mostCounted = 1 << 17

// OpenFiles reads the first most open files of pid, and returns how many there are, but
// counts no more than 131,072. Reading them takes no lock of the process's memory, so
// that it does not block. The error matches [ErrGone] if the process has ended, and
// [io/fs.ErrPermission] if the caller may not list them (PTRACE_MODE_READ of ptrace(2)).
func (f FS) OpenFiles(pid, most int) (files []OpenFile, total int, err error) {
	at := place{pid: pid, name: "fd"}
	d, err := Open(f.path(at))
	if err != nil {
		return nil, 0, f.wrap(at, err)
	}
	defer d.Close()
	for total < mostCounted {
		names, err := d.Readdirnames(1024)
		for _, name := range names {
			fd, wrong := strconv.ParseUint(name, 10, 31)
			if wrong != nil {
				continue
			}
			total++
			if len(files) >= most {
				continue
			}
			link, err := os.Readlink(d.Name() + "/" + name)
			if errors.Is(err, os.ErrPermission) {
				return nil, 0, f.wrap(at, err) // Root may list descriptors whose links it may not read.
			}
			if err == nil { // Otherwise it has been closed.
				file := ParseFileLink(link)
				file.FD = int(fd)
				files = append(files, file)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, f.wrap(at, err)
		}
	}
	return files, total, nil
}

// A FileAccess says for what a descriptor was opened, see O_ACCMODE of open(2).
type FileAccess uint8

// The accesses. They are bits.
const (
	FileReads FileAccess = 1 << iota
	FileWrites
)

// FileAccess reads for what a descriptor of pid was opened, from
// /proc/[pid]/fdinfo/[fd], see proc_pid_fdinfo(5). The errors are those of
// [FS.OpenFiles].
func (f FS) FileAccess(pid, fd int) (FileAccess, error) {
	at := place{pid: pid, name: "fdinfo/" + strconv.Itoa(fd)}
	b, err := f.read(at, make([]byte, 0, 512), smallFile)
	if err != nil {
		return 0, err
	}
	a, err := ParseFileAccess(b)
	if err != nil {
		return 0, f.wrap(at, err)
	}
	return a, nil
}

// ParseFileAccess parses the line "flags:" of /proc/[pid]/fdinfo/[fd], an octal number.
// The error matches [ErrFormat].
func ParseFileAccess(b []byte) (FileAccess, error) {
	for line := range bytes.Lines(b) {
		value, ok := bytes.CutPrefix(line, []byte("flags:"))
		if !ok {
			continue
		}
		flags, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 8, 64)
		if err != nil {
			break
		}
		switch flags & syscall.O_ACCMODE {
		case syscall.O_RDONLY:
			return FileReads, nil
		case syscall.O_WRONLY:
			return FileWrites, nil
		default:
			return FileReads | FileWrites, nil
		}
	}
	return 0, fmt.Errorf("fdinfo: no flags: %w", ErrFormat)
}

// A FileID identifies a file of this machine: its device and inode. The terminals of two
// containers may have the same path, but never the same ID.
type FileID struct{ Device, Inode uint64 }

// FileID returns the identity of the open file fd of pid. It does not open the file.
func (f FS) FileID(pid, fd int) (FileID, error) {
	at := place{pid: pid, name: "fd/" + strconv.Itoa(fd)}
	var st syscall.Stat_t
	if err := syscall.Stat(f.path(at), &st); err != nil {
		return FileID{}, f.wrap(at, err)
	}
	return FileID{uint64(st.Dev), st.Ino}, nil
}
