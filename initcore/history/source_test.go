package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	w, err := CreateFile(path, Origin{Program: "yinit test", PID: 5}, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.Add(&Record{Kind: KindNote, Text: "a"})
	w.Missed(2)
	w.Unwatched(1)
	s, err := SourceFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantMissing := func(want ...string) {
		t.Helper()
		got, err := s.Missing()
		if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("Missing = %q, %v; want %q", got, err, want)
		}
	}
	counted := []string{"2 processes or threads started and ended unseen between two scans", "1 process was not watched: there were too many"}
	const idle = "only processes that the init reaps itself are recorded: it runs with --watch 0"
	if ended, _, err := s.Ended(); err != nil || ended {
		t.Errorf("while it is written: Ended = %v, %v", ended, err)
	}
	wantMissing(append(counted, idle)...)
	if since, err := s.Since(); err != nil || !strings.HasPrefix(since, "recorded by yinit test (pid 5) since 1970-01-01 ") {
		t.Errorf("Since = %q, %v", since, err)
	}
	w.Close()
	if ended, at, err := s.Ended(); err != nil || !ended || !at.IsZero() {
		t.Errorf("killed: Ended = %v, %v, %v", ended, at, err)
	}
	wantMissing(append(counted, "the init ended without a final record: it was killed, or the machine went down", idle)...)

	w, err = CreateFile(path, Origin{Watch: time.Second}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range slotsOf[areaOthers] + 4 {
		w.Add(&Record{Kind: KindNote, Text: "b"})
	}
	w.End(time.Unix(9, 0))
	w.Close()
	flip(t, path, headerSize+(3000+5)*recordSize+offPayload)
	if ended, at, err := s.Ended(); err != nil || !ended || at.Unix() != 9 {
		t.Errorf("Ended = %v, %v, %v; want the time", ended, at, err)
	}
	if b, err := s.Read(0); err != nil || len(b.Records) != int(slotsOf[areaOthers])-1 {
		t.Errorf("Read: %d records, %v", len(b.Records), err)
	}
	wantMissing(append([]string{"5 older records were overwritten", "1 record is damaged"}, counted...)...)
	if since, _ := s.Since(); !strings.HasSuffix(since, "; 1 record is damaged") {
		t.Errorf("Since = %q, want that a record is damaged", since)
	}
	if _, err := SourceFile(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SourceFile of nothing: %v", err)
	}
}

func TestOwnSource(t *testing.T) {
	w, err := CreateOwn(Origin{}, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	r, err := w.Reader()
	if err != nil {
		t.Fatal(err)
	}
	s := OwnSource(r, errors.New("no history is kept: PID 1 is sh, not yinit"))
	defer s.Close()
	if since, err := s.Since(); err != nil || !strings.HasPrefix(since, "watching since 1970") || !strings.HasSuffix(since, ": no history is kept: PID 1 is sh, not yinit") {
		t.Errorf("Since = %q, %v", since, err)
	}
	if !s.Own || !s.Alive() {
		t.Error("it is our own, and alive")
	}
}

// TestFollow: Follow prints all records, and reports why no more will follow.
func TestFollow(t *testing.T) {
	write := func(w *Writer, kinds ...Kind) {
		for _, kind := range kinds {
			w.Add(&Record{Kind: kind})
		}
	}
	for name, tt := range map[string]struct {
		first []Kind
		do    func(w *Writer, stop chan<- os.Signal) // when the first are printed
		own   bool
		want  int
		why   string
	}{
		"it ends":           {[]Kind{KindExit}, func(w *Writer, _ chan<- os.Signal) { write(w, KindStop, KindExit); w.End(time.Unix(9, 0)) }, false, 3, "the init ended at " + time.Unix(9, 0).Format("15:04:05.000")},
		"it is killed":      {[]Kind{KindExit}, func(w *Writer, _ chan<- os.Signal) { write(w, KindExit); w.Close() }, false, 2, ""},
		"SIGTERM":           {nil, func(w *Writer, stop chan<- os.Signal) { write(w, KindExit); stop <- os.Interrupt }, false, 1, "received SIGTERM; the init keeps running"},
		"SIGTERM, shutdown": {[]Kind{KindStop}, func(w *Writer, stop chan<- os.Signal) { write(w, KindExit); stop <- os.Interrupt }, false, 2, "the init is shutting down, and this process with it"},
		"SIGTERM, our own":  {nil, func(_ *Writer, stop chan<- os.Signal) { stop <- os.Interrupt }, true, 0, "received SIGTERM; no longer watching"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ring")
			w, err := CreateFile(path, Origin{}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			write(w, tt.first...)
			s, err := SourceFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Own = tt.own
			stop := make(chan os.Signal, 1)
			got, calls := 0, 0
			why, err := s.Follow(stop, func(records []Record) error {
				got += len(records)
				if calls++; calls == 1 {
					tt.do(w, stop)
				}
				return nil
			})
			if err != nil || why != tt.why || got != tt.want {
				t.Errorf("Follow = %q, %v after %d records, want %q after %d", why, err, got, tt.why, tt.want)
			}
			broken := errors.New("broken pipe")
			if _, err := s.Follow(stop, func([]Record) error { return broken }); !errors.Is(err, broken) {
				t.Errorf("Follow = %v, want the printer's error", err)
			}
			if tt.why != "" { // otherwise it is closed
				w.Close()
			}
		})
	}
}
