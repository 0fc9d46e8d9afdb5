package host

import (
	"syscall"

	"github.com/shirou/gopsutil/v3/mem"

	"yinit/procfs"
)

// Machine has the values of the whole machine.
type Machine struct {
	Mem, MemMax procfs.Bytes // memory in use and in total; 0: unknown
}

// ReadMachine reads the memory of the machine. It does not read /proc/meminfo if another
// file system is mounted over that: lxcfs shows the memory of the container there.
func ReadMachine() Machine {
	if !(procfs.FS{}).Uncovered("meminfo") {
		return ofSysinfo()
	}
	v, err := mem.VirtualMemory()
	if err != nil {
		return Machine{}
	}
	return Machine{Mem: procfs.Bytes(v.Used), MemMax: procfs.Bytes(v.Total)}
}

// ofSysinfo returns the memory that sysinfo(2) reports, which does not count what could
// be freed of the page cache.
func ofSysinfo() Machine {
	var s syscall.Sysinfo_t
	if syscall.Sysinfo(&s) != nil {
		return Machine{}
	}
	unit := procfs.Bytes(max(s.Unit, 1))
	return Machine{Mem: procfs.Bytes(s.Totalram-s.Freeram-s.Bufferram) * unit, MemMax: procfs.Bytes(s.Totalram) * unit}
}
