package procfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Listeners returns the sockets to which others can connect or send, in the network
// namespace of pid: by inode, such as "0.0.0.0:8080 tcp", from /proc/[pid]/net, see
// proc_pid_net(5). A table that cannot be read has none. Of a table it reads 1 MiB;
// listening TCP sockets come first in theirs.
func (f FS) Listeners(pid int) map[uint64]string {
	found := map[uint64]string{}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6", "unix"} {
		b, err := f.ReadFile(strconv.Itoa(pid) + "/net/" + table) // The kernel writes it in pieces, so it has to be read to its end.
		if err != nil {
			continue // Kernels without IPv6 do not have all of them.
		}
		if table == "unix" {
			addUnixListeners(found, b)
		} else {
			addListeners(found, table, b)
		}
	}
	return found
}

// The states of sockets in these tables, see include/net/tcp_states.h.
const (
	tcpClose  = "07" // of a UDP socket that is not connected
	tcpListen = "0A"
)

// addListeners adds the listening sockets of a table of TCP or UDP sockets. It skips the
// lines that are malformed: the first is the title, and the last may be cut short.
func addListeners(found map[uint64]string, table string, b []byte) {
	proto, want := strings.TrimSuffix(table, "6"), tcpListen
	if proto == "udp" {
		want = tcpClose
	}
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 10 || string(f[3]) != want || !bytes.HasSuffix(line, []byte{'\n'}) {
			continue
		}
		address, ok := socketAddress(string(f[1]))
		inode, err := strconv.ParseUint(string(f[9]), 10, 64)
		if ok && err == nil && inode != 0 {
			found[inode] = address + " " + proto
		}
	}
}

// socketAddress formats an address such as 0100007F:1F90, of which each group of eight
// digits is a number in the byte order of the machine.
func socketAddress(s string) (string, bool) {
	words, port, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil || len(words) != 8 && len(words) != 32 {
		return "", false
	}
	var ip [16]byte
	for i := 0; i*8 < len(words); i++ {
		v, err := strconv.ParseUint(words[i*8:i*8+8], 16, 32)
		if err != nil {
			return "", false
		}
		binary.NativeEndian.PutUint32(ip[i*4:], uint32(v))
	}
	if len(words) == 8 {
		return fmt.Sprintf("%d.%d.%d.%d:%d", ip[0], ip[1], ip[2], ip[3], n), true
	}
	return fmt.Sprintf("[%s]:%d", ipv6(ip), n), true
}

// ipv6 formats an address as RFC 5952 asks: the longest run of two or more zeros is "::".
func ipv6(ip [16]byte) string {
	const mapped = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"
	if string(ip[:12]) == mapped {
		return fmt.Sprintf("::ffff:%d.%d.%d.%d", ip[12], ip[13], ip[14], ip[15])
	}
	var groups [8]uint16
	for i := range groups {
		groups[i] = binary.BigEndian.Uint16(ip[2*i:])
	}
	from, length := 0, 1
	for i := range groups {
		n := 0
		for i+n < len(groups) && groups[i+n] == 0 {
			n++
		}
		if n > length {
			from, length = i, n
		}
	}
	var b strings.Builder
	for i := 0; i < len(groups); i++ {
		if length > 1 && i == from {
			b.WriteString("::")
			i += length - 1
			continue
		}
		if i > 0 && (length == 1 || i != from+length) {
			b.WriteByte(':')
		}
		b.WriteString(strconv.FormatUint(uint64(groups[i]), 16))
	}
	return b.String()
}

// addUnixListeners adds the listening sockets of /proc/[pid]/net/unix: "Num RefCount
// Protocol Flags Type St Inode Path". The path may contain spaces.
func addUnixListeners(found map[uint64]string, b []byte) {
	const acceptsConnections = 1 << 16 // __SO_ACCEPTCON
	for line := range bytes.Lines(b) {
		text, whole := strings.CutSuffix(string(line), "\n")
		var f [7]string
		rest := text
		for i := range f {
			f[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
		}
		flags, err := strconv.ParseUint(f[3], 16, 32)
		inode, wrong := strconv.ParseUint(f[6], 10, 64)
		if err != nil || wrong != nil || !whole || flags&acceptsConnections == 0 || inode == 0 {
			continue
		}
		if rest == "" {
			rest = "(no name)"
		}
		found[inode] = rest + " unix"
	}
}
