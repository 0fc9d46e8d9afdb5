//go:build linux && !amd64 && !arm64

package early

// The layouts of struct sigaction, siginfo_t, struct epoll_event and the arguments of
// clone(2) differ on other CPUs, and yinit has not been tested there.
var _ int = "yinit runs on amd64 and arm64 only"

const (
	sysEpollWait = 0
	restorerFlag = 0
)
