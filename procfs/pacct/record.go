// Package pacct uses process accounting, see acct(2) and acct(5): the kernel appends a
// record to a file for each process of a PID namespace that ends, however short it was.
// The package owns the file and the format of its records.
package pacct

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"yinit/procfs"
)

// Size is the size of a record in bytes.
const Size = 64

// ErrFormat means that the kernel writes records of another version than 3. Those do
// not have the pid: the kernel was built without CONFIG_BSD_PROCESS_ACCT_V3.
var ErrFormat = errors.New("the kernel's accounting records are not of version 3")

// A Record says that a process has ended. It is struct acct_v3 of acct(5).
type Record struct {
	PID  int    // its pid in the PID namespace of the file
	PPID int    // its parent when it ended; 0: outside the namespace
	UID  uint32 // its real user ID
	Comm string // its command name, up to 15 bytes
	// Status is the wait status of the main thread, see wait(2). It is that of the
	// process unless the main thread had ended before the other threads.
	Status procfs.WaitStatus
	// Known is false if Status may not be that of the process: it says that the main
	// thread exited, but a signal ended another thread. That is so too for some processes
	// of several threads that call exit_group(2), which ends the other threads by a signal.
	Known   bool
	End     time.Time     // the second in which it ended
	Elapsed time.Duration // time since its start, in 10 ms
	CPU     time.Duration // user and system time, in 10 ms
	// MinorFaults is how many page faults it had that needed no I/O: exact up to 8,191, and
	// rounded down beyond.
	MinorFaults uint64
}

// Offsets in struct acct_v3.
const (
	offFlag     = 0  // char
	offVersion  = 1  // char
	offExitCode = 4  // u32
	offUID      = 8  // u32
	offPID      = 16 // u32
	offPPID     = 20 // u32
	offBegin    = 24 // u32: seconds since the Epoch
	offElapsed  = 28 // float: ticks
	offUser     = 32 // comp_t: ticks
	offSystem   = 34 // comp_t: ticks
	offFaults   = 42 // comp_t
	offComm     = 48 // 16 bytes
)

const (
	version3  = 3
	bigEndian = 0x80 // ACCT_BYTEORDER of a big-endian machine
	byCore    = 0x08 // ACORE: a thread has dumped core
	bySignal  = 0x10 // AXSIG: a signal has ended a thread
)

// Parse parses one record. The error is [ErrFormat].
func Parse(b []byte) (Record, error) { return parse(b, "") }

// parse is Parse. It allocates nothing if the command name is last.
func parse(b []byte, last string) (Record, error) {
	if len(b) < Size || b[offVersion]&^bigEndian != version3 {
		return Record{}, ErrFormat
	}
	var e binary.ByteOrder = binary.LittleEndian
	if b[offVersion]&bigEndian != 0 {
		e = binary.BigEndian
	}
	comm, _, _ := bytes.Cut(b[offComm:Size], []byte{0})
	if string(comm) != last {
		last = string(comm)
	}
	r := Record{
		PID: int(int32(e.Uint32(b[offPID:]))), PPID: int(int32(e.Uint32(b[offPPID:]))), UID: e.Uint32(b[offUID:]),
		Comm: last, Status: procfs.WaitStatus(e.Uint32(b[offExitCode:])),
		Elapsed:     ticks(float64(math.Float32frombits(e.Uint32(b[offElapsed:])))),
		CPU:         procfs.Ticks(compressed(e.Uint16(b[offUser:])) + compressed(e.Uint16(b[offSystem:]))).Duration(),
		MinorFaults: compressed(e.Uint16(b[offFaults:])),
	}
	r.Known = r.Status.Signaled() || b[offFlag]&(byCore|bySignal) == 0
	// The kernel has computed the start by subtracting whole seconds from the end.
	r.End = time.Unix(int64(e.Uint32(b[offBegin:])), 0).Add(r.Elapsed.Truncate(time.Second))
	return r, nil
}

// maxTicks is the largest number of ticks that the kernel writes.
const maxTicks = float64(math.MaxInt64 / int64(time.Second/procfs.TicksPerSecond))

// ticks converts clock ticks to a duration. It returns 0 for what is no number of ticks.
func ticks(n float64) time.Duration {
	if !(n > 0 && n < maxTicks) {
		return 0
	}
	return procfs.Ticks(n).Duration()
}

// compressed decodes a comp_t, see acct(5): an exponent of 3 bits with base 8, and a
// fraction of 13 bits.
func compressed(n uint16) uint64 { return uint64(n&0x1fff) << (3 * (n >> 13)) }
