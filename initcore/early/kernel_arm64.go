package early

import "golang.org/x/sys/unix"

const sysEpollWait = unix.SYS_EPOLL_PWAIT

const restorerFlag = 0 // the kernel provides a restorer
