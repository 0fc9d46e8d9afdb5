package history_test

import (
	"strings"
	"testing"
	"time"

	"yinit/initcore/history"
)

func TestInspects(t *testing.T) {
	for cmdline, want := range map[string]bool{
		"/yinit top":             true,
		"yinit history --follow": true,
		"yinit zombies --max 3":  true,
		"docker-init --version":  true,
		"/yinit -- top":          false,
		"/yinit sleep 100":       false,
		"/yinit -g -- nginx":     false,
		"yinit":                  false,
		"yinit --pause":          false,
		"yinit topless":          false,
		"":                       false,
	} {
		if got := history.Inspects(cmdline); got != want {
			t.Errorf("Inspects(%q) = %t, want %t", cmdline, got, want)
		}
	}
}

// The last deaths are those of this container, without yinit's own commands.
func TestLastExitsAreOwn(t *testing.T) {
	w, err := history.CreateOwn(history.Origin{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r, err := w.Reader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, rec := range []history.Record{
		{Kind: history.KindExit, PID: 7, Inspector: true},
		{Kind: history.KindExit, PID: 8},
		{Kind: history.KindExit, PID: 9, Foreign: true},
	} {
		w.Add(&rec)
	}
	if last := w.LastExits(10); len(last) != 1 || last[0].PID != 8 {
		t.Errorf("LastExits = %v, want the exit of 8", last)
	}
	b, err := r.Read(0)
	if err != nil || len(b.Records) != 3 {
		t.Fatalf("Read: %d records, %v, want 3", len(b.Records), err)
	}
	for _, rec := range b.Records {
		parts := rec.Parts()
		if want := rec.PID == 9; rec.Foreign != want || (parts[len(parts)-1].Text == "of another container") != want || strings.Contains(rec.JSON(), `"foreign":true`) != want {
			t.Errorf("record of %d: Foreign %t, %v, %s", rec.PID, rec.Foreign, parts, rec.JSON())
		}
		if want := rec.PID == 7; rec.Inspector != want || history.NotInspector(&rec) == want {
			t.Errorf("record of %d: Inspector %t, want %t", rec.PID, rec.Inspector, want)
		}
	}
}
