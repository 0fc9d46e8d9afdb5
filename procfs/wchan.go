package procfs

import "bytes"

// Wchan returns the kernel function in which a thread sleeps, from
// /proc/[pid]/task/[tid]/wchan, see proc_pid_wchan(5). It is "" if the thread does
// not sleep, if the caller lacks permission (PTRACE_MODE_READ of ptrace(2)), or if
// the kernel has no symbol names.
func (f FS) Wchan(pid, tid int) (string, error) {
	b, err := f.read(place{pid: pid, tid: tid, name: "wchan"}, make([]byte, 0, 128), smallFile)
	if err != nil {
		return "", err
	}
	return ParseWchan(b), nil
}

// ParseWchan parses the content of /proc/[pid]/wchan. It returns "" for "0", and for
// an address, which kernels without symbol names show.
func ParseWchan(b []byte) string {
	name := bytes.TrimSpace(b)
	if _, address := parseHex(bytes.TrimPrefix(name, []byte("0x"))); address {
		return ""
	}
	return string(name)
}
