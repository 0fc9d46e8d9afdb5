package main

import "golang.org/x/sys/unix"

const fstatat = unix.SYS_NEWFSTATAT

func init() {
	calls["arch_prctl"] = unix.SYS_ARCH_PRCTL
	calls["epoll_wait"] = unix.SYS_EPOLL_WAIT
}
