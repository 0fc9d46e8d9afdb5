package early

import "golang.org/x/sys/unix"

//lint:file-ignore U1000 the assembly uses what nobody else seems to

// The Go runtime uses epoll_pwait(2): so a trace tells the two apart.
const sysEpollWait = unix.SYS_EPOLL_WAIT

const restorerFlag = 0x04000000 // SA_RESTORER: amd64 leaves sigreturn(2) to the program
