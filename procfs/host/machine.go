package host

import (
	"github.com/shirou/gopsutil/v3/mem"

	"yinit/procfs"
)

// Machine has the values of the whole machine.
type Machine struct {
	Mem, MemMax procfs.Bytes // memory in use and in total; 0: unknown
}

// ReadMachine reads the memory of the machine.
func ReadMachine() Machine {
	v, err := mem.VirtualMemory()
	if err != nil {
		return Machine{}
	}
	return Machine{Mem: procfs.Bytes(v.Used), MemMax: procfs.Bytes(v.Total)}
}
