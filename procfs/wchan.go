package procfs

import "bytes"

// Wchan is the function of the kernel in which a thread waits, from
// /proc/[pid]/task/[tid]/wchan, see proc_pid_wchan(5). It is "" if the thread
// waits for nothing, and also if the caller may not know (PTRACE_MODE_READ of
// ptrace(2)), or if the kernel keeps no names.
func (f FS) Wchan(pid, tid int) (string, error) {
	b, err := f.read(place{pid: pid, tid: tid, name: "wchan"}, make([]byte, 0, 128), smallFile)
	if err != nil {
		return "", err
	}
	return ParseWchan(b), nil
}

// ParseWchan parses the content of /proc/[pid]/wchan. Kernels that keep no names
// give "0" or an address, which tell nothing.
func ParseWchan(b []byte) string {
	name := bytes.TrimSpace(b)
	if _, address := parseHex(bytes.TrimPrefix(name, []byte("0x"))); address {
		return ""
	}
	return string(name)
}
