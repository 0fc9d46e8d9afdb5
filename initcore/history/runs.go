package history

import (
	"time"
)

// Offsets in the header of what the next run needs to tell how this one ended, and of
// the table of earlier runs.
const (
	offBootID    = 192 // 16 bytes: /proc/sys/kernel/random/boot_id, zero: unknown
	offOOMKills  = 208 // uint64: OOM kills of the control group at the last look
	offGroup     = 216 // uint64: inode of its directory, 0: unknown; the counter is unknown, too
	offStopAt    = 224 // int64: when the shutdown began, or was asked for; 0: not yet
	offStopBy    = 232 // uint8: signal that asked for it; 0: none
	offRunStatus = 234 // uint16: exit status of the run plus 1; 0: it has not ended

	offRuns  = 2048 // earlier runs, oldest first; unused entries are zero
	lenRuns  = 8    // entries
	sizeRun  = 32   // bytes of an entry
	runBegan = 0    // int64: when it began
	runEnded = 8    // int64: when it ended, or the time of its last record
	runState = 16   // uint16: as offRunStatus; 0: it has no final record
	runAsked = 18   // uint8: 1 if a signal had asked for its end
)

// A Run is an earlier run of the init that wrote the ring, in the same file.
type Run struct {
	Began time.Time
	// Ended is when it ended. If it was Hard, it is the time of its last record.
	Ended time.Time
	// Hard is true if there is no final record: the init was killed, or the machine went
	// down.
	Hard bool
	// Status is its exit status, if it was not Hard.
	Status int
	// Asked is true if a signal had asked for its end.
	Asked bool
}

// A LastRun is the run before this one.
type LastRun struct {
	Run
	Number int       // 1 for the first
	StopAt time.Time // when its shutdown began or was asked for; zero: never
	StopBy int       // the signal that asked for it; 0: none
	Place  Place     // where it ran
	Last   Record    // its last record; Seq 0 if that cannot be read
}

// A Place identifies the machine and the control group of a run.
type Place struct {
	BootID   [16]byte // of the machine; zero: unknown
	Group    uint64   // inode of the directory of the control group; 0: unknown
	OOMKills uint64   // its OOM kills at the last look, if Group is not 0
}

// LastRun returns the run that wrote to the file before this one.
func (w *Writer) LastRun() (LastRun, bool) {
	if w == nil || w.last == nil {
		return LastRun{}, false
	}
	return *w.last, true
}

// Runs returns the last runs before this one, at most 8, oldest first.
func (w *Writer) Runs() []Run {
	if w == nil {
		return nil
	}
	return w.runs
}

// Began returns when this run began; zero without a ring.
func (w *Writer) Began() time.Time {
	if w == nil || w.broken {
		return time.Time{}
	}
	return w.began
}

// SetPlace notes where this run takes place, and the OOM kills so far.
func (w *Writer) SetPlace(p Place) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		copy(w.mem[offBootID:offBootID+16], p.BootID[:])
		w.store(offOOMKills, p.OOMKills)
		w.store(offGroup, p.Group)
		w.file.changed()
	}
}

// SetOOMKills notes the OOM kills so far.
func (w *Writer) SetOOMKills(kills uint64) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		w.store(offOOMKills, kills)
		w.file.changed()
	}
}

// Stopping notes that the shutdown begins at now. sig is the signal that asked for it, 0
// if there is none.
func (w *Writer) Stopping(now time.Time, sig int) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		w.mem[offStopBy] = byte(sig)
		w.store(offStopAt, uint64(now.UnixNano()))
		w.file.changed()
	}
}

// SetStatus notes the exit status of this run, 0 to 255, before [Writer.End].
func (w *Writer) SetStatus(status int) {
	if w != nil && !w.broken {
		defer w.recoverFault()
		le.PutUint16(w.mem[offRunStatus:], uint16(status&0xff)+1)
		w.file.changed()
	}
}

// takeOver reads what the run before this one left in the header, and clears it for this
// run. h is its header.
func (w *Writer) takeOver(r *Reader, h Header) {
	var b [offRuns + lenRuns*sizeRun]byte
	if _, err := r.src.ReadAt(b[:], 0); err != nil {
		return
	}
	state := le.Uint16(b[offRunStatus:])
	last := LastRun{
		Number: h.Run, StopBy: int(b[offStopBy]), StopAt: timeAt(b[offStopAt:]),
		Run:   Run{Began: h.Started, Ended: h.Ended, Hard: h.Ended.IsZero(), Status: max(int(state)-1, 0)},
		Place: Place{BootID: [16]byte(b[offBootID:]), OOMKills: le.Uint64(b[offOOMKills:]), Group: le.Uint64(b[offGroup:])},
	}
	last.Asked = last.StopBy != 0
	if last.Hard { // only then, since Read looks at all records
		last.Last = r.lastOf(h)
		last.Ended = last.Began
		if last.Last.Time.After(last.Began) {
			last.Ended = last.Last.Time
		}
	}
	w.last = &last
	for i := range lenRuns {
		e := b[offRuns+i*sizeRun:]
		if began := timeAt(e[runBegan:]); !began.IsZero() {
			state := le.Uint16(e[runState:])
			w.runs = append(w.runs, Run{
				Began: began, Ended: timeAt(e[runEnded:]), Hard: state == 0, Status: max(int(state)-1, 0), Asked: e[runAsked] == 1,
			})
		}
	}
	w.runs = append(w.runs, last.Run)
	w.runs = w.runs[max(len(w.runs)-lenRuns, 0):]
}

// lastOf returns the last record of the run in the header that is no note, or else the last
// one; Seq is 0 if there is none. Notes hardly ever tell why a run ended.
func (r *Reader) lastOf(h Header) (last Record) {
	batch, err := r.Read(max(h.Written, notesBefore) - notesBefore)
	if err != nil {
		return Record{}
	}
	for _, record := range batch.Records {
		if record.Run == h.Run && (record.Kind != KindNote || last.Seq == 0 || last.Kind == KindNote) {
			last = record
		}
	}
	return last
}

// notesBefore is how many records lastOf reads.
const notesBefore = 8

// writeRuns writes the table of earlier runs, and clears the state of this one.
func (w *Writer) writeRuns() {
	clear(w.mem[offBootID:256])
	table := w.mem[offRuns : offRuns+lenRuns*sizeRun]
	clear(table)
	for i, r := range w.runs {
		e := table[i*sizeRun:]
		le.PutUint64(e[runBegan:], uint64(r.Began.UnixNano()))
		le.PutUint64(e[runEnded:], uint64(r.Ended.UnixNano()))
		if !r.Hard {
			le.PutUint16(e[runState:], uint16(r.Status&0xff)+1)
		}
		if r.Asked {
			e[runAsked] = 1
		}
	}
}

// timeAt decodes a time in nanoseconds since the Epoch; 0 is the zero time.
func timeAt(b []byte) time.Time {
	if n := int64(le.Uint64(b)); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}
