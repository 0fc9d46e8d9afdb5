package history

import "slices"

// foldRepeats adds each record that counts repeats of a signal to the record of the first
// of these signals, if that is among the records. The writer cannot: a record does not
// change after it was written.
func foldRepeats(records []Record) []Record {
	kept := records[:0]
	for i := range records {
		r := &records[i]
		if first := repeated(kept, r); first != nil {
			first.Count = max(first.Count, 1) + r.Count
			first.Last = r.Last
			continue
		}
		kept = append(kept, *r)
	}
	clear(records[len(kept):])
	return kept
}

// repeated returns the last of the records that describes the signal of which r counts
// repeats, nil if there is none.
func repeated(records []Record, r *Record) *Record {
	if r.Count == 0 {
		return nil
	}
	for i := len(records) - 1; i >= 0; i-- {
		if first := &records[i]; first.Run == r.Run && SameSignal(first, r) {
			return first
		}
	}
	return nil
}

// SameSignal reports whether both records describe the same signal, from the same origin
// and with the same consequence.
func SameSignal(a, b *Record) bool {
	return a.Kind == KindSignal && b.Kind == KindSignal &&
		a.Signal == b.Signal && a.Code == b.Code && a.PID == b.PID && a.UID == b.UID &&
		a.Action == b.Action && a.Passed == b.Passed && slices.Equal(a.To, b.To)
}
