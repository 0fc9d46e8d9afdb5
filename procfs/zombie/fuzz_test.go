package zombie

import (
	"strconv"
	"syscall"
	"testing"

	"yinit/procfs"
)

func FuzzParseWait(f *testing.F) {
	f.Add([]byte("running\n"))
	f.Add([]byte("-1 0x7ffd4b83 0x7f4b83a402ad\n"))
	f.Add([]byte(strconv.Itoa(syscall.SYS_WAIT4) + " 0xffffffff 0x7ffe 0x0 0x0 0x0 0x0 0x7ffd 0x7fab\n"))
	f.Add([]byte(strconv.Itoa(syscall.SYS_WAITID) + " 0x3 0x5 0x7ffe 0x4 0x0 0x0 0x7ffd 0x7fab\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		call, _ := procfs.ParseSyscall(b)
		w, fd, ok := waitOfCall(call)
		if w.PID < 0 || w.PID != 0 && w.Other || !ok && (w != Wait{} || fd != -1) {
			t.Errorf("wait of %q = %+v, %d, %v", b, w, fd, ok)
		}
	})
}
