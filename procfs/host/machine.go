package host

import (
	"github.com/shirou/gopsutil/v3/mem"

	"yinit/procfs"
)

// Machine is what concerns the whole machine.
type Machine struct {
	Mem, MemMax procfs.Bytes // in use, and installed; 0: unknown
}

// ReadMachine reads the machine's meters.
func ReadMachine() Machine {
	v, err := mem.VirtualMemory()
	if err != nil {
		return Machine{}
	}
	return Machine{Mem: procfs.Bytes(v.Used), MemMax: procfs.Bytes(v.Total)}
}
