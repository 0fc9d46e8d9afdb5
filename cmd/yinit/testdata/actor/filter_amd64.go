package main

import "golang.org/x/sys/unix"

const fstatat = unix.SYS_NEWFSTATAT

func init() { calls["epoll_wait"] = unix.SYS_EPOLL_WAIT }
