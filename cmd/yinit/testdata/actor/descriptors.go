package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tryDescriptors tries to open each descriptor of a process, from first on, and to read,
// write and truncate what it has opened. It prints what it could do.
func tryDescriptors(pid, first string) {
	dir := "/proc/" + pid + "/fd"
	list, err := os.ReadDir(dir)
	check(err)
	for _, e := range list {
		if number(e.Name()) < number(first) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		what, err := os.Readlink(path)
		if err != nil {
			continue // closed meanwhile
		}
		fmt.Println(e.Name(), strings.TrimPrefix(what, "/")+":", strings.Join(try(path), " "))
	}
}

func try(path string) (did []string) {
	b := make([]byte, 32)
	for _, mode := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR} {
		fd, err := unix.Open(path, mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if n, err := unix.Read(fd, b); err == nil && n > 0 {
			did = append(did, "read")
		}
		if n, err := unix.Write(fd, b); err == nil && n > 0 {
			did = append(did, "wrote")
		}
		if unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 4096) == nil || unix.Ftruncate(fd, 0) == nil {
			did = append(did, "cut")
		}
		_ = unix.Close(fd)
	}
	if fd, err := unix.Open(path, unix.O_RDWR|unix.O_TRUNC|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
		did = append(did, "cut")
		_ = unix.Close(fd)
	}
	return did
}
