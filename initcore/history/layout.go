package history

// The layout of the ring, see format.md. All numbers are little-endian.
const (
	magic   = "YINITHST"
	version = 4

	headerSize = 4096
	recordSize = 384
	// Capacity is the number of records that a new ring of 1.5 MiB holds.
	Capacity = (1536<<10 - headerSize) / recordSize
	// ringSize is the size of a new ring in bytes.
	ringSize = headerSize + Capacity*recordSize
)

// Offsets in the header.
const (
	offMagic      = 0  // 8 bytes
	offVersion    = 8  // uint32
	offHeaderSize = 12 // uint32
	offRecordSize = 16 // uint32
	offCapacity   = 20 // uint32
	offWritten    = 32 // uint64: the last record that is complete, 0: none
	offStarted    = 40 // int64: when this run began, nanoseconds since the Epoch
	offEnded      = 48 // int64: when it ended, 0: not yet
	offInitStart  = 56 // uint64: start time of the init, in ticks since boot
	offInitPID    = 64 // uint32
	offRun        = 68 // uint32: 1 for the first run
	offMissed     = 72 // uint64: processes and threads that started and ended unseen
	offUnwatched  = 80 // uint64: processes seen but not watched, because there were too many
	offWatchMS    = 88 // uint32: interval between scans for new processes, 0: never
	offProgram    = 96 // 32 bytes: name and version of the writer
	lenProgram    = 32
	offRelay      = 128 // 64 bytes: the signals forwarded for signals 1 to 64, 0: none
	lenRelay      = 64
	offAreas      = 1024 // lenArea bytes for each area
	offSources    = 256  // uint32: bits of Sources
	offBlocked    = 448  // uint64: signals that were blocked when the init was started, bit n-1 for signal n
	offIgnored    = 456  // uint64: signals that were ignored then
)

// Offsets in the entry of an area in the header.
const (
	offWriting     = 0  // uint64: the record that is being written, or was last written
	offAreaWritten = 8  // uint64: the last record that is complete, 0: none
	offSlots       = 16 // uint32: capacity of the area
	lenArea        = 24
)

// entryOf returns the offset of the entry of an area in the header.
func entryOf(area int) int { return offAreas + area*lenArea }

// slotAt returns the offset of a slot of an area.
func slotAt(area int, slot uint64) int {
	for _, slots := range slotsOf[:area] {
		slot += uint64(slots)
	}
	return headerSize + int(slot)*recordSize
}

// The ring is divided into areas, each of which is overwritten by its own records only.
// So no number of signals and starts can overwrite an exit, and no number of processes
// that succeed can overwrite a failure.
const (
	areaFailures = iota // failed exits, warnings, and the other records of what went wrong
	areaExits           // the other exits
	areaOthers          // all other records
	areas
)

// slotsOf is the capacity of each area. The areas follow each other in this order.
var slotsOf = [areas]uint32{1000, 2000, Capacity - 3000}

// area returns the area in which the record is kept.
func (r *Record) area() int {
	switch {
	case r.Failed(), r.Warning, r.Kind == KindOOM, r.Kind == KindZombie, r.Kind == KindStop:
		return areaFailures
	case r.Kind == KindExit:
		return areaExits
	default:
		return areaOthers
	}
}

// Offsets in a record.
const (
	offSeq       = 0   // uint64
	offTime      = 8   // int64: nanoseconds since the Epoch
	offStart     = 16  // uint64: ticks since boot
	offRuntime   = 24  // uint64: nanoseconds; of a signal: from the first to the last that were counted
	offCPU       = 32  // uint64: nanoseconds
	offMaxRSS    = 40  // uint64: bytes
	offZombie    = 48  // uint64: nanoseconds
	offPID       = 56  // int32
	offPPID      = 60  // int32
	offOrigin    = 64  // int32
	offUID       = 68  // uint32
	offStatus    = 72  // uint32: wait status, or the number of the signal
	offKind      = 76  // uint8
	offFlags     = 77  // uint8
	offRecordRun = 78  // uint16: number of the run
	offAction    = 80  // uint8
	offPassed    = 81  // uint8
	offCount     = 82  // uint16
	offWords     = 84  // uint16: length of the command line, or four times the number of pids in To
	offText      = 86  // uint16: length of the text
	offSum       = 88  // uint32: checksum of the record's number in its area, and of the record with this field 0
	offCode      = 92  // int32: si_code of the signal, or process group of the process
	offComm      = 96  // 16 bytes
	offParent    = 112 // 16 bytes
	offPayload   = 128 // command line or pids, then the text
	lenComm      = 16
	maxPayload   = recordSize - offPayload
)

// Bits of the flags.
const (
	flagKnown    = 1 << iota // the wait status is known
	flagByInit               // the init reaped the process
	flagByKernel             // the kernel reaped the process

	flagAccounted = 8   // the record is from process accounting only
	flagInspector = 16  // the process ran one of yinit's commands
	flagRenamed   = 32  // the command line belongs to an earlier name than the comm
	flagWarning   = 64  // the init has warned of the event
	flagForeign   = 128 // the process belongs to another container
)

// MaxText is the number of bytes that the command line and the text of a record
// share.
const MaxText = maxPayload
