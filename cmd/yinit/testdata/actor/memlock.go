package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// holdMemory starts a process that holds the lock of its memory, until this process ends,
// and prints its pid. That reads a page of a file, through /proc/self/mem, whose server
// never delivers it: this process, see fuse(4). The server is no part of the other process,
// which could otherwise not be killed.
func holdMemory(file, main string) {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	check(err)
	check(unix.Mount("actor", file, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=100000,user_id=0,group_id=0", fd)))
	holder := exec.Command("/proc/self/exe", "memheld", file, main)
	holder.Stderr = os.Stderr
	check(holder.Start())
	request := make([]byte, 1<<17)
	for {
		n, err := unix.Read(fd, request)
		if err == unix.EINTR || err == unix.ENOENT { // the request was taken back
			continue
		}
		check(err)
		serve(fd, request[:n], holder.Process.Pid)
	}
}

// The requests of linux/fuse.h that are answered, and that for a page.
const (
	fuseGetAttr = 3
	fuseOpen    = 14
	fuseRead    = 15
	fuseInit    = 26
)

// serve answers one request. The layout of the answers is that of linux/fuse.h.
func serve(fd int, request []byte, holder int) {
	var answer []byte
	put32 := func(values ...uint32) {
		for _, v := range values {
			answer = binary.NativeEndian.AppendUint32(answer, v)
		}
	}
	put64 := func(values ...uint64) {
		for _, v := range values {
			answer = binary.NativeEndian.AppendUint64(answer, v)
		}
	}
	failed := int32(0)
	switch binary.NativeEndian.Uint32(request[4:]) {
	case fuseInit:
		put32(7, 31, 0, 0, 0, 1<<16) // version, read ahead, flags, background, largest write
		answer = append(answer, make([]byte, 64-len(answer))...)
	case fuseGetAttr:
		put64(3600, 0, 1, uint64(os.Getpagesize()), 1, 0, 0, 0) // valid for, inode, size, blocks, times
		put32(0, 0, 0, unix.S_IFREG|0o644, 1, 0, 0, 0, 4096, 0) // mode, links, owner, device, block size
	case fuseOpen:
		put64(1)
		put32(0, 0)
	case fuseRead:
		time.Sleep(200 * time.Millisecond) // the other thread begins to wait
		fmt.Println(holder)
		return
	default:
		failed = -int32(unix.ENOSYS)
	}
	head := binary.NativeEndian.AppendUint32(nil, uint32(16+len(answer)))
	head = binary.NativeEndian.AppendUint32(head, uint32(failed))
	head = append(head, request[8:16]...) // the number of the request
	_, err := unix.Write(fd, append(head, answer...))
	check(err)
}

// heldMemory is the other process. One thread takes the lock to read, and waits for the
// server. Another one waits in uninterruptible sleep for the lock, to write. From then on no
// one else may read. main says what the main thread does.
func heldMemory(file, main string) {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	check(err)
	check(unix.Fstat(fd, new(unix.Stat_t))) // the kernel asks for the size
	page, err := unix.Mmap(fd, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE)
	check(err)
	mem, err := unix.Open("/proc/self/mem", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	check(err)
	reads := func() {
		_, _ = unix.Pread(mem, make([]byte, 1), int64(uintptr(unsafe.Pointer(&page[0])))) // fails at the end
	}
	writes := func() {
		time.Sleep(100 * time.Millisecond)
		_, _ = unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	}
	if main == "writes" {
		reads, writes = writes, reads
	}
	go writes()
	reads() // package early keeps this goroutine on the main thread
}
