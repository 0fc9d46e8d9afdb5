package early

import "golang.org/x/sys/unix"

//lint:file-ignore U1000 used in assembly

// The Go runtime uses epoll_pwait(2), so strace(1) output distinguishes the two.
const sysEpollWait = unix.SYS_EPOLL_WAIT

const restorerFlag = 0x04000000 // SA_RESTORER: on amd64 the program has to call sigreturn(2)
