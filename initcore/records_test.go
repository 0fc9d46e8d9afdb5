package initcore

import (
	"testing"

	"yinit/initcore/history"
)

// lastRecords returns the last n records of a kind, oldest first.
func lastRecords(t *testing.T, w *history.Writer, n int, kind history.Kind) []history.Record {
	t.Helper()
	r, err := w.Reader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.Read(0)
	if err != nil {
		t.Fatal(err)
	}
	var found []history.Record
	for _, rec := range b.Records {
		if rec.Kind == kind {
			found = append(found, rec)
		}
	}
	return found[max(0, len(found)-n):]
}
