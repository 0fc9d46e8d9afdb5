package history

import (
	"encoding/binary"
	"time"

	"yinit/procfs"
)

var le = binary.LittleEndian

// checksum returns FNV-1a over the record's number in its area and the record's 48
// words, instead of bytes, folded to 32 bits. It distinguishes a complete record from a
// torn one, and from the one that had the same place before. It needs no table, which
// would have to be built at every start of a container.
func checksum(number uint64, b []byte) uint32 {
	const offset, prime = 0xcbf29ce484222325, 0x100000001b3
	h := (offset ^ number) * prime
	for b = b[:recordSize]; len(b) >= 8; b = b[8:] {
		h = (h ^ le.Uint64(b)) * prime
	}
	return uint32(h ^ h>>32)
}

// flagsOf returns the flags of a record.
func flagsOf(r *Record) (flags byte) {
	for _, f := range [...]struct {
		set bool
		bit byte
	}{
		{r.Known, flagKnown},
		{r.ReapedByInit, flagByInit},
		{r.ReapedByKernel, flagByKernel},
		{r.Accounted, flagAccounted},
		{r.Inspector, flagInspector},
		{r.Renamed, flagRenamed},
		{r.Warning, flagWarning},
		{r.Foreign, flagForeign},
	} {
		if f.set {
			flags |= f.bit
		}
	}
	return flags
}

// encode writes r, the record with this number in its area, into b, which must hold at
// least one record. It does not allocate.
func encode(b []byte, r *Record, run uint16, number uint64) {
	_ = b[recordSize-1]
	clear(b[:recordSize])
	le.PutUint64(b[offSeq:], r.Seq)
	le.PutUint64(b[offTime:], uint64(r.Time.UnixNano()))
	le.PutUint64(b[offStart:], uint64(r.Start))
	le.PutUint64(b[offRuntime:], uint64(max(r.Runtime, 0)))
	le.PutUint64(b[offCPU:], uint64(max(r.CPU, 0)))
	le.PutUint64(b[offMaxRSS:], uint64(r.MaxRSS))
	le.PutUint64(b[offZombie:], uint64(max(r.ZombieFor, 0)))
	le.PutUint32(b[offPID:], uint32(r.PID))
	le.PutUint32(b[offPPID:], uint32(r.PPID))
	le.PutUint32(b[offOrigin:], uint32(r.OriginPPID))
	le.PutUint32(b[offUID:], r.UID)
	le.PutUint16(b[offRecordRun:], run)
	b[offKind] = byte(r.Kind)
	b[offFlags] = flagsOf(r)
	b[offAction] = byte(r.Action)
	b[offPassed] = byte(r.Passed)
	copy(b[offComm:offComm+lenComm], r.Comm)
	copy(b[offParent:offParent+lenComm], r.Parent)
	switch r.Kind {
	case KindExit:
		le.PutUint32(b[offCode:], uint32(r.Group))
	case KindStart:
		b[offPassed] = byte(r.StopSignal)
	}
	status, words := uint32(r.Status), 0
	if r.Kind == KindSignal {
		status = uint32(r.Signal)
		le.PutUint32(b[offCode:], uint32(r.Code))
		if r.Count > 0 {
			le.PutUint16(b[offCount:], uint16(min(r.Count, MaxCount)))
			le.PutUint64(b[offRuntime:], uint64(max(r.Last.Sub(r.Time), 0)))
		}
		words = encodePIDs(b[offPayload:], r.To)
	} else {
		// Truncate a long command line rather than the reason, which is short and
		// says more.
		words = copy(b[offPayload:], cut(r.Cmdline, maxPayload-min(len(r.Text), maxPayload/2)))
	}
	le.PutUint32(b[offStatus:], status)
	le.PutUint16(b[offWords:], uint16(words))
	le.PutUint16(b[offText:], uint16(copy(b[offPayload+words:], cut(r.Text, maxPayload-words))))
	le.PutUint32(b[offSum:], checksum(number, b))
}

// cut returns at most the first most bytes of s, and no part of a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return procfs.WholeRunes(s[:most])
}

// encodePIDs writes as many of the pids as fit into b, and returns the number of
// bytes written.
func encodePIDs(b []byte, pids []int) int {
	n := 0
	for _, pid := range pids {
		if n+4 > len(b) {
			break
		}
		le.PutUint32(b[n:], uint32(pid))
		n += 4
	}
	return n
}

// decode decodes the record with this number in its area. It reports whether b holds a
// complete one: the bytes may be torn, overwritten or malicious.
func decode(b []byte, number uint64) (Record, bool) {
	if len(b) < recordSize {
		return Record{}, false
	}
	var copied [recordSize]byte
	copy(copied[:], b)
	b = copied[:]
	sum := le.Uint32(b[offSum:])
	le.PutUint32(b[offSum:], 0)
	words, text := int(le.Uint16(b[offWords:])), int(le.Uint16(b[offText:]))
	if sum != checksum(number, b) || words+text > maxPayload {
		return Record{}, false
	}
	r := Record{
		Seq:            le.Uint64(b[offSeq:]),
		Time:           time.Unix(0, int64(le.Uint64(b[offTime:]))).UTC(),
		Kind:           Kind(b[offKind]),
		Run:            int(le.Uint16(b[offRecordRun:])),
		PID:            int(int32(le.Uint32(b[offPID:]))),
		Start:          procfs.Ticks(le.Uint64(b[offStart:])),
		UID:            le.Uint32(b[offUID:]),
		Comm:           cString(b[offComm : offComm+lenComm]),
		PPID:           int(int32(le.Uint32(b[offPPID:]))),
		Parent:         cString(b[offParent : offParent+lenComm]),
		OriginPPID:     int(int32(le.Uint32(b[offOrigin:]))),
		Known:          b[offFlags]&flagKnown != 0,
		ReapedByInit:   b[offFlags]&flagByInit != 0,
		Renamed:        b[offFlags]&flagRenamed != 0,
		ReapedByKernel: b[offFlags]&flagByKernel != 0,
		Accounted:      b[offFlags]&flagAccounted != 0,
		Warning:        b[offFlags]&flagWarning != 0,
		Inspector:      b[offFlags]&flagInspector != 0,
		Foreign:        b[offFlags]&flagForeign != 0,
		Runtime:        time.Duration(le.Uint64(b[offRuntime:])),
		CPU:            time.Duration(le.Uint64(b[offCPU:])),
		MaxRSS:         procfs.Bytes(le.Uint64(b[offMaxRSS:])),
		ZombieFor:      time.Duration(le.Uint64(b[offZombie:])),
		Action:         Action(b[offAction]),
		Passed:         int(b[offPassed]),
		Text:           string(b[offPayload+words : offPayload+words+text]),
	}
	status, payload := le.Uint32(b[offStatus:]), b[offPayload:offPayload+words]
	if r.Kind != KindSignal {
		r.Status, r.Cmdline = procfs.WaitStatus(status), string(payload)
		switch r.Kind {
		case KindExit:
			r.Group = int(int32(le.Uint32(b[offCode:])))
		case KindStart:
			r.StopSignal, r.Passed = r.Passed, 0
		}
		return r, true
	}
	r.Signal, r.Code = int(status), int(int32(le.Uint32(b[offCode:])))
	if r.Count = int(le.Uint16(b[offCount:])); r.Count > 0 {
		r.Last, r.Runtime = r.Time.Add(r.Runtime), 0
	}
	for ; len(payload) >= 4; payload = payload[4:] {
		r.To = append(r.To, int(int32(le.Uint32(payload))))
	}
	return r, true
}

// cString returns b up to the first NUL.
func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
